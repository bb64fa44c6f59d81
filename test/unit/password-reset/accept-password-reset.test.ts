import { describe, expect, it } from '@jest/globals';
import { fakeEncryptForRecipient } from '../../fakes/fake-recipient.js';
import { plainGrant } from '../../fakes/allow-everything.js';
import { createEnvelopes } from '../../../shared/delivery/envelopes.js';
import { createFingerprints } from '../../../shared/delivery/fingerprints.js';
import { createSeals } from '../../../shared/delivery/seal.js';
import { createAcceptPasswordReset } from '../../../shared/password-reset/accept-password-reset.js';
import { createAttempt } from '../../../shared/password-reset/attempt-password-reset.js';
import { createBrakes } from '../../../shared/password-reset/brakes.js';
import { createCheckUser } from '../../../shared/password-reset/check-user.js';
import { createClaimIdempotencyKey } from '../../../shared/password-reset/claim-idempotency-key.js';
import { customerNotFound } from '../../../shared/password-reset/customer-not-found.js';
import type { CustomerDomain, UserPrincipalName } from '../../../shared/password-reset/ids.js';
import { generatePassword } from '../../../shared/password-reset/password.js';
import type { PasswordResetOrder } from '../../../shared/password-reset/password-reset-order.js';
import type { Authorize } from '../../../shared/password-reset/ports.js';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import { defaultLimits, type ResetRow } from '../../../shared/password-reset/reset-row.js';
import { createTakeUser } from '../../../shared/password-reset/take-user.js';
import { Secret } from '../../../shared/platform/secret.js';
import { acceptedAtMs, aResetRow, customerTenantId, userId } from '../../builders/a-reset-row.js';
import { aUser } from '../../builders/a-user.js';
import { FakeClock } from '../../fakes/fake-clock.js';
import { FakeControl } from '../../fakes/fake-control.js';
import { FakeCustomerUsers, type FakeUser } from '../../fakes/fake-customer-users.js';
import { FakeCustomers } from '../../fakes/fake-customers.js';
import { FakeIdempotencyKeys } from '../../fakes/fake-idempotency-keys.js';
import { FakeResetStore } from '../../fakes/fake-reset-store.js';
import { FakeSealingKeys } from '../../fakes/fake-sealing-keys.js';
import { FakeUserLocks } from '../../fakes/fake-user-locks.js';
import { FakeWakeUps } from '../../fakes/fake-wake-ups.js';
import { FakeAudit } from '../../fakes/fake-audit.js';

const { signal } = new AbortController();
const resetId = 'reset-7';

describe('createAcceptPasswordReset()', () => {
  describe('a request that nothing speaks against', () => {
    it('is applied at once, and the password in the answer is the one that works', async () => {
      const { accept, users } = door();

      const { row, password } = await accept(anOrder());

      expect(row).toMatchObject({ resetId, state: 'applied', userId, attempts: 1 });
      expect(users.passwordOf({ customerTenantId, userId })).toBe(password?.reveal());
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

    it('gets a generated password, another one each time', async () => {
      const { accept } = door();

      const first = await accept(anOrder());
      const second = await accept(anOrder());

      expect(first.password?.reveal()).toHaveLength(20);
      expect(first.password?.reveal()).not.toBe(second.password?.reveal());
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
        reference: 'INC-7',
        acceptedAtMs,
      });
      expect(await seals.open('reset-8', seal, signal)).toBeUndefined();
    });
  });

  describe('the order of things', () => {
    it('creates the row claimed before it sends: accepting and claiming are one write', async () => {
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

    it('wakes nobody up for a row that is settled', async () => {
      const { accept, wakeUps } = door();

      await accept(anOrder());

      expect(wakeUps.sent).toEqual([]);
    });

    it('goes on when only the wake-up cannot be sent: the sweeper finds the row', async () => {
      const { accept, users, wakeUps, unfinished } = door();
      users.answers.push('OutcomeUnknown');
      wakeUps.failure = new ResetError('StorageUnavailable', 'Cannot send a message');

      const { row } = await accept(anOrder());

      expect(row.state).toBe('uncertain');
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
      expect(await create(late ?? aResetRow())).toBe('exists');
      expect(resets.row(resetId).state).toBe('cancelled');
      expect(users.sent).toEqual([]);
    });

    it('is left alone when somebody else has begun to work on it', async () => {
      const { accept, resets } = door();
      const theirs = aResetRow({ state: 'claimed', resetId, attemptId: 'attempt-of-another' });
      resets.create = () => {
        resets.overwrite(theirs);
        return Promise.reject(failure);
      };

      await expect(accept(anOrder())).rejects.toMatchObject({ code: 'OutcomeUnknown' });
      expect(resets.row(resetId)).toEqual(theirs);
    });

    it('is left alone when it is settled already', async () => {
      const { accept, resets } = door();
      const settled = aResetRow({ state: 'applied', resetId, attemptId: 'attempt-1' });
      resets.create = () => {
        resets.overwrite(settled);
        return Promise.reject(failure);
      };

      await expect(accept(anOrder())).rejects.toMatchObject({ code: 'OutcomeUnknown' });
      expect(resets.row(resetId)).toEqual(settled);
    });

    it.each(['create', 'replace'] as const)(
      'leaves the outcome unknown when another write comes before the withdrawal: %s',
      async (write) => {
        const { accept, resets } = door();
        const create = resets.create.bind(resets);
        const read = resets.read.bind(resets);
        resets.create = async (row) => {
          resets.create = create;
          if (write === 'replace') await create(row);
          throw failure;
        };
        resets.read = async (id) => {
          const found = await read(id);
          resets.overwrite(aResetRow({ state: 'claimed', resetId, attemptId: 'attempt-late' }));
          return found;
        };

        await expect(accept(anOrder())).rejects.toMatchObject({ code: 'OutcomeUnknown' });
        expect(resets.row(resetId)).toMatchObject({ attemptId: 'attempt-late' });
      },
    );

    it('stays when there is a key under which the caller can ask again', async () => {
      const { accept, resets, users } = door();
      resets.lostAnswers = { create: failure };

      await expect(accept(anOrder({ idempotencyKey: 'key-1' }))).rejects.toBe(failure);
      expect(resets.row(resetId)).toMatchObject({ state: 'claimed' });
      expect(users.sent).toEqual([]);

      const again = await accept(anOrder({ idempotencyKey: 'key-1' }));
      expect(again).toEqual({ row: resets.row(resetId) });
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
      const { accept, users, resets, unfinished } = door();
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
      expect(unfinished).toEqual([]);
    });

    it('still tells of what goes wrong after the answer', async () => {
      const { accept, users, resets, unfinished } = door();
      const budget = new AbortController();
      const failure = new ResetError('StorageUnavailable', 'Cannot replace a row');
      users.onReset = async () => {
        budget.abort(new DOMException('over', 'TimeoutError'));
        await new Promise(setImmediate);
        resets.failures.replace = failure;
      };

      const { row } = await accept(anOrder(), budget.signal);
      expect(row.state).toBe('claimed');
      expect(unfinished).toEqual([]);
      await new Promise(setImmediate);
      await new Promise(setImmediate);

      expect(unfinished).toEqual([failure]);
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
        { caller: 'helpdesk', permission: 'reset', isChosen: false, delivery: 'response' },
        {
          caller: 'helpdesk',
          permission: 'reset',
          customerTenantId,
          isChosen: false,
          delivery: 'response',
        },
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
      expect(password?.reveal()).toBe(chosen.reveal());
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
      users.answers.push(new ResetError('Throttled', 'Later', { retryAfterMs: 9_000 }));

      const { row } = await accept(anOrder());

      expect(row).toMatchObject({ state: 'queued', definiteAnswers: 1 });
      expect(wakeUps.sent).toEqual([{ resetId, delayMs: 9_000 }]);
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

    expect(password?.reveal()).toHaveLength(20);
    expect(JSON.stringify([resets.rows, wakeUps.sent])).not.toContain(password?.reveal());
  });

  describe('while everything is stopped', () => {
    it('refuses as Halted and keeps nothing, not even the idempotency key', async () => {
      const { accept, control, resets, wakeUps, users } = door();
      control.isHalted = true;
      const order = anOrder({ idempotencyKey: 'key-1' });

      await expect(accept(order)).rejects.toMatchObject({ code: 'Halted' });
      expect([resets.rows, wakeUps.sent, users.sent]).toEqual([[], [], []]);

      control.isHalted = false;
      const { row } = await accept({ ...order, delivery: 'none' });
      expect(row).toMatchObject({ state: 'applied' });
    });

    it('refuses first whoever may not ask at all', async () => {
      const refusal = new ResetError('PermissionDenied', 'The caller lacks the permission');
      const { accept, control } = door({ refusal });
      control.isHalted = true;

      await expect(accept(anOrder())).rejects.toBe(refusal);
    });
  });

  describe('while the customer is braked', () => {
    const untilMs = acceptedAtMs + 7_000;

    it('queues the row until then, wakes it up then, and sends nothing', async () => {
      const { accept, control, resets, wakeUps, users } = door();
      await control.brake(customerTenantId, untilMs);

      const { row } = await accept(anOrder());

      expect(row).toEqual(resets.row(resetId));
      expect(row).toMatchObject({ state: 'queued', attempts: 0, notBeforeMs: untilMs });
      expect(wakeUps.sent).toEqual([{ resetId, delayMs: 7_000 }]);
      expect(users.sent).toEqual([]);
    });

    it('answers with the password that the seal holds', async () => {
      const { accept, control, resets, seals } = door();
      await control.brake('partner', untilMs);

      const { password } = await accept(anOrder());

      const { seal = '' } = resets.row(resetId) as { seal?: string };
      const opened = await seals.open(resetId, seal, signal);
      expect(password?.reveal()).toHaveLength(20);
      expect(opened?.passwordProfile.password.reveal()).toBe(password?.reveal());
    });

    it('does not even look at the user', async () => {
      const { accept, control, users } = door();
      await control.brake(customerTenantId, untilMs);
      users.get = () => Promise.reject(new Error('nobody asked for the user'));

      expect((await accept(anOrder())).row.state).toBe('queued');
    });

    it('answers although the wake-up cannot be sent: the sweeper finds the row', async () => {
      const { accept, control, wakeUps, unfinished } = door();
      await control.brake(customerTenantId, untilMs);
      wakeUps.failure = new ResetError('StorageUnavailable', 'Cannot send a message');

      expect((await accept(anOrder())).row.state).toBe('queued');
      expect(unfinished).toEqual([wakeUps.failure]);
    });

    it('withdraws a row whose creation failed', async () => {
      const { accept, control, resets } = door();
      await control.brake(customerTenantId, untilMs);
      const failure = new ResetError('StorageUnavailable', 'Cannot create a row');
      resets.lostAnswers = { create: failure };

      await expect(accept(anOrder())).rejects.toBe(failure);
      expect(resets.row(resetId)).toMatchObject({ state: 'cancelled' });
    });

    it('gives the row that was accepted before under the same key', async () => {
      const { accept, control, resets, wakeUps } = door();
      await control.brake(customerTenantId, untilMs);
      const order = anOrder({ idempotencyKey: 'key-1' });
      await accept(order);

      expect(await accept(order)).toEqual({ row: resets.row(resetId) });
      expect(wakeUps.sent).toHaveLength(1);
    });
  });

  describe('the idempotency key', () => {
    const order = anOrder({ idempotencyKey: 'key-1' });

    it('with the same order gives the same row, without a password', async () => {
      const { accept, resets, users } = door();
      await accept(order);

      expect(await accept(order)).toEqual({ row: resets.row(resetId) });
      expect(users.sent).toHaveLength(1);
    });

    it.each([
      ['user', { user: { kind: 'id', userId: customerTenantId as string as typeof userId } }],
      ['password', { password: new Secret('Snow-in-1234') }],
      ['delivery', { delivery: 'none' }],
    ] satisfies [string, Partial<PasswordResetOrder>][])(
      'with another %s is a conflict, and stores nothing',
      async (_what, values) => {
        const { accept, resets, users } = door();
        await accept(order);

        await expect(accept({ ...order, ...values })).rejects.toMatchObject({
          code: 'IdempotencyConflict',
        });
        expect(resets.rows).toHaveLength(1);
        expect(users.sent).toHaveLength(1);
      },
    );

    it('of another caller is another key', async () => {
      const { accept } = door();
      await accept(order);

      const { row } = await accept({ ...order, caller: 'flow' });

      expect(row).toMatchObject({ resetId: 'reset-8', caller: 'flow' });
    });

    it('makes one row and one reset of fifty requests at once', async () => {
      const { accept, resets, users } = door();

      const answers = await Promise.all(Array.from({ length: 50 }, () => accept(order)));

      expect(resets.rows).toHaveLength(1);
      expect(users.sent).toHaveLength(1);
      expect(answers.filter(({ password }) => password !== undefined)).toHaveLength(1);
      expect(new Set(answers.map(({ row }) => row.resetId)).size).toBe(1);
    });

    it('leads to a row of this order that there is not yet: it is made', async () => {
      const { accept, resets } = door();
      const failure = new ResetError('StorageUnavailable', 'Cannot create a row');
      resets.failures.create = failure;
      await expect(accept(order)).rejects.toBe(failure);
      delete resets.failures.create;

      const { row } = await accept(order);

      expect(row).toMatchObject({ resetId, state: 'applied' });
    });

    it('cannot tell what became of a row that is gone', async () => {
      const { accept, resets } = door();
      await accept(order);
      resets.read = () => Promise.resolve(undefined);

      await expect(accept(order)).rejects.toMatchObject({ code: 'OutcomeUnknown' });
    });

    it('counts against the daily cap once, however often it is asked for', async () => {
      const { accept, reserved } = door();

      await accept(order);
      await accept(order);

      expect(reserved).toEqual([{ caller: 'helpdesk', resets: 1 }]);
    });

    it('keeps nothing when it cannot be read', async () => {
      const { accept, resets, idempotencyKeys } = door();
      idempotencyKeys.failure = new ResetError('StorageUnavailable', 'Cannot read a key');

      await expect(accept(order)).rejects.toBe(idempotencyKeys.failure);
      expect(resets.rows).toEqual([]);
    });
  });
});

describe('the daily cap', () => {
  it('refuses a reset before there is anything of it', async () => {
    const capped = new ResetError('DailyCapReached', 'Enough for today');
    const { accept, resets, users } = door({ capped });

    await expect(accept(anOrder())).rejects.toBe(capped);
    expect(resets.rows).toEqual([]);
    expect(users.sent).toEqual([]);
  });

  it('does not count what the caller may not do', async () => {
    const { accept, reserved } = door({ refusal: new ResetError('PermissionDenied', 'No') });

    await expect(accept(anOrder())).rejects.toMatchObject({ code: 'PermissionDenied' });
    expect(reserved).toEqual([]);
  });
});

describe('the audit of an accepted reset', () => {
  it('says who asked for what, in which call', async () => {
    const { accept, audit } = door();

    await accept(anOrder({ requestId: 'call-1', reference: 'INC-7', idempotencyKey: 'key-1' }));

    expect(audit.events[0]).toEqual({
      action: 'reset.accepted',
      resetId,
      caller: 'helpdesk',
      customerTenantId,
      userId,
      reference: 'INC-7',
      delivery: 'response',
      requestId: 'call-1',
    });
    expect(audit.actions).toEqual(['reset.accepted', 'reset.sent', 'reset.applied']);
  });

  it('has no sign-in name', async () => {
    const { accept, audit } = door();
    const userPrincipalName = 'adele@contoso.com' as UserPrincipalName;

    await accept(anOrder({ user: { kind: 'signInName', userPrincipalName } }));

    expect(JSON.stringify(audit.events)).not.toContain('adele');
  });

  it('is written before there is a row', async () => {
    const { accept, audit, resets } = door();
    audit.failure = new ResetError('StorageUnavailable', 'is away');

    await expect(accept(anOrder())).rejects.toBe(audit.failure);
    expect(resets.rows).toEqual([]);
  });

  it('is written once however often the same is asked for', async () => {
    const { accept, audit } = door();

    await accept(anOrder({ idempotencyKey: 'key-1', requestId: 'call-1' }));
    await accept(anOrder({ idempotencyKey: 'key-1', requestId: 'call-2' }));

    expect(audit.actions.filter((action) => action === 'reset.accepted')).toHaveLength(1);
  });

  it('says that a reset was withdrawn whose row could not be made', async () => {
    const { accept, audit, resets } = door();
    const create = resets.create.bind(resets);
    resets.create = () => {
      resets.create = create;
      return Promise.reject(new ResetError('StorageUnavailable', 'is away'));
    };

    await expect(accept(anOrder())).rejects.toMatchObject({ code: 'StorageUnavailable' });
    expect(audit.actions).toEqual(['reset.accepted', 'reset.cancelled']);
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

function door({
  refusal,
  capped,
  user = aUser(),
}: { refusal?: ResetError; capped?: ResetError; user?: FakeUser } = {}) {
  const reserved: object[] = [];
  const audit = new FakeAudit();
  const clock = new FakeClock(acceptedAtMs);
  const customers = new FakeCustomers({ 'contoso.com': customerTenantId });
  const users = new FakeCustomerUsers([user]);
  const resets = new FakeResetStore();
  const wakeUps = new FakeWakeUps();
  const control = new FakeControl();
  const locks = new FakeUserLocks();
  const keys = new FakeSealingKeys();
  const envelopes = createEnvelopes({ keys });
  const seals = createSeals({ envelopes });
  const { now } = clock;
  const idempotencyKeys = new FakeIdempotencyKeys({ now });
  const asked: Parameters<Authorize>[0][] = [];
  const unfinished: unknown[] = [];
  let resetNumber = 7;
  const pace = { slowDown: () => undefined, speedUp: () => undefined };
  const brakes = createBrakes({ control, pace, now, onBrakeLost: () => undefined });
  const newPassword = () => generatePassword({ kind: 'random', length: 20 });
  const working = { resets, seals, brakes, newPassword, limits: defaultLimits, now };
  const acceptPasswordReset = createAcceptPasswordReset({
    audit: audit.audit,
    note: audit.note,
    reserveResets: (reservation) => {
      reserved.push(reservation);
      return capped ? Promise.reject(capped) : Promise.resolve();
    },
    ...working,
    customers,
    wakeUps,
    authorize: (request) => {
      asked.push(request);
      return refusal ? Promise.reject(refusal) : Promise.resolve(plainGrant);
    },
    claimIdempotencyKey: createClaimIdempotencyKey({
      keys: idempotencyKeys,
      fingerprints: createFingerprints({ keys, purpose: 'fingerprint' }),
      now,
    }),
    checkUser: createCheckUser({ users, policy: { resetSynchronizedUsers: false } }),
    attempt: createAttempt({
      audit: audit.audit,
      note: audit.note,
      encryptForRecipient: fakeEncryptForRecipient,
      ...working,
      users,
      takeUser: createTakeUser({ locks, resets, settleMs: defaultLimits.settleMs, now }),
      sendTimeoutMs: 30_000,
      random: () => 0,
    }),
    newResetId: () => `reset-${resetNumber++}`,
    newAttemptId: () => 'attempt-1',
    onUnfinished: (_resetId, error) => unfinished.push(error),
  });
  const accept = (order: PasswordResetOrder, budget = signal) => acceptPasswordReset(order, budget);
  return {
    ...{ accept, asked, audit, reserved, unfinished, keys, seals },
    ...{ control, customers, idempotencyKeys, resets, users, wakeUps },
  };
}
