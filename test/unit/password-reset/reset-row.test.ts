import { describe, expect, it } from '@jest/globals';
import {
  recoveryByCode,
  ResetError,
  type ResetErrorCode,
} from '../../../shared/password-reset/reset-error.js';
import {
  cancel,
  claim,
  claimableAtMs,
  type ClaimedRow,
  countAttempt,
  defaultLimits,
  isSettled,
  isSettledState,
  newResetRow,
  type OpenRow,
  shadowEndsAtMs,
  withoutPassword,
} from '../../../shared/password-reset/reset-row.js';
import {
  type AttemptOutcome,
  giveUpSpent,
  isSpent,
  mayReplacePassword,
  quarantine,
  settle,
} from '../../../shared/password-reset/settle-row.js';
import { acceptedAtMs, aResetRow, customerTenantId, userId } from '../../builders/a-reset-row.js';

const limits = defaultLimits;
const hourMs = 3_600_000;
const nowMs = acceptedAtMs + hourMs;
const codes = Object.keys(recoveryByCode) as ResetErrorCode[];
const operatorCodes = codes.filter((code) => recoveryByCode[code] === 'operator');

describe('defaultLimits', () => {
  it('are those that the protocol was checked with', () => {
    expect(defaultLimits).toEqual({
      leaseMs: 120_000,
      settleMs: 300_000,
      maxAttempts: 8,
      maxAgeMs: 86_400_000,
      maxPatientAgeMs: 259_200_000,
      maxPasswords: 3,
      backoff: { baseMs: 5_000, capMs: 600_000 },
      maxRetryAfterMs: 900_000,
    });
  });
});

describe('newResetRow()', () => {
  it('is queued, never claimed, and may be claimed at once', () => {
    const facts = {
      resetId: 'reset-7',
      caller: 'helpdesk',
      customerTenantId,
      delivery: 'none',
      forceChangePassword: false,
      reference: 'INC-7',
      acceptedAtMs,
    } as const;

    expect(newResetRow(facts, 'its seal')).toEqual({
      ...facts,
      attempts: 0,
      definiteAnswers: 0,
      refusedPasswords: 0,
      state: 'queued',
      seal: 'its seal',
      notBeforeMs: acceptedAtMs,
    });
  });
});

describe('isSettled()', () => {
  it.each([
    ['queued', false],
    ['claimed', false],
    ['uncertain', false],
    ['applied', true],
    ['rejected', true],
    ['cancelled', true],
    ['attention', true],
  ] as const)('is for a row that is %s: %s', (state, expected) => {
    expect(isSettled(aResetRow({ state }))).toBe(expected);
    expect(isSettledState(state)).toBe(expected);
  });
});

describe('claimableAtMs()', () => {
  it.each(['queued', 'uncertain'] as const)('is what a row that is %s says', (state) => {
    expect(claimableAtMs(aResetRow({ state, notBeforeMs: 42 }), limits)).toBe(42);
  });

  it('is a settle time after the lease of a claim whose holder went silent', () => {
    const row = aResetRow({ state: 'claimed', leaseExpiresAtMs: nowMs });

    expect(claimableAtMs(row, limits)).toBe(nowMs + 300_000);
  });
});

describe('claim()', () => {
  const by = { attemptId: 'attempt-2', nowMs };

  it.each(['queued', 'uncertain', 'claimed'] as const)(
    'gives whoever claims a row that is %s a lease, and counts the attempt',
    (state) => {
      const row = aResetRow({ state, attempts: 3, seal: 'its seal', reference: 'INC-7', userId });

      expect(claim(row, by, limits)).toMatchObject({
        resetId: row.resetId,
        caller: row.caller,
        customerTenantId,
        delivery: row.delivery,
        forceChangePassword: true,
        reference: 'INC-7',
        userId,
        acceptedAtMs,
        attempts: 4,
        state: 'claimed',
        seal: 'its seal',
        attemptId: 'attempt-2',
        leaseExpiresAtMs: nowMs + 120_000,
      });
    },
  );

  it('leaves nothing of the state before', () => {
    expect(claim(aResetRow(), by, limits)).not.toHaveProperty('notBeforeMs');
    expect(claim(aResetRow(), by, limits)).not.toHaveProperty('unknownAtMs');
  });

  it.each([
    ['never before', undefined, 5_000],
    ['longer ago', 4_000, 5_000],
    ['later than that', 6_000, 6_000],
  ])(
    'counts an expired claim as unknown from the end of its lease, when unknown %s',
    (_when, unknownAtMs, expected) => {
      const row = aResetRow({
        state: 'claimed',
        leaseExpiresAtMs: 5_000,
        ...(unknownAtMs !== undefined && { unknownAtMs }),
      });

      expect(claim(row, by, limits).unknownAtMs).toBe(expected);
    },
  );

  it.each(['queued', 'uncertain'] as const)('remembers of a row %s what was unknown', (state) => {
    expect(claim(aResetRow({ state, unknownAtMs: 4_000 }), by, limits).unknownAtMs).toBe(4_000);
  });

  it('keeps the count of definite answers', () => {
    expect(claim(aResetRow({ definiteAnswers: 2 }), by, limits).definiteAnswers).toBe(2);
  });
});

describe('withoutPassword()', () => {
  it.each([
    ['nothing else', {}],
    ['when it was opened, and by which call', { openedAtMs: nowMs, openingId: 'opening-1' }],
    ['when it was revoked', { revokedAtMs: nowMs }],
  ])('forgets the password, and keeps %s', (_what, kept) => {
    const row = aResetRow({ state: 'applied', settledAtMs: nowMs, ...kept });

    const forgotten = withoutPassword({ ...row, seal: 'a seal' });

    expect(forgotten).toStrictEqual(row);
  });
});

describe('settle()', () => {
  describe('an attempt that was applied', () => {
    it('keeps the seal of what is still to be shown', () => {
      const row = aResetRow({ state: 'claimed', seal: 'its seal' });
      const toBeShown = { ...applied, seal: 'of what is shown' };

      expect(settle(row, toBeShown, at(nowMs), limits)).toEqual({
        ...factsOf(row),
        userId,
        state: 'applied',
        settledAtMs: nowMs,
        seal: 'of what is shown',
      });
    });

    it('drops its own when nothing is', () => {
      const row = aResetRow({ state: 'claimed', seal: 'its seal' });

      expect(settle(row, applied, at(nowMs), limits)).toEqual({
        ...factsOf(row),
        userId,
        state: 'applied',
        settledAtMs: nowMs,
      });
    });

    it('is applied however often and long it took, and whatever was unknown before', () => {
      const row = aResetRow({ state: 'claimed', attempts: 99, unknownAtMs: acceptedAtMs });

      expect(settle(row, applied, at(nowMs + 1_000 * hourMs), limits).state).toBe('applied');
    });
  });

  describe('an attempt that failed', () => {
    const expected = {
      never: { certain: 'rejected', spent: 'rejected', doubtful: 'attention' },
      later: { certain: 'queued', spent: 'rejected', doubtful: 'queued' },
      operator: { certain: 'rejected', spent: 'rejected', doubtful: 'attention' },
      unknown: { certain: 'uncertain', spent: 'attention', doubtful: 'uncertain' },
    } as const;

    describe.each(codes.filter(isCounted))('with %s', (code) => {
      const { certain, spent, doubtful } = expected[recoveryByCode[code]];

      it(`is ${certain}`, () => {
        const next = settle(aResetRow({ state: 'claimed' }), failed(code), at(nowMs), limits);

        expect(next.state).toBe(certain);
      });

      it(`is ${spent} when it was the last attempt`, () => {
        const row = aResetRow({ state: 'claimed', attempts: 8 });

        expect(settle(row, failed(code), at(nowMs), limits)).toMatchObject({ state: spent, code });
      });

      it(`is ${doubtful} when an earlier attempt may have been applied`, () => {
        const row = aResetRow({ state: 'claimed', attempts: 2, unknownAtMs: acceptedAtMs });

        expect(settle(row, failed(code), at(nowMs), limits).state).toBe(doubtful);
      });

      it('is attention when it was the last and an earlier one may have been applied', () => {
        const row = aResetRow({ state: 'claimed', attempts: 8, unknownAtMs: acceptedAtMs });

        expect(settle(row, failed(code), at(nowMs), limits)).toMatchObject({
          state: 'attention',
          code: 'OutcomeUnknown',
          settledAtMs: nowMs,
        });
      });
    });

    it('waits with an unknown outcome until it has settled, and keeps the same password', () => {
      const row = aResetRow({ state: 'claimed', seal: 'its seal', definiteAnswers: 2 });

      expect(settle(row, failed('OutcomeUnknown'), at(nowMs), limits)).toEqual({
        ...factsOf(row),
        unknownAtMs: nowMs,
        state: 'uncertain',
        seal: 'its seal',
        notBeforeMs: nowMs + 300_000,
      });
    });

    it('moves the unknown outcome to the latest attempt that has one', () => {
      const row = aResetRow({ state: 'claimed', unknownAtMs: acceptedAtMs });

      expect(settle(row, failed('OutcomeUnknown'), at(nowMs), limits).unknownAtMs).toBe(nowMs);
    });

    it('waits after a definite answer, counts it, and keeps the same password', () => {
      const row = aResetRow({ state: 'claimed', seal: 'its seal', definiteAnswers: 2 });
      const waiting = at(nowMs, { backoffMs: 7_000 });

      expect(settle(row, failed('PartnerCenterUnavailable'), waiting, limits)).toEqual({
        ...factsOf(row),
        definiteAnswers: 3,
        state: 'queued',
        seal: 'its seal',
        notBeforeMs: nowMs + 7_000,
      });
    });

    it('forgets no unknown outcome over a definite answer', () => {
      const row = aResetRow({ state: 'claimed', unknownAtMs: acceptedAtMs });

      expect(settle(row, failed('Throttled'), at(nowMs), limits).unknownAtMs).toBe(acceptedAtMs);
    });

    it.each([
      ['the back-off when nothing is wished', undefined, 7_000, 7_000],
      ['the wish when it is longer', 60_000, 7_000, 60_000],
      ['the back-off when that is longer', 3_000, 7_000, 7_000],
      ['not at all when neither asks for it', 0, 0, 0],
      ['a quarter of an hour when that is wished', 900_000, 7_000, 900_000],
      ['a quarter of an hour when more is wished', 900_001, 7_000, 900_000],
    ])('waits %s', (_what, retryAfterMs, backoffMs, expectedMs) => {
      const row = aResetRow({ state: 'claimed' });

      const error = failed('PartnerCenterUnavailable', retryAfterMs);
      const next = settle(row, error, at(nowMs, { backoffMs }), limits);

      expect(next).toMatchObject({ state: 'queued', notBeforeMs: nowMs + expectedMs });
    });

    it('has no seal, and no lease, when it is rejected', () => {
      const row = aResetRow({ state: 'claimed', reference: 'INC-7' });

      expect(settle(row, failed('UserNotFound'), at(nowMs), limits)).toEqual({
        ...factsOf(row),
        state: 'rejected',
        settledAtMs: nowMs,
        code: 'UserNotFound',
      });
    });

    it('has no seal when a person must look', () => {
      const row = aResetRow({ state: 'claimed', attempts: 8 });

      expect(settle(row, failed('OutcomeUnknown'), at(nowMs), limits)).toEqual({
        ...factsOf(row),
        unknownAtMs: nowMs,
        state: 'attention',
        settledAtMs: nowMs,
        code: 'OutcomeUnknown',
      });
    });

    it('remembers the user once that is known', () => {
      const row = aResetRow({ state: 'claimed' });
      const outcome = { ...failed('Throttled'), userId };

      expect(settle(row, outcome, at(nowMs), limits).userId).toBe(userId);
    });

    it('keeps the user that an earlier attempt found', () => {
      const row = aResetRow({ state: 'claimed', userId });

      expect(settle(row, failed('Throttled'), at(nowMs), limits).userId).toBe(userId);
    });

    it.each([
      ['the attempt before the last', 7, acceptedAtMs, false],
      ['the last attempt', 8, acceptedAtMs, true],
      ['one more than the last', 9, acceptedAtMs, true],
      ['an attempt just below 24 hours', 1, acceptedAtMs + 24 * hourMs - 1, false],
      ['an attempt after 24 hours', 1, acceptedAtMs + 24 * hourMs, true],
    ])('after %s', (_what, attempts, atMs, isGivenUp) => {
      const row = aResetRow({ state: 'claimed', attempts });

      for (const code of ['PartnerCenterUnavailable', 'OutcomeUnknown'] as const) {
        expect(isSettled(settle(row, failed(code), at(atMs), limits))).toBe(isGivenUp);
      }
    });

    it('does not count as an attempt when it was told to wait', () => {
      const row = aResetRow({ state: 'claimed', attempts: 3, definiteAnswers: 2 });

      expect(settle(row, failed('Throttled'), at(nowMs), limits)).toMatchObject({
        state: 'queued',
        attempts: 2,
        definiteAnswers: 3,
      });
    });

    it.each([
      ['the last attempt', 8, acceptedAtMs, 'queued'],
      ['an attempt just below 24 hours', 8, acceptedAtMs + 24 * hourMs - 1, 'queued'],
      ['an attempt after 24 hours', 1, acceptedAtMs + 24 * hourMs, 'rejected'],
    ])('told to wait at %s: only the age ends it', (_what, attempts, atMs, state) => {
      const row = aResetRow({ state: 'claimed', attempts });

      expect(settle(row, failed('Throttled'), at(atMs), limits)).toMatchObject({ state });
    });

    describe.each(operatorCodes)('with %s in a row that nobody waits for in person', (code) => {
      it.each([
        ['waits for whoever runs the service, and counts no attempt', 8, 71 * hourMs],
        ['waits just below 72 hours', 1, 72 * hourMs - 1],
      ])('%s', (_what, attempts, ageMs) => {
        const row = aResetRow({ state: 'claimed', attempts, seal: 'its seal' });
        const patient = at(acceptedAtMs + ageMs, { isPatient: true, backoffMs: 7_000 });

        expect(settle(row, failed(code), patient, limits)).toEqual({
          ...factsOf(row),
          attempts: attempts - 1,
          definiteAnswers: 1,
          state: 'queued',
          seal: 'its seal',
          notBeforeMs: patient.nowMs + 7_000,
        });
      });

      it('is rejected after 72 hours', () => {
        const patient = at(acceptedAtMs + 72 * hourMs, { isPatient: true });

        expect(
          settle(aResetRow({ state: 'claimed' }), failed(code), patient, limits),
        ).toMatchObject({ state: 'rejected', code });
      });
    });

    it.each([
      ['just below 72 hours', 72 * hourMs - 1, false],
      ['after 72 hours', 72 * hourMs, true],
    ])('in a row that nobody waits for in person, %s', (_when, ageMs, isGivenUp) => {
      const patient = at(acceptedAtMs + ageMs, { isPatient: true });

      for (const code of ['PartnerCenterUnavailable', 'OutcomeUnknown'] as const) {
        const next = settle(aResetRow({ state: 'claimed' }), failed(code), patient, limits);
        expect(isSettled(next)).toBe(isGivenUp);
      }
    });
  });

  describe('an attempt that gave way to somebody else', () => {
    const postponed = { kind: 'postponed', userId, untilMs: nowMs + 9_000 } as const;

    it('waits as long as that takes, and counts neither an attempt nor an answer', () => {
      const row = aResetRow({ state: 'claimed', seal: 'its seal', attempts: 3 });

      expect(settle(row, postponed, at(nowMs, { backoffMs: 7_000 }), limits)).toEqual({
        ...factsOf(row),
        attempts: 2,
        userId,
        state: 'queued',
        seal: 'its seal',
        notBeforeMs: nowMs + 9_000,
      });
    });

    it('forgets no unknown outcome', () => {
      const row = aResetRow({ state: 'claimed', unknownAtMs: acceptedAtMs });

      expect(settle(row, postponed, at(nowMs), limits).unknownAtMs).toBe(acceptedAtMs);
    });
  });

  describe('an attempt whose generated password was refused', () => {
    it('is queued at once with the seal of another one', () => {
      const row = aResetRow({ state: 'claimed', attempts: 2, seal: 'the refused one' });
      const outcome = { kind: 'passwordReplaced', userId, seal: 'another one' } as const;

      expect(settle(row, outcome, at(nowMs, { backoffMs: 7_000 }), limits)).toEqual({
        ...factsOf(row),
        definiteAnswers: 1,
        refusedPasswords: 1,
        userId,
        state: 'queued',
        seal: 'another one',
        notBeforeMs: nowMs,
      });
    });
  });
});

describe('shadowEndsAtMs()', () => {
  it.each([
    ['long ago when no outcome is unknown', {}, 0],
    ['a settle time after the unknown outcome', { unknownAtMs: 42 }, 300_042],
  ])('is %s', (_when, facts, expected) => {
    expect(shadowEndsAtMs(facts, limits)).toBe(expected);
  });
});

describe('mayReplacePassword()', () => {
  it.each([
    ['the first password', { refusedPasswords: 0 }, true],
    ['the second password', { refusedPasswords: 1 }, true],
    ['the third password', { refusedPasswords: 2 }, false],
    ['a password in the shadow', { unknownAtMs: nowMs - 300_000 + 1 }, false],
    ['a password after the shadow', { unknownAtMs: nowMs - 300_000 }, true],
  ])('for %s that is refused: %j %s', (_what, values, expected) => {
    expect(mayReplacePassword(aResetRow(values), nowMs, limits)).toBe(expected);
  });
});

describe('isSpent()', () => {
  const dayMs = 24 * hourMs;

  it.each([
    ['with an attempt left', 7, dayMs - 1, false, false],
    ['after the last attempt', 8, 0, false, true],
    ['after a day', 0, dayMs, false, true],
    ['of a job, after a day', 7, dayMs, true, false],
    ['of a job, just below three days', 7, 3 * dayMs - 1, true, false],
    ['of a job, after three days', 0, 3 * dayMs, true, true],
    ['of a job, after the last attempt', 8, 0, true, true],
  ])('of a row %s', (_what, attempts, ageMs, isPatient, expected) => {
    const circumstances = { nowMs: acceptedAtMs + ageMs, isPatient };

    expect(isSpent({ attempts, acceptedAtMs }, circumstances, limits)).toBe(expected);
  });
});

describe('giveUpSpent()', () => {
  it('rejects a row that certainly changed nothing, without its seal', () => {
    const row = aResetRow({ attempts: 8, notBeforeMs: nowMs });

    expect(giveUpSpent(row, nowMs)).toEqual({
      ...withoutState(row),
      state: 'rejected',
      code: 'TimedOut',
      settledAtMs: nowMs,
    });
  });

  it.each([
    ['uncertain', { unknownAtMs: acceptedAtMs }, acceptedAtMs],
    ['queued', { unknownAtMs: acceptedAtMs }, acceptedAtMs],
    ['claimed', { leaseExpiresAtMs: acceptedAtMs + 7 }, acceptedAtMs + 7],
  ] as const)('leaves a row that is %s, %j, to a person', (state, values, unknownAtMs) => {
    expect(giveUpSpent(aResetRow({ state, ...values }), nowMs)).toMatchObject({
      state: 'attention',
      code: 'OutcomeUnknown',
      settledAtMs: nowMs,
      unknownAtMs,
    });
  });
});

describe('quarantine()', () => {
  it('leaves even a row that was never claimed to a person, without its seal', () => {
    const row = aResetRow();

    expect(quarantine(row, nowMs)).toEqual({
      ...withoutState(row),
      state: 'attention',
      code: 'OutcomeUnknown',
      settledAtMs: nowMs,
    });
  });

  it('remembers that the holder of a claim went silent', () => {
    const row = aResetRow({ state: 'claimed', leaseExpiresAtMs: 42 });

    expect(quarantine(row, nowMs).unknownAtMs).toBe(42);
  });
});

describe('cancel()', () => {
  it('ends a row without its seal', () => {
    const row = aResetRow({ reference: 'INC-7' });

    expect(cancel(row, nowMs)).toEqual({
      ...withoutState(row),
      state: 'cancelled',
      settledAtMs: nowMs,
    });
  });
});

describe('countAttempt()', () => {
  it('counts one and changes nothing else', () => {
    const row = aResetRow({ attempts: 3, unknownAtMs: 42 });

    expect(countAttempt(row)).toEqual({ ...row, attempts: 4 });
  });
});

describe('the life of a row', () => {
  it('is claimed, throttled, unknown, silent, and keeps the seal it began with until it is applied', () => {
    const queued = aResetRow({ seal: 'its seal' });

    const throttled = settle(claimAt(queued, 0), failed('Throttled'), at(1), limits);
    const unknown = settle(claimAt(throttled, 2), failed('OutcomeUnknown'), at(3), limits);
    const silent = claimAt(unknown, 4);
    const last = claimAt(silent, 500_000);
    const done = settle(last, applied, at(500_001), limits);

    expect(last.seal).toBe('its seal');
    expect(done).toMatchObject({
      state: 'applied',
      attempts: 3,
      definiteAnswers: 1,
      unknownAtMs: silent.leaseExpiresAtMs,
      settledAtMs: 500_001,
    });
  });
});

const applied: AttemptOutcome = { kind: 'applied', userId };

function failed(code: ResetErrorCode, retryAfterMs?: number): AttemptOutcome {
  return { kind: 'failed', error: new ResetError(code, code, { retryAfterMs }) };
}

function at(nowMs: number, { backoffMs = 0, isPatient = false } = {}) {
  return { nowMs, backoffMs, isPatient };
}

function claimAt(row: ReturnType<typeof settle>, nowMs: number): ClaimedRow {
  return claim(row as OpenRow, { attemptId: `attempt-at-${nowMs}`, nowMs }, limits);
}

/** What stays of a claimed row, whatever becomes of the attempt. */
function factsOf(row: ClaimedRow): object {
  const ofTheClaim = ['state', 'seal', 'leaseExpiresAtMs'];
  return Object.fromEntries(Object.entries(row).filter(([name]) => !ofTheClaim.includes(name)));
}

/** What stays of a row, whatever it becomes. */
function withoutState(row: OpenRow): object {
  const ofTheState = ['state', 'seal', 'notBeforeMs'];
  return Object.fromEntries(Object.entries(row).filter(([name]) => !ofTheState.includes(name)));
}

/** To be told to wait is no failure of the row. */
function isCounted(code: ResetErrorCode): boolean {
  return code !== 'Throttled';
}
