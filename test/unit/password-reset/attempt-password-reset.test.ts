import { describe, expect, it, jest } from '@jest/globals';
import {
  type AttemptDependencies,
  createAttempt,
} from '../../../shared/password-reset/attempt-password-reset.js';
import type { CustomerUsers, SealedRequest } from '../../../shared/password-reset/ports.js';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import { type ClaimedRow, defaultLimits } from '../../../shared/password-reset/reset-row.js';
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
import { FakeCustomerUsers } from '../../fakes/fake-customer-users.js';
import { FakeResetStore } from '../../fakes/fake-reset-store.js';
import { FakeWakeUps } from '../../fakes/fake-wake-ups.js';

const { signal } = new AbortController();
const sendTimeoutMs = 30_000;
/** What a lease must have left for a send to begin: the send, and the difference of two clocks. */
const guardMs = sendTimeoutMs + 15_000;

describe('createAttempt()', () => {
  describe('when nothing speaks against it', () => {
    it('sends the sealed password to the checked user, once', async () => {
      const { run, users, request } = attemptOn(aClaimedRow());

      await run();

      expect(users.sent).toEqual([
        {
          customerTenantId,
          userId,
          passwordProfile: request.passwordProfile,
          requestId: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-/),
        },
      ]);
    });

    it('records that it was applied, and gives the row as recorded', async () => {
      const { run, resets, row, clock } = attemptOn(aClaimedRow());

      const result = await run();

      expect(result).toMatchObject({ state: 'applied', userId, settledAtMs: clock.nowMs });
      expect(resets.row(row.resetId)).toEqual(result);
    });

    it('wakes nobody up for a row that is settled', async () => {
      const { run, wakeUps } = attemptOn(aClaimedRow());

      await run();

      expect(wakeUps.sent).toEqual([]);
    });

    it('sends the customer of the seal, not the one beside it', async () => {
      const { run, users } = attemptOn(aClaimedRow({ customerTenantId: anotherCustomerTenantId }));

      await run();

      expect(users.sent).toMatchObject([{ customerTenantId }]);
    });
  });

  describe('when the check fails', () => {
    it('sends nothing and records the refusal', async () => {
      const checked = Promise.reject(new ResetError('UserIsAdmin', 'Cannot reset password'));
      const { run, users, resets, row } = attemptOn(aClaimedRow(), { checked });

      await run();

      expect(users.sent).toEqual([]);
      expect(resets.row(row.resetId)).toMatchObject({ state: 'rejected', code: 'UserIsAdmin' });
    });

    it('does not record a user that it could not find', async () => {
      const checked = Promise.reject(new ResetError('Throttled', 'Cannot read'));
      const { run } = attemptOn(aClaimedRow(), { checked });

      expect(await run()).not.toHaveProperty('userId');
    });

    it('leaves the claim as it is after a bug, so that the lease runs out', async () => {
      const bug = new TypeError('not a function');
      const { run, users, resets, row } = attemptOn(aClaimedRow(), {
        checked: Promise.reject(bug),
      });

      await expect(run()).rejects.toBe(bug);
      expect(users.sent).toEqual([]);
      expect(resets.row(row.resetId)).toEqual(row);
    });
  });

  describe('the lease', () => {
    it.each([
      ['sends while it leaves time for one send', guardMs + 1, 1, 'applied'],
      ['sends nothing when it leaves no more than that', guardMs, 0, 'queued'],
      ['sends nothing after it', -1, 0, 'queued'],
    ])('%s', async (_what, leftMs, sends, state) => {
      const row = aClaimedRow({ leaseExpiresAtMs: acceptedAtMs + leftMs });
      const { run, users } = attemptOn(row);

      const result = await run();

      expect(users.sent).toHaveLength(sends);
      expect(result).toMatchObject({ state });
    });

    it('is looked at after the checks, however long they took', async () => {
      const { row, users, run, clock } = attemptOn(aClaimedRow(), {
        checked: Promise.resolve().then(() => {
          clock.pass(defaultLimits.leaseMs - guardMs);
          return userId;
        }),
      });

      const result = await run();

      expect(users.sent).toEqual([]);
      expect(result).toMatchObject({ state: 'queued', definiteAnswers: row.definiteAnswers + 1 });
    });
  });

  describe('the request id', () => {
    it('is the same after an unknown outcome', async () => {
      const first = aClaimedRow({ attemptId: 'attempt-1' });
      const second = aClaimedRow({
        attemptId: 'attempt-2',
        attempts: 2,
        unknownAtMs: acceptedAtMs,
      });

      expect(await requestIdOf(second)).toBe(await requestIdOf(first));
    });

    it('is another one after each definite answer', async () => {
      const ids = await Promise.all(
        [0, 1, 2].map((definiteAnswers) => requestIdOf(aClaimedRow({ definiteAnswers }))),
      );

      expect(new Set(ids).size).toBe(3);
    });

    it('is another one for each reset', async () => {
      const one = await requestIdOf(aClaimedRow({ resetId: 'reset-1' }));

      expect(await requestIdOf(aClaimedRow({ resetId: 'reset-2' }))).not.toBe(one);
    });

    it('does not mix up a reset and its count with those of another', async () => {
      const one = await requestIdOf(aClaimedRow({ resetId: 'reset-1', definiteAnswers: 11 }));

      expect(await requestIdOf(aClaimedRow({ resetId: 'reset-11', definiteAnswers: 1 }))).not.toBe(
        one,
      );
    });
  });

  describe('when the reset fails', () => {
    it.each([
      ['RequestRejected', 'rejected'],
      ['Throttled', 'queued'],
      ['OutcomeUnknown', 'uncertain'],
    ] as const)('records after %s that it is %s, and for whom', async (code, state) => {
      const { run, users, resets, row } = attemptOn(aClaimedRow());
      users.answers.push(code);

      await run();

      expect(resets.row(row.resetId)).toMatchObject({ state, userId });
    });

    it('does not send again by itself', async () => {
      const { run, users } = attemptOn(aClaimedRow());
      users.answers.push('Throttled');

      await run();

      expect(users.sent).toHaveLength(1);
    });

    it('tells which attempt failed and why', async () => {
      const onAttemptFailed = jest.fn();
      const { run, users, row } = attemptOn(aClaimedRow(), { onAttemptFailed });
      const error = new ResetError('Throttled', 'Cannot reset password');
      users.answers.push(error);

      await run();

      expect(onAttemptFailed.mock.calls).toEqual([[row, error]]);
    });

    it('tells nothing of an attempt that was applied', async () => {
      const onAttemptFailed = jest.fn();
      const { run } = attemptOn(aClaimedRow(), { onAttemptFailed });

      await run();

      expect(onAttemptFailed).not.toHaveBeenCalled();
    });

    it('leaves the claim as it is after a bug, so that the lease runs out', async () => {
      const { run, users, resets, row } = attemptOn(aClaimedRow());
      users.answers.push(new TypeError('not a function'));

      await expect(run()).rejects.toThrow(TypeError);
      expect(resets.row(row.resetId)).toEqual(row);
    });
  });

  describe('the wake-up', () => {
    it('comes when an unknown outcome has settled', async () => {
      const { run, users, wakeUps, row } = attemptOn(aClaimedRow());
      users.answers.push('OutcomeUnknown');

      await run();

      expect(wakeUps.sent).toEqual([{ resetId: row.resetId, delayMs: 300_000 }]);
    });

    it.each([
      [1, 0.5, 2_500],
      [1, 0.999_999, 5_000],
      [2, 0.5, 5_000],
      [3, 0.5, 10_000],
      [7, 0.5, 160_000],
      [7, 0, 0],
    ])('comes after a back-off: attempt %d, drawn %d, %d ms', async (attempts, drawn, delayMs) => {
      const { run, users, wakeUps, row } = attemptOn(aClaimedRow({ attempts }), {
        random: () => drawn,
      });
      users.answers.push('Throttled');

      await run();

      expect(wakeUps.sent).toEqual([{ resetId: row.resetId, delayMs }]);
    });

    it('comes no sooner than the other side wishes', async () => {
      const { run, users, wakeUps, row } = attemptOn(aClaimedRow());
      users.answers.push(new ResetError('Throttled', 'Later', { retryAfterMs: 60_000 }));

      await run();

      expect(wakeUps.sent).toEqual([{ resetId: row.resetId, delayMs: 60_000 }]);
    });

    it('counts from the end of the attempt', async () => {
      const { run, users, resets, wakeUps, row, clock } = attemptOn(aClaimedRow());
      users.answers.push('OutcomeUnknown');
      users.onReset = () => clock.pass(30_000);

      await run();

      expect(resets.row(row.resetId)).toMatchObject({ notBeforeMs: acceptedAtMs + 330_000 });
      expect(wakeUps.sent).toMatchObject([{ delayMs: 300_000 }]);
    });

    it('is sent after the outcome is recorded', async () => {
      const { run, users, resets, wakeUps, row } = attemptOn(aClaimedRow());
      users.answers.push('Throttled');
      wakeUps.failure = new ResetError('StorageUnavailable', 'Cannot send');

      await expect(run()).rejects.toBe(wakeUps.failure);
      expect(resets.row(row.resetId)).toMatchObject({ state: 'queued' });
    });
  });

  describe('when somebody else has claimed the row meanwhile', () => {
    it.each(['applied', 'Throttled', 'OutcomeUnknown', 'UserNotFound'] as const)(
      'leaves their claim alone, and wakes nobody up, after %s',
      async (answer) => {
        const { run, users, resets, wakeUps, row } = attemptOn(aClaimedRow());
        const theirs = { ...row, attemptId: 'attempt-of-another', attempts: 2 };
        users.answers.push(answer);
        users.onReset = () => resets.overwrite(theirs);

        expect(await run()).toBe('superseded');
        expect(resets.row(row.resetId)).toEqual(theirs);
        expect(wakeUps.sent).toEqual([]);
      },
    );
  });

  it('records the outcome even when the time of whoever waits for it is over', async () => {
    const controller = new AbortController();
    const { run, users, resets, row } = attemptOn(aClaimedRow());
    users.onReset = () => controller.abort();

    await run(controller.signal);

    expect(resets.row(row.resetId)).toMatchObject({ state: 'applied' });
  });

  it('passes on the signal by which the send ends', async () => {
    const { attempt, claimed, request } = attemptOn(aClaimedRow());
    const resetPassword = jest.fn<CustomerUsers['resetPassword']>(() => Promise.resolve());
    const run = attempt({ users: { resetPassword } });

    await run({ claimed, request, checked: Promise.resolve(userId) }, signal);

    expect(resetPassword).toHaveBeenCalledWith(expect.anything(), signal);
  });

  it('rejects when the outcome cannot be recorded: the claim stays, and counts as unknown', async () => {
    const { run, resets, row } = attemptOn(aClaimedRow());
    resets.failures.replace = new ResetError('StorageUnavailable', 'Cannot change a row');

    await expect(run()).rejects.toBe(resets.failures.replace);
    expect(resets.row(row.resetId)).toEqual(row);
  });
});

function aClaimedRow(values: Partial<ClaimedRow> = {}): ClaimedRow {
  return aResetRow({ state: 'claimed', ...values });
}

interface Given extends Partial<AttemptDependencies> {
  readonly checked?: Promise<typeof userId>;
  readonly request?: SealedRequest;
}

function attemptOn(row: ClaimedRow, { checked, request = aSealedRequest(), ...given }: Given = {}) {
  const clock = new FakeClock(acceptedAtMs);
  const users = new FakeCustomerUsers([aUser()]);
  const resets = new FakeResetStore([row]);
  const wakeUps = new FakeWakeUps();
  const attempt = (values: Partial<AttemptDependencies> = {}) =>
    createAttempt({
      users,
      resets,
      wakeUps,
      limits: defaultLimits,
      sendTimeoutMs,
      now: clock.now,
      random: () => 0,
      ...given,
      ...values,
    });
  const claimed = { row, etag: '"1"' };
  const run = (runSignal = signal) =>
    attempt()({ claimed, request, checked: checked ?? Promise.resolve(userId) }, runSignal);
  return { attempt, run, row, claimed, request, clock, users, resets, wakeUps };
}

async function requestIdOf(row: ClaimedRow): Promise<string | undefined> {
  const { run, users } = attemptOn(row);
  await run();
  return users.sent[0]?.requestId;
}
