import { describe, expect, it, jest } from '@jest/globals';
import {
  decryptAsRecipient,
  fakeEncryptForRecipient,
  fakeRecipientKeyId,
} from '../../fakes/fake-recipient.js';
import { createEnvelopes } from '../../../shared/delivery/envelopes.js';
import { createSeals } from '../../../shared/delivery/seal.js';
import {
  type AttemptDependencies,
  createAttempt,
} from '../../../shared/password-reset/attempt-password-reset.js';
import type { Stop } from '../../../shared/password-reset/brakes.js';
import type { SealedRequest } from '../../../shared/password-reset/ports.js';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import {
  type AppliedRow,
  type ClaimedRow,
  defaultLimits,
  type ResetRow,
} from '../../../shared/password-reset/reset-row.js';
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
import { FakeCustomerUsers } from '../../fakes/fake-customer-users.js';
import { FakeResetStore } from '../../fakes/fake-reset-store.js';
import { FakeSealingKeys } from '../../fakes/fake-sealing-keys.js';
import { FakeUserLocks } from '../../fakes/fake-user-locks.js';
import { FakeAudit, noAudit } from '../../fakes/fake-audit.js';

const { signal } = new AbortController();
const nowMs = acceptedAtMs;
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

    it('sends the customer of the seal, not the one beside it', async () => {
      const { run, users } = attemptOn(aClaimedRow({ customerTenantId: anotherCustomerTenantId }));

      await run();

      expect(users.sent).toMatchObject([{ customerTenantId }]);
    });
  });

  describe('what it keeps of a password that was set', () => {
    const bySignInName = {
      kind: 'signInName',
      userPrincipalName: aUser().userPrincipalName,
    } as const;

    it.each(['link', 'response'] as const)(
      'is its seal, for the delivery %s to a user known by id',
      async (delivery) => {
        const row = aClaimedRow({ delivery, seal: 'its seal' });
        const { run } = attemptOn(row, { request: aSealedRequest({ delivery }) });

        expect(await run()).toMatchObject({ state: 'applied', seal: 'its seal' });
      },
    );

    it('is a seal that names the user who was found by a sign-in name', async () => {
      const request = aSealedRequest({ delivery: 'link', user: bySignInName });
      const { run, seals } = attemptOn(aClaimedRow({ delivery: 'link' }), { request });

      const { resetId, seal = '' } = (await run()) as AppliedRow;

      const user = { kind: 'id', userId };
      expect(await seals.open(resetId, seal, signal)).toEqual({ ...request, user });
    });

    it('is nothing when it goes to nobody', async () => {
      const request = aSealedRequest({ delivery: 'none', user: bySignInName });
      const { run } = attemptOn(aClaimedRow({ delivery: 'none' }), { request });

      expect(await run()).not.toHaveProperty('seal');
    });
  });

  describe('when a recipient alone is to read the password', () => {
    const row = () => aClaimedRow({ delivery: 'recipientKey' });

    const request = aSealedRequest({
      delivery: 'recipientKey',
      recipientKeyId: fakeRecipientKeyId,
      reference: 'INC-7',
    });

    it('records it encrypted, and seals whose it is', async () => {
      const { run, users, seals } = attemptOn(row(), { request });

      const result = await run();

      expect(result).toMatchObject({ state: 'applied' });
      const { resetId, seal = '' } = result as AppliedRow;
      const password = await seals.openEncrypted(resetId, seal, signal);
      expect(password).toMatchObject({
        reference: 'INC-7',
        caller: 'helpdesk',
        customerTenantId,
        userId,
        acceptedAtMs,
      });
      expect(decryptAsRecipient(password?.encryptedPassword ?? '')).toBe(
        users.sent[0]?.passwordProfile.password.reveal(),
      );
    });

    it('keeps nothing that this service could read', async () => {
      const { run, seals } = attemptOn(row(), { request });

      const { resetId, seal = '' } = (await run()) as AppliedRow;

      expect(await seals.open(resetId, seal, signal)).toBeUndefined();
    });

    it('sends nothing when it cannot be sealed', async () => {
      const failure = new ResetError('KeyVaultUnavailable', 'Cannot read secret sealing-key');
      const seals = { seal: unreachable, sealEncrypted: () => Promise.reject(failure) };
      const { run, users } = attemptOn(row(), { request, seals });

      expect(await run()).toMatchObject({ state: 'queued' });
      expect(users.sent).toEqual([]);
    });

    it('sends nothing when the key is not listed any more', async () => {
      const gone = { ...request, recipientKeyId: 'gone' };
      const { run, users } = attemptOn(row(), { request: gone });

      expect(await run()).toMatchObject({ state: 'rejected', code: 'RecipientKeyNotFound' });
      expect(users.sent).toEqual([]);
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

  it('sends nothing that was stopped while it was checked, and counts no attempt', async () => {
    const stop = { reason: 'halted', untilMs: acceptedAtMs + 7_000 } as const;
    const { run, users, row } = attemptOn(aClaimedRow(), { stop });

    const result = await run();

    expect(users.sent).toEqual([]);
    const attempts = row.attempts - 1;
    expect(result).toMatchObject({ state: 'queued', notBeforeMs: stop.untilMs, attempts, userId });
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

  describe('the next attempt', () => {
    it('comes when an unknown outcome has settled', async () => {
      const { run, users } = attemptOn(aClaimedRow());
      users.answers.push('OutcomeUnknown');

      expect(await run()).toMatchObject({ notBeforeMs: acceptedAtMs + 300_000 });
    });

    it.each([
      [1, 0.5, 2_500],
      [1, 0.999_999, 5_000],
      [2, 0.5, 5_000],
      [3, 0.5, 10_000],
      [7, 0.5, 160_000],
      [7, 0, 0],
    ])('comes after a back-off: attempt %d, drawn %d, %d ms', async (attempts, drawn, waitMs) => {
      const { run, users } = attemptOn(aClaimedRow({ attempts }), { random: () => drawn });
      users.answers.push('Throttled');

      expect(await run()).toMatchObject({ notBeforeMs: acceptedAtMs + waitMs });
    });

    it('comes no sooner than the other side wishes', async () => {
      const { run, users } = attemptOn(aClaimedRow());
      users.answers.push(new ResetError('Throttled', 'Later', { retryAfterMs: 60_000 }));

      expect(await run()).toMatchObject({ notBeforeMs: acceptedAtMs + 60_000 });
    });

    it('counts from the end of this one', async () => {
      const { run, users, clock } = attemptOn(aClaimedRow());
      users.answers.push('OutcomeUnknown');
      users.onReset = () => clock.pass(30_000);

      expect(await run()).toMatchObject({ notBeforeMs: acceptedAtMs + 330_000 });
    });

    it.each([
      ['reset', 'rejected'],
      ['bulkReset', 'queued'],
    ] as const)(
      'waits for whoever runs the service only in a job: a row by %s is %s',
      async (permission, state) => {
        const request = aSealedRequest({ permission });
        const { run, users } = attemptOn(aClaimedRow(), { request });
        users.answers.push('ReconsentRequired');

        expect(await run()).toMatchObject({ state });
      },
    );
  });

  describe('when somebody else has claimed the row meanwhile', () => {
    it.each(['applied', 'Throttled', 'OutcomeUnknown', 'UserNotFound'] as const)(
      'leaves their claim alone after %s',
      async (answer) => {
        const { run, users, resets, row } = attemptOn(aClaimedRow());
        const theirs = { ...row, attemptId: 'attempt-of-another', attempts: 2 };
        users.answers.push(answer);
        users.onReset = () => resets.overwrite(theirs);

        expect(await run()).toBe('superseded');
        expect(resets.row(row.resetId)).toEqual(theirs);
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

  it('does not call back a request that is under way when its time is over', async () => {
    const controller = new AbortController();
    const { run, users } = attemptOn(aClaimedRow());
    let sendSignal: AbortSignal | undefined;
    const resetPassword = users.resetPassword.bind(users);
    users.resetPassword = (reset, by) => {
      sendSignal = by;
      controller.abort();
      return resetPassword(reset, by);
    };

    await run(controller.signal);

    expect(sendSignal?.aborted).toBe(false);
  });

  it('is tried again later when the time was over during the checks', async () => {
    const controller = new AbortController();
    const reason = new DOMException('over', 'TimeoutError');
    controller.abort(reason);
    const checked = Promise.reject(reason);
    const { run, users } = attemptOn(aClaimedRow(), { checked });

    expect(await run(controller.signal)).toMatchObject({ state: 'queued' });
    expect(users.sent).toEqual([]);
  });

  describe('when another reset of the user has begun', () => {
    const user = { customerTenantId, userId };
    const otherId = 'reset-of-the-other';

    it('gives way while that one is not over, and counts no attempt', async () => {
      const other = aResetRow({ state: 'uncertain', resetId: otherId, notBeforeMs: nowMs + 5_000 });
      const { run, users, locks, learnt } = attemptOn(aClaimedRow(), { others: [other] });
      locks.overwrite(user, otherId);

      expect(await run()).toMatchObject({
        state: 'queued',
        userId,
        attempts: 0,
        notBeforeMs: nowMs + 15_000,
      });
      expect([users.sent, learnt]).toEqual([[], []]);
    });

    it('is rejected as Superseded when that one is newer and was applied', async () => {
      const other = aResetRow({ state: 'applied', resetId: otherId, acceptedAtMs: nowMs + 1 });
      const { run, users, locks } = attemptOn(aClaimedRow(), { others: [other] });
      locks.overwrite(user, otherId);

      expect(await run()).toMatchObject({ state: 'rejected', code: 'Superseded', userId });
      expect(users.sent).toEqual([]);
    });

    it('goes on when that one is older and was applied', async () => {
      const other = aResetRow({ state: 'applied', resetId: otherId, acceptedAtMs: nowMs - 1 });
      const { run, users, locks, row } = attemptOn(aClaimedRow(), { others: [other] });
      locks.overwrite(user, otherId);

      expect(await run()).toMatchObject({ state: 'applied' });
      expect(users.sent).toHaveLength(1);
      expect(await locks.read(user)).toMatchObject({ resetId: row.resetId });
    });

    it('waits when the lock cannot be read, and sends nothing', async () => {
      const { run, locks, resets, row, users } = attemptOn(aClaimedRow());
      locks.failure = new ResetError('StorageUnavailable', 'Cannot read a lock');

      expect(await run()).toMatchObject({ state: 'queued', definiteAnswers: 1 });
      expect(users.sent).toEqual([]);
      expect(resets.row(row.resetId)).toMatchObject({ state: 'queued' });
    });
  });

  describe('a generated password that the directory refuses', () => {
    it('is replaced by another one in the seal, which keeps all else', async () => {
      const { run, users, seals, request, row } = attemptOn(aClaimedRow());
      users.answers.push('PasswordRejected');

      const next = await run();

      expect(next).toMatchObject({ state: 'queued', refusedPasswords: 1, notBeforeMs: nowMs });
      const opened = await seals.open(row.resetId, (next as { seal: string }).seal, signal);
      expect(opened?.passwordProfile.password.reveal()).toBe('Another-one-1');
      expect(opened).toEqual({ ...request, passwordProfile: opened?.passwordProfile });
    });

    it.each([
      [0, 'queued'],
      [1, 'queued'],
      [2, 'rejected'],
    ])(
      'is one of at most three: after %d refused ones it is %s',
      async (refusedPasswords, state) => {
        const { run, users } = attemptOn(aClaimedRow({ refusedPasswords }));
        users.answers.push('PasswordRejected');

        expect(await run()).toMatchObject({ state });
      },
    );

    it('is not replaced while an earlier attempt may still arrive', async () => {
      const { run, users } = attemptOn(aClaimedRow({ unknownAtMs: nowMs - 300_000 + 1 }));
      users.answers.push('PasswordRejected');

      expect(await run()).toMatchObject({ state: 'attention', code: 'OutcomeUnknown' });
    });

    it('is never replaced when the caller chose it', async () => {
      const request = aSealedRequest({ isChosen: true });
      const { run, users } = attemptOn(aClaimedRow(), { request });
      users.answers.push('PasswordRejected');

      expect(await run()).toMatchObject({ state: 'rejected', code: 'PasswordRejected' });
    });

    it('stays, and is tried again, when the other one cannot be sealed', async () => {
      const failure = new ResetError('KeyVaultUnavailable', 'Cannot read secret sealing-key');
      const { run, users } = attemptOn(aClaimedRow({ seal: 'its seal' }), {
        seals: { seal: () => Promise.reject(failure), sealEncrypted: unreachable },
      });
      users.answers.push('PasswordRejected');

      expect(await run()).toMatchObject({
        state: 'queued',
        seal: 'its seal',
        definiteAnswers: 1,
        refusedPasswords: 0,
      });
    });

    it('leaves the claim as it is when sealing fails by a bug', async () => {
      const bug = new TypeError('not a function');
      const { run, users, resets, row } = attemptOn(aClaimedRow(), {
        seals: { seal: () => Promise.reject(bug), sealEncrypted: unreachable },
      });
      users.answers.push('PasswordRejected');

      await expect(run()).rejects.toBe(bug);
      expect(resets.row(row.resetId)).toEqual(row);
    });
  });

  describe('the brakes', () => {
    it.each([
      ['succeeded', 'applied'],
      ['Throttled', 'Throttled'],
      ['OutcomeUnknown', 'OutcomeUnknown'],
    ] as const)('learn of the customer that it %s', async (lesson, answer) => {
      const { run, users, learnt } = attemptOn(aClaimedRow());
      users.answers.push(answer);

      await run();

      expect(learnt).toEqual([[customerTenantId, lesson]]);
    });

    it('learn what became of the checks', async () => {
      const checked = Promise.reject(new ResetError('Throttled', 'Cannot read'));
      const { run, learnt } = attemptOn(aClaimedRow(), { checked });

      await run();

      expect(learnt).toEqual([[customerTenantId, 'Throttled']]);
    });
  });

  describe('when the answer to the write of the outcome is lost', () => {
    const loss = new ResetError('StorageUnavailable', 'Cannot change a row');

    it('finds that it was made', async () => {
      const { run, resets, row } = attemptOn(aClaimedRow());
      resets.lostAnswers = { replace: loss };

      expect(await run()).toMatchObject({ state: 'applied' });
      expect(resets.row(row.resetId)).toMatchObject({ state: 'applied' });
    });

    it('leaves the outcome as somebody has changed it since: no seal comes back', async () => {
      const { run, resets, row } = attemptOn(aClaimedRow());
      const acknowledged = aResetRow({ state: 'applied', attemptId: row.attemptId });
      failOnce(resets, loss, () => resets.overwrite(acknowledged));

      expect(await run()).toMatchObject({ state: 'applied' });
      expect(resets.row(row.resetId)).toEqual(acknowledged);
    });

    it('makes it again when it was not made', async () => {
      const { run, resets, row } = attemptOn(aClaimedRow());
      failOnce(resets, loss);

      expect(await run()).toMatchObject({ state: 'applied' });
      expect(resets.row(row.resetId)).toMatchObject({ state: 'applied' });
    });

    it.each([
      ['claimed', { attemptId: 'attempt-of-another' }],
      ['applied', { attemptId: 'attempt-of-another' }],
    ] as const)('finds that the row is %s by somebody else', async (state, values) => {
      const { run, resets, row } = attemptOn(aClaimedRow());
      const theirs = aResetRow({ state, resetId: row.resetId, ...values });
      failOnce(resets, loss, () => resets.overwrite(theirs));

      expect(await run()).toBe('superseded');
      expect(resets.row(row.resetId)).toEqual(theirs);
    });

    it('finds that the row is gone', async () => {
      const { run, resets } = attemptOn(aClaimedRow());
      failOnce(resets, loss);
      resets.read = () => Promise.resolve(undefined);

      expect(await run()).toBe('superseded');
    });

    it('does not hide a bug behind the second try', async () => {
      const { run, resets, row } = attemptOn(aClaimedRow());
      const bug = new TypeError('not a function');
      failOnce(resets, bug);

      await expect(run()).rejects.toBe(bug);
      expect(resets.row(row.resetId)).toEqual(row);
    });
  });

  it('rejects when the outcome cannot be recorded: the claim stays, and counts as unknown', async () => {
    const { run, resets, row } = attemptOn(aClaimedRow());
    resets.failures.replace = new ResetError('StorageUnavailable', 'Cannot change a row');

    await expect(run()).rejects.toBe(resets.failures.replace);
    expect(resets.row(row.resetId)).toEqual(row);
  });
});

describe('the audit of an attempt', () => {
  it('is told before anything is sent, and of the outcome', async () => {
    const audit = new FakeAudit();
    const { run, users, row } = attemptOn(aClaimedRow({ attempts: 2 }), {
      ...tellingTo(audit),
      request: aSealedRequest({ caller: 'flow' }),
    });
    let toldBefore: readonly string[] = [];
    users.onReset = () => void (toldBefore = audit.actions);

    await run();

    expect(toldBefore).toEqual(['reset.sent']);
    const about = { caller: 'flow', customerTenantId, userId, attempt: 2 };
    const { requestId } = users.sent[0] ?? {};
    expect(audit.events).toMatchObject([
      { action: 'reset.sent', ...about, resetId: row.resetId, requestId },
      { action: 'reset.applied', ...about },
    ]);
  });

  it('has the customer of the seal, not the one beside it', async () => {
    const audit = new FakeAudit();
    const { run } = attemptOn(
      aClaimedRow({ customerTenantId: anotherCustomerTenantId }),
      tellingTo(audit),
    );

    await run();

    expect(audit.events).toMatchObject([{ customerTenantId }, { customerTenantId }]);
  });

  it('sends nothing that could not be told', async () => {
    const audit = new FakeAudit();
    audit.failure = new ResetError('StorageUnavailable', 'is away');
    const { run, users } = attemptOn(aClaimedRow(), tellingTo(audit));

    const result = await run();

    expect(users.sent).toEqual([]);
    expect(result).toMatchObject({ state: 'queued', definiteAnswers: 1 });
  });

  it('sends nothing when telling took so long that the lease is nearly over', async () => {
    const { run, users, clock } = attemptOn(aClaimedRow(), {
      audit: () => {
        clock.pass(defaultLimits.leaseMs);
        return Promise.resolve();
      },
    });

    await run();

    expect(users.sent).toEqual([]);
  });

  it('loses no outcome that could not be told', async () => {
    const { run, resets, row } = attemptOn(aClaimedRow(), {
      note: () => Promise.resolve(),
    });

    await run();

    expect(resets.row(row.resetId)).toMatchObject({ state: 'applied' });
  });

  it.each([
    ['UserNotFound', 'reset.rejected'],
    ['PartnerCenterUnavailable', 'reset.answered'],
    ['OutcomeUnknown', 'reset.answered'],
    ['PasswordRejected', 'reset.answered'],
  ] as const)('has the code of an answer %s, as %s', async (code, action) => {
    const audit = new FakeAudit();
    const { run, users } = attemptOn(aClaimedRow(), tellingTo(audit));
    users.answers.push(code);

    await run();

    expect(audit.events[1]).toMatchObject({ action, code, attempt: 1 });
  });

  it('says that a person must look, and the code of the last answer', async () => {
    const audit = new FakeAudit();
    const row = aClaimedRow({ attempts: 8, unknownAtMs: acceptedAtMs });
    const { run, users } = attemptOn(row, tellingTo(audit));
    users.answers.push('UserNotFound');

    await run();

    expect(audit.events[1]).toMatchObject({ action: 'reset.attention', code: 'UserNotFound' });
  });

  it('says nothing where nothing was tried', async () => {
    const audit = new FakeAudit();
    const stop = { reason: 'halted', untilMs: acceptedAtMs + 7_000 } as const;
    const { run } = attemptOn(aClaimedRow(), { ...tellingTo(audit), stop });

    await run();

    expect(audit.events).toEqual([]);
  });

  function tellingTo({ audit, note }: FakeAudit) {
    return { audit, note };
  }
});

/** The next change is not made, and `meanwhile` happens instead. */
function failOnce(resets: FakeResetStore, error: Error, meanwhile?: () => void): void {
  const replace = resets.replace.bind(resets);
  resets.replace = () => {
    resets.replace = replace;
    meanwhile?.();
    return Promise.reject(error);
  };
}

function unreachable(): never {
  throw new Error('was asked');
}

function aClaimedRow(values: Partial<ClaimedRow> = {}): ClaimedRow {
  return aResetRow({ state: 'claimed', ...values });
}

interface Given extends Partial<AttemptDependencies> {
  readonly checked?: Promise<typeof userId>;
  readonly request?: SealedRequest;
  /** Rows of other resets. */
  readonly others?: readonly ResetRow[];
  readonly stop?: Stop;
}

function attemptOn(row: ClaimedRow, given: Given = {}) {
  const { checked, request = aSealedRequest(), others = [], stop, ...dependencies } = given;
  const clock = new FakeClock(acceptedAtMs);
  const users = new FakeCustomerUsers([aUser()]);
  const resets = new FakeResetStore([row, ...others]);
  const locks = new FakeUserLocks();
  const seals = createSeals({ envelopes: createEnvelopes({ keys: new FakeSealingKeys() }) });
  const { settleMs } = defaultLimits;
  const learnt: unknown[] = [];
  const attempt = createAttempt({
    ...noAudit,
    encryptForRecipient: fakeEncryptForRecipient,
    users,
    resets,
    seals,
    takeUser: createTakeUser({ locks, resets, settleMs, now: clock.now }),
    brakes: {
      check: () => Promise.resolve(stop),
      succeeded: (customer) => void learnt.push([customer, 'succeeded']),
      failed: (customer, { code }) => Promise.resolve(void learnt.push([customer, code])),
    },
    newPassword: () => new Secret('Another-one-1'),
    limits: defaultLimits,
    sendTimeoutMs,
    now: clock.now,
    random: () => 0,
    ...dependencies,
  });
  const claimed = { row, etag: '"1"' };
  const run = (runSignal = signal) =>
    attempt({ claimed, request, checked: checked ?? Promise.resolve(userId) }, runSignal);
  return { run, row, request, clock, users, resets, locks, seals, learnt };
}

async function requestIdOf(row: ClaimedRow): Promise<string | undefined> {
  const { run, users } = attemptOn(row);
  await run();
  return users.sent[0]?.requestId;
}
