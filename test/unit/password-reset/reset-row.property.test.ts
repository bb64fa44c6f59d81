import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  recoveryByCode,
  ResetError,
  type ResetErrorCode,
} from '../../../shared/password-reset/reset-error.js';
import {
  claim,
  claimableAtMs,
  type ClaimedRow,
  defaultLimits as limits,
  isSettled,
  newResetRow,
  type ResetRow,
  shadowEndsAtMs,
} from '../../../shared/password-reset/reset-row.js';
import {
  type AttemptOutcome,
  giveUpSpent,
  isSpent,
  mayReplacePassword,
  settle,
} from '../../../shared/password-reset/settle-row.js';
import { acceptedAtMs, customerTenantId, userId } from '../../builders/a-reset-row.js';

/** What happens to a row next: some time passes, then somebody looks at it if its time has come. */
interface Event {
  readonly waitMs: number;
  /** What becomes of the attempt; the worker dies when it is absent. */
  readonly outcome: 'applied' | 'postponed' | ResetErrorCode | undefined;
  readonly sendMs: number;
}

interface Step {
  readonly before: ResetRow;
  readonly after: ResetRow;
  readonly nowMs: number;
  /** Whether any attempt so far can have been applied, whatever the row says. */
  readonly mayBeApplied: boolean;
}

const codes = Object.keys(recoveryByCode) as ResetErrorCode[];
/** Seldom a final one, so that most rows live long. */
const anOutcome = fc.oneof(
  { weight: 10, arbitrary: fc.constantFrom(...codes.filter((code) => !isFinal(code))) },
  { weight: 4, arbitrary: fc.constantFrom('postponed', 'PasswordRejected', undefined) },
  { weight: 1, arbitrary: fc.constantFrom('applied', ...codes.filter(isFinal)) },
);
const anEvent: fc.Arbitrary<Event> = fc.record({
  waitMs: fc.oneof(
    { weight: 20, arbitrary: fc.integer({ min: 0, max: 900_000 }) },
    { weight: 1, arbitrary: fc.constant(8 * 3_600_000) },
  ),
  outcome: anOutcome,
  sendMs: fc.integer({ min: 0, max: 60_000 }),
});
const aLife = fc.record({
  events: fc.array(anEvent, { maxLength: 60, size: 'max' }),
  isPatient: fc.boolean(),
});

describe('the life of a row', () => {
  it('ends once: no final state is ever left', () => {
    expect(violationOf(({ before, after }) => !isSettled(before) || after === before)).toBeNull();
  });

  it('has no more attempts than there are', () => {
    expect(
      violationOf(({ after }) => after.attempts >= 0 && after.attempts <= limits.maxAttempts),
    ).toBeNull();
  });

  it('never forgets an unknown outcome, nor moves it back', () => {
    expect(
      violationOf(({ before, after }) => (after.unknownAtMs ?? 0) >= (before.unknownAtMs ?? 0)),
    ).toBeNull();
  });

  it('is rejected only when no attempt can have been applied', () => {
    expect(
      violationOf(({ after, mayBeApplied }) => after.state !== 'rejected' || !mayBeApplied),
    ).toBeNull();
  });

  it('is left to a person only when an attempt can have been applied', () => {
    expect(
      violationOf(({ after, mayBeApplied }) => after.state !== 'attention' || mayBeApplied),
    ).toBeNull();
  });

  it('gets no new password in its own shadow', () => {
    expect(
      violationOf(
        ({ before, after, nowMs }) =>
          sealOf(before) === sealOf(after) ||
          isSettled(after) ||
          nowMs >= shadowEndsAtMs(before, limits),
      ),
    ).toBeNull();
  });

  it('gets a new password only when one was refused', () => {
    expect(
      violationOf(
        ({ before, after }) =>
          isSettled(after) ||
          (sealOf(before) !== sealOf(after)) === after.refusedPasswords > before.refusedPasswords,
      ),
    ).toBeNull();
  });

  it('has three generated passwords at most', () => {
    expect(violationOf(({ after }) => after.refusedPasswords < limits.maxPasswords)).toBeNull();
  });

  it('is not claimed while an attempt that nobody answered may still arrive', () => {
    expect(
      violationOf(
        ({ before, after, nowMs }) =>
          before.state === 'queued' ||
          before === after ||
          after.state !== 'claimed' ||
          nowMs >= shadowEndsAtMs(after, limits),
      ),
    ).toBeNull();
  });

  it('keeps one request id until there is an answer', () => {
    expect(
      violationOf(({ before, after }) => {
        const answers = after.definiteAnswers - before.definiteAnswers;
        return answers === 0 || (answers === 1 && after.state === 'queued');
      }),
    ).toBeNull();
  });

  it('has no secret left once it is over, unless it is to be delivered', () => {
    expect(
      violationOf(
        ({ after }) =>
          !isSettled(after) || after.state === 'applied' || sealOf(after) === undefined,
      ),
    ).toBeNull();
  });
});

function isFinal(code: ResetErrorCode): boolean {
  return recoveryByCode[code] === 'never';
}

/** A life in which this does not hold at some step, or null. */
function violationOf(isRight: (step: Step) => boolean): unknown {
  const lives = fc.property(aLife, ({ events, isPatient }) =>
    [...live(events, isPatient)].every(isRight),
  );
  return fc.check(lives, { numRuns: 500 }).counterexample;
}

function sealOf(row: ResetRow): string | undefined {
  return 'seal' in row ? row.seal : undefined;
}

function* live(events: readonly Event[], isPatient: boolean): Generator<Step> {
  let nowMs = acceptedAtMs;
  let row: ResetRow = aNewRow();
  let mayBeApplied = false;
  for (const [at, { waitMs, outcome, sendMs }] of events.entries()) {
    nowMs += waitMs;
    const seen = look(row, nowMs, isPatient);
    yield { before: row, after: seen, nowMs, mayBeApplied };
    const isClaimedNow = seen !== row && seen.state === 'claimed';
    row = seen;
    if (!isClaimedNow || row.state !== 'claimed') continue;
    mayBeApplied ||= outcome === undefined || outcome === 'OutcomeUnknown';
    if (outcome === undefined) continue;

    nowMs += sendMs;
    const attempted = toOutcome(row, outcome, nowMs, `seal ${at}`);
    const after = settle(row, attempted, { nowMs, backoffMs: sendMs, isPatient }, limits);
    yield { before: row, after, nowMs, mayBeApplied };
    row = after;
  }
}

/** What whoever is woken up does. */
function look(row: ResetRow, nowMs: number, isPatient: boolean): ResetRow {
  if (isSettled(row) || claimableAtMs(row, limits) > nowMs) return row;
  if (isSpent(row, { nowMs, isPatient }, limits)) return giveUpSpent(row, nowMs);
  return claim(row, { attemptId: `attempt at ${nowMs}`, nowMs }, limits);
}

function toOutcome(
  row: ClaimedRow,
  outcome: 'applied' | 'postponed' | ResetErrorCode,
  nowMs: number,
  seal: string,
): AttemptOutcome {
  if (outcome === 'applied') return { kind: 'applied', userId };
  if (outcome === 'postponed') return { kind: 'postponed', userId, untilMs: nowMs + 10_000 };
  if (outcome === 'PasswordRejected' && mayReplacePassword(row, nowMs, limits)) {
    return { kind: 'passwordReplaced', userId, seal };
  }
  return { kind: 'failed', userId, error: new ResetError(outcome, outcome) };
}

function aNewRow(): ResetRow {
  const facts = {
    resetId: 'reset-7',
    caller: 'helpdesk',
    customerTenantId,
    delivery: 'response',
    forceChangePassword: true,
    acceptedAtMs,
  } as const;
  return newResetRow(facts, 'the first seal');
}
