import { describe, expect, it } from '@jest/globals';
import { createSeals } from '../../../shared/delivery/seal.js';
import {
  createAcceptPasswordReset,
  type PasswordResetOrder,
} from '../../../shared/password-reset/accept-password-reset.js';
import { createAttempt } from '../../../shared/password-reset/attempt-password-reset.js';
import { createCheckUser } from '../../../shared/password-reset/check-user.js';
import { customerNotFound } from '../../../shared/password-reset/customer-not-found.js';
import type { CustomerDomain, UserPrincipalName } from '../../../shared/password-reset/ids.js';
import { findPasswordFault } from '../../../shared/password-reset/password.js';
import type { Authorize } from '../../../shared/password-reset/ports.js';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import { defaultLimits, type ResetRow } from '../../../shared/password-reset/reset-row.js';
import { Secret } from '../../../shared/platform/secret.js';
import { acceptedAtMs, aResetRow, customerTenantId, userId } from '../../builders/a-reset-row.js';
import { aUser } from '../../builders/a-user.js';
import { FakeClock } from '../../fakes/fake-clock.js';
import { FakeCustomerUsers, type FakeUser } from '../../fakes/fake-customer-users.js';
import { FakeCustomers } from '../../fakes/fake-customers.js';
import { FakeResetStore } from '../../fakes/fake-reset-store.js';
import { FakeSealingKeys } from '../../fakes/fake-sealing-keys.js';
import { FakeWakeUps } from '../../fakes/fake-wake-ups.js';

const { signal } = new AbortController();
const resetId = 'reset-7';

describe('createAcceptPasswordReset()', () => {
  describe('a request that nothing speaks against', () => {
    it('is applied at once, and the password in the answer is the one that works', async () => {
      const { accept, users } = door();

      const { row, password } = await accept(anOrder());

      expect(row).toMatchObject({ resetId, state: 'applied', userId, attempts: 1 });
      expect(users.passwordOf({ customerTenantId, userId })).toBe(password.reveal());
    });

    it('is recorded with what was asked for', async () => {
      const { accept, resets } = door();

      const { row } = await accept(
        anOrder({
          caller: 'flow',
          delivery: 'none',
          forceChangePassword: false,
          reference: 'INC-7',
        }),
      );

      expect(row).toEqual(resets.row(resetId));
      expect(row).toMatchObject({
        caller: 'flow',
        customerTenantId,
        delivery: 'none',
        forceChangePassword: false,
        reference: 'INC-7',
        acceptedAtMs,
      });
    });

    it('has no reference when none was given', async () => {
      const { accept } = door();

      expect((await accept(anOrder())).row).not.toHaveProperty('reference');
    });

    it('gets a password of the configured style, another one each time', async () => {
      const first = await door().accept(anOrder());
      const second = await door().accept(anOrder());

      expect(first.password.reveal()).toHaveLength(20);
      expect(findPasswordFault(first.password)).toBeUndefined();
      expect(first.password.reveal()).not.toBe(second.password.reveal());
    });

    it.each([true, false])(
      'makes the user change it at the next sign-in: %s',
      async (forceChangePassword) => {
        const { accept, users } = door();

        await accept(anOrder({ forceChangePassword }));

        expect(users.sent).toMatchObject([{ passwordProfile: { forceChangePassword } }]);
      },
    );

    it('is sealed whole, for this reset alone', async () => {
      const { accept, resets, seals } = door();

      const { password } = await accept(anOrder({ reference: 'INC-7' }));

      const { seal = '' } = resets.row(resetId) as { seal?: string };
      expect(await seals.open(resetId, seal, signal)).toEqual({
        caller: 'helpdesk',
        permission: 'reset',
        delivery: 'response',
        customerTenantId,
        user: { kind: 'id', userId },
        passwordProfile: { password, forceChangePassword: true },
        isChosen: false,
      });
      await expect(seals.open('reset-8', seal, signal)).rejects.toThrow('another password reset');
    });
  });

  describe('the order of things', () => {
    it('sends nothing before there is a claimed row and a wake-up', async () => {
      const { accept, users, resets, wakeUps } = door();
      const before: unknown[] = [];
      users.onReset = () => void before.push(resets.row(resetId).state, wakeUps.sent.length);

      await accept(anOrder());

      expect(before).toEqual(['claimed', 1]);
    });

    it('creates the row claimed: accepting and claiming are one write', async () => {
      const { accept, users, resets } = door();
      let created: unknown;
      users.onReset = () => void (created = resets.row(resetId));

      await accept(anOrder());

      expect(created).toMatchObject({
        state: 'claimed',
        attempts: 1,
        attemptId: 'attempt-1',
        leaseExpiresAtMs: acceptedAtMs + defaultLimits.leaseMs,
      });
    });

    it('sends along a wake-up for the time at which a silent claim may be taken over', async () => {
      const { accept, wakeUps } = door();

      await accept(anOrder());

      expect(wakeUps.sent).toEqual([
        { resetId, delayMs: defaultLimits.leaseMs + defaultLimits.settleMs },
      ]);
    });

    it('goes on when only the wake-up cannot be sent: the row is there', async () => {
      const { accept, wakeUps, unfinished } = door();
      wakeUps.failure = new ResetError('StorageUnavailable', 'Cannot send a message');

      const { row } = await accept(anOrder());

      expect(row.state).toBe('applied');
      expect(unfinished).toEqual([wakeUps.failure]);
    });

    it('lets a failed check be forgotten when the row cannot be created', async () => {
      const { accept, users, resets } = door();
      users.failures.get = new ResetError('Throttled', 'Cannot read');
      resets.failures.create = new ResetError('StorageUnavailable', 'Cannot create a row');

      await expect(accept(anOrder())).rejects.toMatchObject({ code: 'OutcomeUnknown' });
    });
  });

  describe('a row whose creation failed', () => {
    const failure = new ResetError('StorageUnavailable', 'Cannot create a row');

    it('is withdrawn when it is there all the same, and nothing is sent', async () => {
      const { accept, users, resets } = door();
      resets.lostAnswers = { create: failure };

      await expect(accept(anOrder())).rejects.toBe(failure);
      expect(resets.row(resetId)).toMatchObject({ state: 'cancelled', attempts: 0 });
      expect(resets.row(resetId)).not.toHaveProperty('seal');
      expect(users.sent).toEqual([]);
    });

    it('finds its place taken when it arrives late', async () => {
      const { accept, users, resets } = door();
      const create = resets.create.bind(resets);
      let late: ResetRow | undefined;
      resets.create = (row) => {
        resets.create = create;
        late = row;
        return Promise.reject(failure);
      };

      await expect(accept(anOrder())).rejects.toBe(failure);
      await expect(create(late ?? aResetRow())).rejects.toThrow('exists already');
      expect(resets.row(resetId).state).toBe('cancelled');
      expect(users.sent).toEqual([]);
    });

    it('leaves the outcome unknown when storage does not even let it be withdrawn', async () => {
      const { accept, users, resets } = door();
      resets.failures.create = failure;

      await expect(accept(anOrder())).rejects.toMatchObject({ code: 'OutcomeUnknown' });
      expect(users.sent).toEqual([]);
    });
  });

  describe('a failure once there is a row', () => {
    it('is no error when the outcome cannot be recorded: the password may be changed', async () => {
      const { accept, users, resets, unfinished } = door();
      resets.failures.replace = new ResetError('StorageUnavailable', 'Cannot change a row');

      const { row } = await accept(anOrder());

      expect(users.sent).toHaveLength(1);
      expect(row).toMatchObject({ resetId, state: 'claimed' });
      expect(unfinished).toEqual([resets.failures.replace]);
    });

    it('answers when the time is over, and lets what is under way come to its end', async () => {
      const { accept, users, resets } = door();
      const budget = new AbortController();
      let end: () => void = () => undefined;
      const sending = new Promise<void>((resolve) => (end = resolve));
      const sent = new Promise<void>((resolve) => {
        users.onReset = () => {
          resolve();
          return sending;
        };
      });

      const accepting = accept(anOrder(), budget.signal);
      await sent;
      budget.abort(new DOMException('over', 'TimeoutError'));
      const { row } = await accepting;
      end();
      await new Promise(setImmediate);

      expect(row.state).toBe('claimed');
      expect(resets.row(resetId).state).toBe('applied');
    });
  });

  describe('a request that is refused before there is a row', () => {
    it.each([
      [
        'a customer with no such domain',
        { customer: { kind: 'domain', domain: 'fabrikam.com' as CustomerDomain } },
        { code: 'CustomerNotFound', target: 'customer' },
      ],
      [
        'a chosen password that Entra would refuse',
        { password: new Secret('short') },
        {
          code: 'PasswordNotAllowed',
          target: 'password',
          message: 'Cannot reset password: the password must have 8 to 256 characters',
        },
      ],
      [
        'a chosen password with the sign-in name in it',
        {
          password: new Secret('Xadele-123'),
          user: {
            kind: 'signInName',
            userPrincipalName: 'adele@contoso.com' as UserPrincipalName,
          },
        },
        { code: 'PasswordNotAllowed', target: 'password' },
      ],
    ] satisfies [string, Partial<PasswordResetOrder>, object][])(
      '%s',
      async (_what, values, error) => {
        const { accept, resets, wakeUps, users } = door();

        await expect(accept(anOrder(values))).rejects.toMatchObject(error);
        expect([resets.rows, wakeUps.sent, users.sent]).toEqual([[], [], []]);
      },
    );

    it('a caller who may not', async () => {
      const refusal = new ResetError('PermissionDenied', 'The caller lacks the permission');
      const { accept, resets, wakeUps, users } = door({ refusal });

      await expect(accept(anOrder())).rejects.toBe(refusal);
      expect([resets.rows, wakeUps.sent, users.sent]).toEqual([[], [], []]);
    });

    it('a request that cannot be sealed', async () => {
      const { accept, resets, wakeUps, users, keys } = door();
      const failure = new ResetError('KeyVaultUnavailable', 'Cannot read secret sealing-key');
      keys.newest = () => Promise.reject(failure);

      await expect(accept(anOrder())).rejects.toBe(failure);
      expect([resets.rows, wakeUps.sent, users.sent]).toEqual([[], [], []]);
    });

    it('a domain that cannot be looked up', async () => {
      const { accept, resets, customers } = door();
      customers.failure = new ResetError('Throttled', 'Cannot list the customers');

      await expect(accept(byDomain('contoso.com'))).rejects.toBe(customers.failure);
      expect(resets.rows).toEqual([]);
    });

    it('an unknown customer, in the same words as one out of scope', async () => {
      const { code, message, target } = customerNotFound();

      await expect(door().accept(byDomain('fabrikam.com'))).rejects.toMatchObject({
        code,
        message,
        target,
      });
    });
  });

  describe('who may', () => {
    it('is asked for the customer that the domain belongs to', async () => {
      const { accept, customers, asked } = door();

      const { row } = await accept(byDomain('contoso.com'));

      expect(customers.asked).toEqual(['contoso.com']);
      expect(asked).toEqual([
        { caller: 'helpdesk', permission: 'reset', isChosen: false },
        { caller: 'helpdesk', permission: 'reset', customerTenantId, isChosen: false },
      ]);
      expect(row).toMatchObject({ customerTenantId, state: 'applied' });
    });

    it('asks nobody for the domain when the customer is given by id', async () => {
      const { accept, customers } = door();

      await accept(anOrder());

      expect(customers.asked).toEqual([]);
    });

    it('is asked whether the caller may choose the password', async () => {
      const { accept, asked } = door();

      await accept(anOrder({ password: new Secret('Snow-in-1234') }));

      expect(asked).toMatchObject([{ isChosen: true }, { isChosen: true }]);
    });

    it('is asked before anybody is asked for the domain', async () => {
      const refusal = new ResetError('PermissionDenied', 'The caller lacks the permission');
      const { accept, customers } = door({ refusal });

      await expect(accept(byDomain('contoso.com'))).rejects.toBe(refusal);
      expect(customers.asked).toEqual([]);
    });

    it('is asked before the password is judged', async () => {
      const refusal = new ResetError('PermissionDenied', 'The caller lacks the permission');
      const { accept } = door({ refusal });

      await expect(accept(anOrder({ password: new Secret('short') }))).rejects.toBe(refusal);
    });
  });

  describe('a chosen password', () => {
    it('is sent as it is, and sealed as chosen', async () => {
      const chosen = new Secret('Snow-in-1234');
      const { accept, users, resets, seals } = door();

      const { password } = await accept(anOrder({ password: chosen }));

      const { seal = '' } = resets.row(resetId) as { seal?: string };
      expect(password.reveal()).toBe(chosen.reveal());
      expect(users.passwordOf({ customerTenantId, userId })).toBe(chosen.reveal());
      expect(await seals.open(resetId, seal, signal)).toMatchObject({ isChosen: true });
    });

    it('is refused in the row when only the directory knows the name that it holds', async () => {
      const { accept, users } = door();

      const { row } = await accept(anOrder({ password: new Secret('Xadele-123') }));

      expect(row).toMatchObject({ state: 'rejected', code: 'PasswordNotAllowed' });
      expect(users.sent).toEqual([]);
    });
  });

  describe('a request that fails once there is a row', () => {
    it('is refused in the row when the user must not be reset', async () => {
      const { accept, users, resets } = door({ user: aUser({ roles: ['Global Administrator'] }) });

      const { row } = await accept(anOrder());

      expect(row).toEqual(resets.row(resetId));
      expect(row).toMatchObject({ state: 'rejected', code: 'UserIsAdmin' });
      expect(users.sent).toEqual([]);
    });

    it('waits in the row for another attempt when that can help', async () => {
      const { accept, users, wakeUps } = door();
      users.answers.push('Throttled');

      const { row } = await accept(anOrder());

      expect(row).toMatchObject({ state: 'queued', attempts: 1, definiteAnswers: 1 });
      expect(wakeUps.sent).toHaveLength(2);
    });

    it('shows as claimed when somebody else holds the row by now', async () => {
      const { accept, users, resets } = door();
      users.onReset = () => resets.overwrite(resets.row(resetId));

      const { row } = await accept(anOrder());

      expect(row).toMatchObject({ state: 'claimed', attemptId: 'attempt-1' });
    });
  });

  it('leaves no password outside of the seal', async () => {
    const { accept, resets, wakeUps } = door();

    const { password } = await accept(anOrder());

    expect(JSON.stringify([resets.rows, wakeUps.sent])).not.toContain(password.reveal());
  });
});

function anOrder(values: Partial<PasswordResetOrder> = {}): PasswordResetOrder {
  return {
    caller: 'helpdesk',
    customer: { kind: 'id', customerTenantId },
    user: { kind: 'id', userId },
    forceChangePassword: true,
    delivery: 'response',
    ...values,
  };
}

function byDomain(domain: string): PasswordResetOrder {
  return anOrder({ customer: { kind: 'domain', domain: domain as CustomerDomain } });
}

function door({ refusal, user = aUser() }: { refusal?: ResetError; user?: FakeUser } = {}) {
  const clock = new FakeClock(acceptedAtMs);
  const customers = new FakeCustomers({ 'contoso.com': customerTenantId });
  const users = new FakeCustomerUsers([user]);
  const resets = new FakeResetStore();
  const wakeUps = new FakeWakeUps();
  const keys = new FakeSealingKeys();
  const seals = createSeals({ keys });
  const asked: Parameters<Authorize>[0][] = [];
  const unfinished: unknown[] = [];
  const working = { resets, wakeUps, limits: defaultLimits, now: clock.now };
  const acceptPasswordReset = createAcceptPasswordReset({
    ...working,
    customers,
    seals,
    authorize: (request) => {
      asked.push(request);
      return refusal ? Promise.reject(refusal) : Promise.resolve();
    },
    checkUser: createCheckUser({ users, policy: { resetSynchronizedUsers: false } }),
    attempt: createAttempt({ ...working, users, sendTimeoutMs: 30_000, random: () => 0 }),
    passwordStyle: { kind: 'random', length: 20 },
    newResetId: () => resetId,
    newAttemptId: () => 'attempt-1',
    onUnfinished: (_resetId, error) => unfinished.push(error),
  });
  const accept = (order: PasswordResetOrder, budget = signal) => acceptPasswordReset(order, budget);
  return { accept, asked, customers, users, resets, wakeUps, keys, seals, unfinished };
}
