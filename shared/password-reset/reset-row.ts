import { type ResetError, type ResetErrorCode, recoveryByCode } from './reset-error.js';
import type { CustomerTenantId, UserId } from './ids.js';

/** How the password reaches its person: in the answer to the caller, or not at all. */
export type Delivery = 'response' | 'none';

/** The one record of a password reset. Everything else (queue messages, monitors) only points at it. */
export type ResetRow = ResetFacts & ResetState;

export interface ResetFacts {
  readonly resetId: string;
  /** Name of the caller who asked. */
  readonly caller: string;
  readonly customerTenantId: CustomerTenantId;
  readonly delivery: Delivery;
  readonly forceChangePassword: boolean;
  /** The caller's own reference, such as a ticket number. */
  readonly reference?: string;
  readonly acceptedAtMs: number;
  /** Claims so far. */
  readonly attempts: number;
  /** Attempts that certainly changed nothing and may be repeated; each gives the next one a new request id. */
  readonly definiteAnswers: number;
  /** When an attempt with unknown outcome was last under way; absent when there never was one. */
  readonly unknownAtMs?: number;
  /** Known once the user was looked up. */
  readonly userId?: UserId;
}

export type ResetState = OpenState | SettledState;

type OpenState =
  | { readonly state: 'queued'; readonly seal: string; readonly notBeforeMs: number }
  | ClaimedState
  | { readonly state: 'uncertain'; readonly seal: string; readonly notBeforeMs: number };

interface ClaimedState {
  readonly state: 'claimed';
  readonly seal: string;
  readonly attemptId: string;
  /** Until then nobody else may send for this row. */
  readonly leaseExpiresAtMs: number;
}

type SettledState =
  /** The password was changed. The seal stays while the password is still to be delivered. */
  | { readonly state: 'applied'; readonly settledAtMs: number; readonly seal?: string }
  /** Refused for good, and certainly never applied. */
  | { readonly state: 'rejected'; readonly settledAtMs: number; readonly code: ResetErrorCode }
  /** Withdrawn before the first attempt. */
  | { readonly state: 'cancelled'; readonly settledAtMs: number }
  /** Given up although the password may have been changed: a person must look. */
  | { readonly state: 'attention'; readonly settledAtMs: number; readonly code: 'OutcomeUnknown' };

export type OpenRow = ResetFacts & OpenState;
export type ClaimedRow = ResetFacts & ClaimedState;
export type SettledRow = ResetFacts & SettledState;

/** What became of one attempt. */
export type AttemptOutcome =
  | { readonly kind: 'applied'; readonly userId: UserId }
  | { readonly kind: 'failed'; readonly userId?: UserId; readonly error: ResetError };

export interface ResetLimits {
  /** A worker's exclusive right to send. */
  readonly leaseMs: number;
  /** How long an attempt with unknown outcome may still arrive at the directory. */
  readonly settleMs: number;
  readonly maxAttempts: number;
  readonly maxAgeMs: number;
  readonly backoff: { readonly baseMs: number; readonly capMs: number };
  /** The longest wish of the other side that is granted. */
  readonly maxRetryAfterMs: number;
}

export const defaultLimits: ResetLimits = {
  leaseMs: 120_000,
  settleMs: 300_000,
  maxAttempts: 8,
  maxAgeMs: 24 * 3_600_000,
  backoff: { baseMs: 5_000, capMs: 600_000 },
  maxRetryAfterMs: 900_000,
};

export type NewReset = Omit<ResetFacts, 'attempts' | 'definiteAnswers' | 'unknownAtMs' | 'userId'>;

export function newResetRow(facts: NewReset, seal: string): OpenRow {
  return {
    ...facts,
    attempts: 0,
    definiteAnswers: 0,
    state: 'queued',
    seal,
    notBeforeMs: facts.acceptedAtMs,
  };
}

export function isSettled(row: ResetRow): row is SettledRow {
  return isSettledState(row.state);
}

export function isSettledState(state: ResetState['state']): state is SettledState['state'] {
  return state !== 'queued' && state !== 'claimed' && state !== 'uncertain';
}

/**
 * When the row may be claimed. A claim whose holder went silent counts as an attempt with unknown
 * outcome from the end of its lease, so it is left alone for the settle time like any other.
 */
export function claimableAtMs(row: OpenRow, limits: ResetLimits): number {
  return row.state === 'claimed' ? row.leaseExpiresAtMs + limits.settleMs : row.notBeforeMs;
}

export function claim(
  row: OpenRow,
  { attemptId, nowMs }: { readonly attemptId: string; readonly nowMs: number },
  limits: ResetLimits,
): ClaimedRow {
  return {
    ...factsOf(row),
    ...(row.state === 'claimed' && {
      unknownAtMs: Math.max(row.unknownAtMs ?? 0, row.leaseExpiresAtMs),
    }),
    attempts: row.attempts + 1,
    state: 'claimed',
    seal: row.seal,
    attemptId,
    leaseExpiresAtMs: nowMs + limits.leaseMs,
  };
}

/** Withdraws a row that nobody has claimed yet. */
export function cancel(row: OpenRow, settledAtMs: number): SettledRow {
  return { ...factsOf(row), state: 'cancelled', settledAtMs };
}

/** @param backoffMs the wait before the next attempt, when there will be one */
export function settle(
  row: ClaimedRow,
  outcome: AttemptOutcome,
  { nowMs, backoffMs }: { readonly nowMs: number; readonly backoffMs: number },
  limits: ResetLimits,
): ResetRow {
  const { seal } = row;
  const facts = {
    ...factsOf(row),
    ...(outcome.userId !== undefined && { userId: outcome.userId }),
  };
  if (outcome.kind === 'applied') {
    const isToBeDelivered = row.delivery !== 'none';
    return { ...facts, state: 'applied', settledAtMs: nowMs, ...(isToBeDelivered && { seal }) };
  }

  const { code, retryAfterMs } = outcome.error;
  const isSpent = row.attempts >= limits.maxAttempts || nowMs - row.acceptedAtMs >= limits.maxAgeMs;
  switch (recoveryByCode[code]) {
    case 'unknown': {
      const unknown = { ...facts, unknownAtMs: nowMs };
      return isSpent
        ? giveUp(unknown, code, nowMs)
        : { ...unknown, state: 'uncertain', seal, notBeforeMs: nowMs + limits.settleMs };
    }
    case 'later': {
      if (isSpent) return giveUp(facts, code, nowMs);
      const wishMs = Math.min(retryAfterMs ?? 0, limits.maxRetryAfterMs);
      const notBeforeMs = nowMs + Math.max(wishMs, backoffMs);
      return {
        ...facts,
        definiteAnswers: row.definiteAnswers + 1,
        state: 'queued',
        seal,
        notBeforeMs,
      };
    }
    case 'never':
      return giveUp(facts, code, nowMs);
  }
}

/** A refusal is believed only if no earlier attempt can have been applied. */
function giveUp(facts: ResetFacts, code: ResetErrorCode, settledAtMs: number): ResetRow {
  return facts.unknownAtMs === undefined
    ? { ...facts, state: 'rejected', settledAtMs, code }
    : { ...facts, state: 'attention', settledAtMs, code: 'OutcomeUnknown' };
}

function factsOf(row: OpenRow): ResetFacts {
  const { resetId, caller, customerTenantId, delivery, forceChangePassword } = row;
  return {
    resetId,
    caller,
    customerTenantId,
    delivery,
    forceChangePassword,
    acceptedAtMs: row.acceptedAtMs,
    attempts: row.attempts,
    definiteAnswers: row.definiteAnswers,
    ...(row.reference !== undefined && { reference: row.reference }),
    ...(row.unknownAtMs !== undefined && { unknownAtMs: row.unknownAtMs }),
    ...(row.userId !== undefined && { userId: row.userId }),
  };
}
