import { describe, expect, it } from '@jest/globals';
import {
  recoveryByCode,
  ResetError,
  type ResetErrorCode,
} from '../../../shared/password-reset/reset-error.js';
import {
  type AttemptOutcome,
  claim,
  claimableAtMs,
  type ClaimedRow,
  defaultLimits,
  isSettled,
  newResetRow,
  type OpenRow,
  settle,
} from '../../../shared/password-reset/reset-row.js';
import { acceptedAtMs, aResetRow, customerTenantId, userId } from '../../builders/a-reset-row.js';

const limits = defaultLimits;
const hourMs = 3_600_000;
const nowMs = acceptedAtMs + hourMs;
const codes = Object.keys(recoveryByCode) as ResetErrorCode[];

describe('defaultLimits', () => {
  it('are those that the protocol was checked with', () => {
    expect(defaultLimits).toEqual({
      leaseMs: 120_000,
      settleMs: 300_000,
      maxAttempts: 8,
      maxAgeMs: 86_400_000,
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

describe('settle()', () => {
  describe('an attempt that was applied', () => {
    it('keeps the seal while the password is to be delivered', () => {
      const row = aResetRow({ state: 'claimed', seal: 'its seal', delivery: 'response' });

      expect(settle(row, applied, at(nowMs), limits)).toEqual({
        ...factsOf(row),
        userId,
        state: 'applied',
        settledAtMs: nowMs,
        seal: 'its seal',
      });
    });

    it('drops the seal when the password goes to nobody', () => {
      const row = aResetRow({ state: 'claimed', delivery: 'none' });

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
      unknown: { certain: 'uncertain', spent: 'attention', doubtful: 'uncertain' },
    } as const;

    describe.each(codes)('with %s', (code) => {
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

      expect(settle(row, failed('Throttled'), at(nowMs, 7_000), limits)).toEqual({
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

      const next = settle(row, failed('Throttled', retryAfterMs), at(nowMs, backoffMs), limits);

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

      for (const code of ['Throttled', 'OutcomeUnknown'] as const) {
        expect(isSettled(settle(row, failed(code), at(atMs), limits))).toBe(isGivenUp);
      }
    });
  });
});

describe('the life of a row', () => {
  it('is claimed, throttled, unknown, silent, and then applied with the seal it began with', () => {
    const queued = aResetRow({ seal: 'its seal' });

    const throttled = settle(claimAt(queued, 0), failed('Throttled'), at(1), limits);
    const unknown = settle(claimAt(throttled, 2), failed('OutcomeUnknown'), at(3), limits);
    const silent = claimAt(unknown, 4);
    const done = settle(claimAt(silent, 500_000), applied, at(500_001), limits);

    expect(done).toMatchObject({
      state: 'applied',
      seal: 'its seal',
      attempts: 4,
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

function at(nowMs: number, backoffMs = 0) {
  return { nowMs, backoffMs };
}

function claimAt(row: ReturnType<typeof settle>, nowMs: number): ClaimedRow {
  return claim(row as OpenRow, { attemptId: `attempt-at-${nowMs}`, nowMs }, limits);
}

/** What stays of a claimed row, whatever becomes of the attempt. */
function factsOf(row: ClaimedRow): object {
  const ofTheClaim = ['state', 'seal', 'attemptId', 'leaseExpiresAtMs'];
  return Object.fromEntries(Object.entries(row).filter(([name]) => !ofTheClaim.includes(name)));
}
