import { type ResetError, type ResetErrorCode, recoveryByCode } from './reset-error.js';
import type { UserId } from './ids.js';
import {
  type ClaimedRow,
  factsOf,
  type OpenRow,
  type ResetFacts,
  type ResetLimits,
  type ResetRow,
  type SettledRow,
  shadowEndsAtMs,
  unknownOfLostClaim,
} from './reset-row.js';

/** What became of one attempt. */
export type AttemptOutcome =
  | {
      readonly kind: 'applied';
      readonly userId: UserId;
      /** Of the password as it is still to be shown. */
      readonly seal?: string;
    }
  | { readonly kind: 'failed'; readonly userId?: UserId; readonly error: ResetError }
  /** Nothing was sent, because somebody else comes first. */
  | { readonly kind: 'postponed'; readonly userId?: UserId; readonly untilMs: number }
  /** The directory refused the generated password; the seal holds another one. */
  | { readonly kind: 'passwordReplaced'; readonly userId: UserId; readonly seal: string };

export interface SettleCircumstances {
  readonly nowMs: number;
  /** The wait before the next attempt, when there will be one. */
  readonly backoffMs: number;
  /** A row of a job: nobody waits in person, so it outlasts what whoever runs the service can mend. */
  readonly isPatient: boolean;
}

export function settle(
  row: ClaimedRow,
  outcome: AttemptOutcome,
  circumstances: SettleCircumstances,
  limits: ResetLimits,
): ResetRow {
  const { nowMs } = circumstances;
  const { seal } = row;
  const facts = {
    ...factsOf(row),
    ...(outcome.userId !== undefined && { userId: outcome.userId }),
  };
  switch (outcome.kind) {
    case 'applied':
      return {
        ...facts,
        state: 'applied',
        settledAtMs: nowMs,
        ...(outcome.seal !== undefined && { seal: outcome.seal }),
      };
    case 'postponed': {
      const attempts = row.attempts - 1;
      return { ...facts, attempts, state: 'queued', seal, notBeforeMs: outcome.untilMs };
    }
    case 'passwordReplaced':
      return {
        ...facts,
        definiteAnswers: row.definiteAnswers + 1,
        refusedPasswords: row.refusedPasswords + 1,
        state: 'queued',
        seal: outcome.seal,
        notBeforeMs: nowMs,
      };
    case 'failed':
      return settleFailed(row, facts, outcome.error, circumstances, limits);
  }
}

function settleFailed(
  { seal }: ClaimedRow,
  facts: ResetFacts,
  { code, retryAfterMs }: ResetError,
  circumstances: SettleCircumstances,
  limits: ResetLimits,
): ResetRow {
  const { nowMs, backoffMs, isPatient } = circumstances;
  const again = (attempts: number): ResetRow => {
    const next = { ...facts, attempts, definiteAnswers: facts.definiteAnswers + 1 };
    if (isSpent(next, circumstances, limits)) return giveUp(facts, code, nowMs);
    const wishMs = Math.min(retryAfterMs ?? 0, limits.maxRetryAfterMs);
    return { ...next, state: 'queued', seal, notBeforeMs: nowMs + Math.max(wishMs, backoffMs) };
  };

  switch (recoveryByCode[code]) {
    case 'unknown': {
      const unknown = { ...facts, unknownAtMs: nowMs };
      return isSpent(facts, circumstances, limits)
        ? giveUp(unknown, code, nowMs)
        : { ...unknown, state: 'uncertain', seal, notBeforeMs: nowMs + limits.settleMs };
    }
    case 'later':
      // To be told to wait is no failure of this row: only its age ends it.
      return again(code === 'Throttled' ? facts.attempts - 1 : facts.attempts);
    case 'operator':
      return isPatient ? again(facts.attempts - 1) : giveUp(facts, code, nowMs);
    case 'never':
      return giveUp(facts, code, nowMs);
  }
}

export function mayReplacePassword(
  row: ResetFacts,
  nowMs: number,
  limits: Pick<ResetLimits, 'settleMs' | 'maxPasswords'>,
): boolean {
  return row.refusedPasswords + 1 < limits.maxPasswords && nowMs >= shadowEndsAtMs(row, limits);
}

/** Whether a row that nobody holds has had all the attempts or all the time there is. */
export function isSpent(
  { attempts, acceptedAtMs }: Pick<ResetFacts, 'attempts' | 'acceptedAtMs'>,
  { nowMs, isPatient }: Omit<SettleCircumstances, 'backoffMs'>,
  limits: Pick<ResetLimits, 'maxAttempts' | 'maxAgeMs' | 'maxPatientAgeMs'>,
): boolean {
  const maxAgeMs = isPatient ? limits.maxPatientAgeMs : limits.maxAgeMs;
  return attempts >= limits.maxAttempts || nowMs - acceptedAtMs >= maxAgeMs;
}

/** Ends a row that is spent before another attempt. */
export function giveUpSpent(row: OpenRow, nowMs: number): SettledRow {
  return giveUp({ ...factsOf(row), ...unknownOfLostClaim(row) }, 'TimedOut', nowMs);
}

/** Ends a row that cannot be trusted or understood: a person must look. */
export function quarantine(row: OpenRow, settledAtMs: number): SettledRow {
  const facts = { ...factsOf(row), ...unknownOfLostClaim(row) };
  return { ...facts, state: 'attention', settledAtMs, code: 'OutcomeUnknown' };
}

/** A refusal is believed only if no earlier attempt can have been applied. */
function giveUp(facts: ResetFacts, code: ResetErrorCode, settledAtMs: number): SettledRow {
  return facts.unknownAtMs === undefined
    ? { ...facts, state: 'rejected', settledAtMs, code }
    : { ...facts, state: 'attention', settledAtMs, code: 'OutcomeUnknown' };
}
