import { describe, expect, it } from '@jest/globals';
import { fakeEncryptForRecipient } from '../../fakes/fake-recipient.js';
import { plainGrant } from '../../fakes/allow-everything.js';
import { createEnvelopes } from '../../../shared/delivery/envelopes.js';
import { createSeals } from '../../../shared/delivery/seal.js';
import { createAttempt } from '../../../shared/password-reset/attempt-password-reset.js';
import { createBrakes } from '../../../shared/password-reset/brakes.js';
import { createCheckUser } from '../../../shared/password-reset/check-user.js';
import type { UserId } from '../../../shared/password-reset/ids.js';
import type { Authorize, SealedRequest } from '../../../shared/password-reset/ports.js';
import {
  createProcessPasswordReset,
  createProcessRow,
} from '../../../shared/password-reset/process-password-reset.js';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import { defaultLimits, type ResetRow } from '../../../shared/password-reset/reset-row.js';
import { createTakeUser } from '../../../shared/password-reset/take-user.js';
import { Secret } from '../../../shared/platform/secret.js';
import {
  acceptedAtMs,
  anotherCustomerTenantId,
  aResetRow,
  customerTenantId,
  userId,
} from '../../builders/a-reset-row.js';
import { aSealedRequest } from '../../builders/a-sealed-request.js';
import { aUser } from '../../builders/a-user.js';
import { FakeClock } from '../../fakes/fake-clock.js';
import { FakeControl } from '../../fakes/fake-control.js';
import { FakeCustomerUsers } from '../../fakes/fake-customer-users.js';
import { FakeResetStore } from '../../fakes/fake-reset-store.js';
import { FakeSealingKeys } from '../../fakes/fake-sealing-keys.js';
import { FakeUserLocks } from '../../fakes/fake-user-locks.js';
import { FakeWakeUps } from '../../fakes/fake-wake-ups.js';
import { FakeAudit, noAudit } from '../../fakes/fake-audit.js';

const { signal } = new AbortController();
const { resetId } = aResetRow();
const { leaseMs, settleMs } = defaultLimits;
const anotherUserId = '5d2f7c10-8f0a-4b6d-a9a3-1c2e3f4a5b07' as UserId;

describe('createProcessPasswordReset()', () => {
  it('resets the user of a queued row with the password of its seal', async () => {
    const { process, users, request, resets } = await worker(aResetRow());

    expect(await process()).toBe('applied');
    expect(users.passwordOf({ customerTenantId, userId })).toBe(
      request.passwordProfile.password.reveal(),
    );
    expect(resets.row(resetId)).toMatchObject({ state: 'applied', attempts: 1, userId });
  });

  describe('a wake-up with nothing to do', () => {
    it('does nothing for an unknown row', async () => {
      const { processPasswordReset, users, wakeUps } = await worker(aResetRow());

      expect(await processPasswordReset('reset-of-nobody', signal)).toBe('unknown row');
      expect([users.sent, wakeUps.sent]).toEqual([[], []]);
    });

    it.each(['applied', 'rejected', 'cancelled', 'attention'] as const)(
      'leaves a row that is %s as it is',
      async (state) => {
        const row = aResetRow({ state });
        const { process, users, resets, wakeUps } = await worker(row);

        expect(await process()).toBe(state);
        expect(resets.row(resetId)).toEqual(row);
        expect([users.sent, wakeUps.sent]).toEqual([[], []]);
      },
    );

    it.each([
      ['queued', { notBeforeMs: acceptedAtMs + 1 }, 1],
      ['queued', { notBeforeMs: acceptedAtMs + 60_000 }, 60_000],
      ['uncertain', { notBeforeMs: acceptedAtMs + settleMs }, settleMs],
      ['claimed', { leaseExpiresAtMs: acceptedAtMs + leaseMs }, leaseMs + settleMs],
      ['claimed', { leaseExpiresAtMs: acceptedAtMs }, settleMs],
      ['claimed', { leaseExpiresAtMs: acceptedAtMs - settleMs + 1 }, 1],
    ] as const)('puts off a row that is %s, with %j, by %d ms', async (state, values, delayMs) => {
      const { process, users, resets, wakeUps } = await worker(aResetRow({ state, ...values }));
      const before = resets.row(resetId);

      expect(await process()).toBe('not yet');
      expect(wakeUps.sent).toEqual([{ resetId, delayMs }]);
      expect(users.sent).toEqual([]);
      expect(resets.row(resetId)).toEqual(before);
    });
  });

  describe('a row whose time has come', () => {
    it.each([
      ['queued', { notBeforeMs: acceptedAtMs }],
      ['uncertain', { notBeforeMs: acceptedAtMs }],
      ['claimed', { leaseExpiresAtMs: acceptedAtMs - settleMs }],
    ] as const)('is worked off when it was %s', async (state, values) => {
      const { process, users } = await worker(aResetRow({ state, ...values }));

      expect(await process()).toBe('applied');
      expect(users.sent).toHaveLength(1);
    });

    it('is claimed before anything is sent', async () => {
      const { process, users, resets } = await worker(aResetRow());
      let before: ResetRow | undefined;
      users.onReset = () => void (before = resets.row(resetId));

      await process();

      expect(before).toMatchObject({
        state: 'claimed',
        attemptId: 'attempt-by-worker',
        attempts: 1,
        leaseExpiresAtMs: acceptedAtMs + leaseMs,
      });
    });

    it('is left to whoever claimed it between read and claim', async () => {
      const { process, users, resets, wakeUps } = await worker(aResetRow());
      const theirs = aResetRow({ state: 'claimed', attemptId: 'attempt-of-another' });
      const read = resets.read.bind(resets);
      resets.read = async (id) => {
        const stored = await read(id);
        resets.overwrite(theirs);
        return stored;
      };

      expect(await process()).toBe('superseded');
      expect(resets.row(resetId)).toEqual(theirs);
      expect([users.sent, wakeUps.sent]).toEqual([[], []]);
    });

    it('is left to whoever claimed it during the attempt', async () => {
      const { process, users, resets } = await worker(aResetRow());
      users.onReset = () => resets.overwrite(resets.row(resetId));

      expect(await process()).toBe('superseded');
    });

    it('is sent once by two workers that are woken up at the same time', async () => {
      const { process, users } = await worker(aResetRow());

      const results = await Promise.all([process(), process()]);

      expect(results.sort()).toEqual(['applied', 'superseded']);
      expect(users.sent).toHaveLength(1);
    });

    it('says in which state a failed attempt left it', async () => {
      const { process, users } = await worker(aResetRow());
      users.answers.push('OutcomeUnknown');

      expect(await process()).toBe('uncertain');
    });
  });

  describe('the seal', () => {
    it('is what counts, not what stands beside it', async () => {
      const row = aResetRow({ forceChangePassword: false });
      const { process, users, request } = await worker(row);

      await process();

      expect(users.sent).toMatchObject([
        { customerTenantId, userId, passwordProfile: request.passwordProfile },
      ]);
    });

    it('that was copied from another reset sends nothing: a person must look', async () => {
      const { processPasswordReset, users, resets, forged, wakeUps } = await worker(aResetRow());
      const copy = { ...resets.row(resetId), resetId: 'reset-of-another' };
      resets.overwrite(copy);

      expect(await processPasswordReset('reset-of-another', signal)).toBe('attention');
      expect(resets.row('reset-of-another')).toMatchObject({ code: 'OutcomeUnknown', attempts: 0 });
      expect(resets.row('reset-of-another')).not.toHaveProperty('seal');
      expect(forged).toEqual([copy]);
      expect([users.sent, wakeUps.sent]).toEqual([[], []]);
    });

    it.each([
      ['that is none', { seal: 'forged' }],
      ['of another customer', { customerTenantId: anotherCustomerTenantId }],
      ['with another delivery', { delivery: 'none' }],
      ['of another caller', { caller: 'flow' }],
      ['of another user', { userId: anotherUserId }],
      ['of another time, as of a row that somebody puts back', { acceptedAtMs: acceptedAtMs + 1 }],
    ] as const)('%s sends nothing: a person must look', async (_what, values) => {
      const { process, users, resets, forged } = await worker(aResetRow());
      const row = { ...resets.row(resetId), ...values };
      resets.overwrite(row);

      expect(await process()).toBe('attention');
      expect(forged).toEqual([row]);
      expect(users.sent).toEqual([]);
    });

    it('that is forged leaves the row to whoever changed it meanwhile', async () => {
      const { resets, processRow } = await worker(aResetRow());
      const before = await resets.read(resetId);
      resets.overwrite(aResetRow({ state: 'cancelled' }));

      const forged = { row: aResetRow({ seal: 'forged' }), etag: before?.etag ?? '' };

      expect(await processRow(forged, signal)).toEqual({ result: 'superseded' });
      expect(resets.row(resetId).state).toBe('cancelled');
    });
  });

  describe('a row that cannot be worked on now', () => {
    const keyVaultUnavailable = new ResetError('KeyVaultUnavailable', 'Cannot read a key');
    const storageUnavailable = new ResetError('StorageUnavailable', 'Cannot change a row');

    it('is put off while its key cannot be read: nothing is claimed meanwhile', async () => {
      const { process, resets, keys, putOff, wakeUps } = await worker(aResetRow());
      keys.byVersion = () => Promise.reject(keyVaultUnavailable);

      expect(await process()).toBe('not yet');
      expect(resets.row(resetId)).toMatchObject({ state: 'queued', attempts: 0 });
      expect(putOff).toEqual([keyVaultUnavailable]);
      expect(wakeUps.sent).toEqual([{ resetId, delayMs: 30_000 }]);
    });

    it('is put off while storage does not take the claim', async () => {
      const { process, resets, users, putOff, wakeUps } = await worker(aResetRow());
      resets.failures.replace = storageUnavailable;

      expect(await process()).toBe('not yet');
      expect(users.sent).toEqual([]);
      expect(putOff).toEqual([storageUnavailable]);
      expect(wakeUps.sent).toEqual([{ resetId, delayMs: 30_000 }]);
    });

    it('is put off while nobody can say whether sending is allowed', async () => {
      const { process, resets, control, users } = await worker(aResetRow());
      control.failure = storageUnavailable;

      expect(await process()).toBe('not yet');
      expect(resets.row(resetId)).toMatchObject({ state: 'queued', attempts: 0 });
      expect(users.sent).toEqual([]);
    });

    it('is not put off by a bug', async () => {
      const { process, keys, putOff, wakeUps } = await worker(aResetRow());
      const bug = new TypeError('not a function');
      keys.byVersion = () => Promise.reject(bug);

      await expect(process()).rejects.toBe(bug);
      expect([putOff, wakeUps.sent]).toEqual([[], []]);
    });

    it('waits while everything is stopped, and does not count that', async () => {
      const { process, resets, control, wakeUps, users } = await worker(aResetRow());
      control.isHalted = true;

      expect(await process()).toBe('stopped');
      expect(resets.row(resetId)).toMatchObject({ state: 'queued', attempts: 0 });
      expect(wakeUps.sent).toEqual([{ resetId, delayMs: 30_000 }]);
      expect(users.sent).toEqual([]);
    });

    it.each([
      ['partner', 'stopped'],
      [customerTenantId, 'not yet'],
    ] as const)('waits for the brake of %s', async (scope, result) => {
      const { process, resets, control, wakeUps, users } = await worker(aResetRow());
      await control.brake(scope, acceptedAtMs + 7_000);

      expect(await process()).toBe(result);
      expect(resets.row(resetId)).toMatchObject({ state: 'queued', attempts: 0 });
      expect(wakeUps.sent).toEqual([{ resetId, delayMs: 7_000 }]);
      expect(users.sent).toEqual([]);
    });

    it('gives way to another reset of the user that is not over', async () => {
      const { process, locks, resets, users, wakeUps } = await worker(aResetRow());
      resets.overwrite(aResetRow({ state: 'claimed', resetId: 'reset-of-the-other' }));
      locks.overwrite({ customerTenantId, userId }, 'reset-of-the-other');

      expect(await process()).toBe('queued');
      expect(resets.row(resetId)).toMatchObject({ attempts: 0 });
      expect(wakeUps.sent).toEqual([{ resetId, delayMs: 10_000 }]);
      expect(users.sent).toEqual([]);
    });

    it('rejects when the wake-up cannot be sent, so that this one comes back', async () => {
      const { process, wakeUps } = await worker(aResetRow({ notBeforeMs: acceptedAtMs + 1 }));
      wakeUps.failure = storageUnavailable;

      await expect(process()).rejects.toBe(storageUnavailable);
    });
  });

  describe('a row that is spent', () => {
    const dayMs = 24 * 3_600_000;

    it.each([
      ['had all its attempts', 'queued', { attempts: 8 }, 'rejected'],
      ['may have been applied', 'uncertain', { attempts: 8, unknownAtMs: 42 }, 'attention'],
      ['lost its last worker', 'claimed', { attempts: 8 }, 'attention'],
    ] as const)('is given up when it %s', async (_what, state, values, expected) => {
      const { process, users, resets, clock } = await worker(aResetRow({ state, ...values }));
      clock.pass(leaseMs + settleMs);

      expect(await process()).toBe(expected);
      expect(resets.row(resetId)).toMatchObject({ attempts: 8, settledAtMs: clock.nowMs });
      expect(users.sent).toEqual([]);
    });

    it('is given up even while everything is stopped', async () => {
      const { process, control } = await worker(aResetRow({ attempts: 8 }));
      control.isHalted = true;

      expect(await process()).toBe('rejected');
    });

    it.each([
      ['reset', dayMs - 1, 'applied'],
      ['reset', dayMs, 'rejected'],
      ['bulkReset', 3 * dayMs - 1, 'applied'],
      ['bulkReset', 3 * dayMs, 'rejected'],
    ] as const)('by %s at the age of %d ms: %s', async (permission, ageMs, expected) => {
      const { process, clock } = await worker(aResetRow(), aSealedRequest({ permission }));
      clock.pass(ageMs);

      expect(await process()).toBe(expected);
    });
  });

  it('refuses a sign-in name that belongs to another user by now', async () => {
    const user = { kind: 'signInName', userPrincipalName: aUser().userPrincipalName } as const;
    const formerId = '00000000-0000-4000-8000-000000000001' as typeof userId;
    const { process, users, resets } = await worker(
      aResetRow({ userId: formerId }),
      aSealedRequest({ user }),
    );

    expect(await process()).toBe('rejected');
    expect(resets.row(resetId)).toMatchObject({ code: 'UserNotFound', userId: formerId });
    expect(users.sent).toEqual([]);
  });

  it('carries on with a refused password until one is accepted', async () => {
    const { process, users, resets, seals } = await worker(aResetRow());
    users.answers.push('PasswordRejected', 'applied');

    expect([await process(), await process()]).toEqual(['queued', 'applied']);
    const { seal = '' } = resets.row(resetId) as { seal?: string };
    const opened = await seals.open(resetId, seal, signal);
    expect(users.passwordOf({ customerTenantId, userId })).toBe(
      opened?.passwordProfile.password.reveal(),
    );
  });

  describe('the caller', () => {
    it('is asked for again, as the seal names it', async () => {
      const { process, asked } = await worker(
        aResetRow(),
        aSealedRequest({ permission: 'bulkReset', isChosen: true }),
      );

      await process();

      expect(asked).toMatchObject([
        { caller: 'helpdesk', permission: 'bulkReset', customerTenantId, isChosen: true },
      ]);
    });

    it('who has lost the right since is refused, before the user is even looked at', async () => {
      const { process, users, resets, refuseAs } = await worker(aResetRow());
      refuseAs(new ResetError('PermissionDenied', 'The caller is not listed any more'));
      users.failures.get = new Error('nobody asked for the user');

      expect(await process()).toBe('rejected');
      expect(resets.row(resetId)).toMatchObject({ code: 'PermissionDenied' });
      expect(users.sent).toEqual([]);
    });

    it('is waited for while nobody knows', async () => {
      const { process, users, refuseAs } = await worker(aResetRow());
      refuseAs(new ResetError('KeyVaultUnavailable', 'Cannot read secret callers'));

      expect(await process()).toBe('queued');
      expect(users.sent).toEqual([]);
    });
  });

  it('refuses a user who has become an administrator since', async () => {
    const { process, resets } = await worker(aResetRow(), aSealedRequest(), [
      aUser({ roles: ['Global Administrator'] }),
    ]);

    expect(await process()).toBe('rejected');
    expect(resets.row(resetId)).toMatchObject({ code: 'UserIsAdmin' });
  });

  describe('after a worker died with the row in its hands', () => {
    const died = aResetRow({
      state: 'claimed',
      attemptId: 'attempt-of-the-dead',
      leaseExpiresAtMs: acceptedAtMs - settleMs,
    });

    it('sends the same password under the same request id', async () => {
      const first = await worker(aResetRow());
      await first.process();
      const second = await worker(died);

      await second.process();

      expect(second.users.sent[0]?.requestId).toBe(first.users.sent[0]?.requestId);
      expect(second.users.passwordOf({ customerTenantId, userId })).toBe(
        second.request.passwordProfile.password.reveal(),
      );
    });

    it('counts the attempt of the dead as one with unknown outcome', async () => {
      const { process, resets } = await worker(died);

      await process();

      expect(resets.row(resetId)).toMatchObject({
        state: 'applied',
        attempts: 2,
        unknownAtMs: acceptedAtMs - settleMs,
      });
    });

    it('does not believe a refusal: a person must look', async () => {
      const { process, users, resets } = await worker(died);
      users.answers.push('RequestRejected');

      expect(await process()).toBe('attention');
      expect(resets.row(resetId)).toMatchObject({ code: 'OutcomeUnknown' });
    });
  });

  it('brings a lost answer to its end, with one password and one request id', async () => {
    const { process, users, clock, request, wakeUps } = await worker(aResetRow());
    users.answers.push('answer lost', 'OutcomeUnknown', 'applied');

    const states: string[] = [];
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      states.push(await process());
      clock.pass(wakeUps.sent.at(-1)?.delayMs ?? 0);
    }

    expect(states).toEqual(['uncertain', 'uncertain', 'applied']);
    expect(new Set(users.sent.map(({ requestId }) => requestId)).size).toBe(1);
    expect(new Set(users.sent.map(passwordOf))).toEqual(
      new Set([request.passwordProfile.password.reveal()]),
    );
  });

  it('gives up after eight attempts that nobody answered', async () => {
    const { process, users, clock, resets } = await worker(aResetRow());
    users.answers.push(...Array.from({ length: 99 }, () => 'OutcomeUnknown' as const));

    for (let wakeUp = 1; wakeUp <= 20; wakeUp += 1) {
      await process();
      clock.pass(settleMs);
    }

    expect(users.sent).toHaveLength(8);
    expect(resets.row(resetId)).toMatchObject({ state: 'attention', attempts: 8 });
  });
});

describe('the audit of a row that ends without an attempt', () => {
  it('says that it was set aside, when its seal is none of ours', async () => {
    const { process, audit, resets } = await worker(aResetRow());
    resets.overwrite(aResetRow({ seal: 'forged', reference: 'forged', userId }));

    await process();

    // Nothing of the columns, which anybody may have written, and nothing that leads to a customer's chain.
    expect(audit.events).toEqual([{ action: 'reset.attention', resetId, code: 'OutcomeUnknown' }]);
  });

  it('says that it was given up, when it had all the attempts there are', async () => {
    const { process, audit } = await worker(aResetRow({ attempts: 8 }));

    await process();

    expect(audit.events).toMatchObject([
      { action: 'reset.rejected', resetId, code: 'TimedOut', attempt: 8 },
    ]);
  });
});

async function worker(row: ResetRow, request = aSealedRequest(), known = [aUser()]) {
  const clock = new FakeClock(acceptedAtMs);
  const users = new FakeCustomerUsers(known);
  const wakeUps = new FakeWakeUps();
  const control = new FakeControl();
  const keys = new FakeSealingKeys();
  const locks = new FakeUserLocks();
  const seals = createSeals({ envelopes: createEnvelopes({ keys }) });
  const resets = new FakeResetStore([await withSeal(row, request, seals)]);
  const asked: SealedRequest[] = [];
  const audit = new FakeAudit();
  const forged: ResetRow[] = [];
  const putOff: unknown[] = [];
  let refusal: ResetError | undefined;
  const authorize: Authorize = (sealed) => {
    asked.push(sealed as SealedRequest);
    return refusal ? Promise.reject(refusal) : Promise.resolve(plainGrant);
  };
  const { now } = clock;
  const pace = { slowDown: () => undefined, speedUp: () => undefined };
  const brakes = createBrakes({ control, pace, now, onBrakeLost: () => undefined });
  const working = { resets, seals, brakes, limits: defaultLimits, now };
  const processRow = createProcessRow({
    note: audit.note,
    ...working,
    authorize,
    checkUser: createCheckUser({ users, policy: { resetSynchronizedUsers: false } }),
    attempt: createAttempt({
      ...noAudit,
      encryptForRecipient: fakeEncryptForRecipient,
      ...working,
      users,
      takeUser: createTakeUser({ locks, resets, settleMs, now }),
      newPassword: () => new Secret('Another-one-1'),
      sendTimeoutMs: 30_000,
      random: () => 0.5,
    }),
    newAttemptId: () => 'attempt-by-worker',
    onForged: (row) => forged.push(row),
    onPutOff: (_row, error) => putOff.push(error),
  });
  const processPasswordReset = createProcessPasswordReset({ resets, processRow, wakeUps, now });
  const process = () => processPasswordReset(resetId, signal);
  const refuseAs = (error: ResetError) => void (refusal = error);
  return {
    ...{ process, processPasswordReset, processRow, refuseAs },
    ...{ asked, audit, forged, putOff, request },
    ...{ clock, control, keys, locks, resets, seals, users, wakeUps },
  };
}

async function withSeal(
  row: ResetRow,
  request: SealedRequest,
  seals: ReturnType<typeof createSeals>,
): Promise<ResetRow> {
  return 'seal' in row ? { ...row, seal: await seals.seal(row.resetId, request, signal) } : row;
}

function passwordOf({ passwordProfile }: FakeCustomerUsers['sent'][number]): string {
  return passwordProfile.password.reveal();
}
