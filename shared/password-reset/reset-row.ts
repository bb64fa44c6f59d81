import type { ResetErrorCode } from './reset-error.js';
import type { CustomerTenantId, UserId } from './ids.js';

/**
 * How the password reaches its person.
 *
 * - `link`: a page that shows it once, to whoever has the address.
 * - `recipientKey`: in the answer to the caller, encrypted to a key that was registered for it.
 * - `response`: in the answer to the caller.
 * - `none`: nobody gets to see it.
 */
export const deliveries = ['link', 'recipientKey', 'response', 'none'] as const;

export type Delivery = (typeof deliveries)[number];

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
  /** Claims so far, without those that ended in waiting for somebody else. */
  readonly attempts: number;
  /** Of the last claim: tells whose write it is that is stored. */
  readonly attemptId?: string;
  /** Attempts that certainly changed nothing and may be repeated; each gives the next one a new request id. */
  readonly definiteAnswers: number;
  /** Generated passwords that the directory refused; each was followed by another. */
  readonly refusedPasswords: number;
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
  | AppliedState
  /** Refused for good, and certainly never applied. */
  | { readonly state: 'rejected'; readonly settledAtMs: number; readonly code: ResetErrorCode }
  /** Withdrawn before the first attempt. */
  | { readonly state: 'cancelled'; readonly settledAtMs: number }
  /** Given up although the password may have been changed: a person must look. */
  | { readonly state: 'attention'; readonly settledAtMs: number; readonly code: 'OutcomeUnknown' };

/** The password was changed. The seal stays while the password is still to be delivered. */
interface AppliedState {
  readonly state: 'applied';
  readonly settledAtMs: number;
  /** Of a password that is still to be shown; for delivery `recipientKey` it holds it encrypted alone. */
  readonly seal?: string;
  /** When the link was opened; the password can be shown no more. */
  readonly openedAtMs?: number;
  /** Tells whose write it is that has opened the link. */
  readonly openingId?: string;
  /** When the caller withdrew the password. */
  readonly revokedAtMs?: number;
}

export type OpenRow = ResetFacts & OpenState;
export type ClaimedRow = ResetFacts & ClaimedState;
export type SettledRow = ResetFacts & SettledState;
export type AppliedRow = ResetFacts & AppliedState;

export interface ResetLimits {
  /** A worker's exclusive right to send. */
  readonly leaseMs: number;
  /** How long an attempt with unknown outcome may still arrive at the directory. */
  readonly settleMs: number;
  readonly maxAttempts: number;
  readonly maxAgeMs: number;
  /** For a row that nobody waits for in person: a large job takes its time. */
  readonly maxPatientAgeMs: number;
  /** Generated passwords tried for one row. */
  readonly maxPasswords: number;
  readonly backoff: { readonly baseMs: number; readonly capMs: number };
  /** The longest wish of the other side that is granted. */
  readonly maxRetryAfterMs: number;
}

export const defaultLimits: ResetLimits = {
  leaseMs: 120_000,
  settleMs: 300_000,
  maxAttempts: 8,
  maxAgeMs: 24 * 3_600_000,
  maxPatientAgeMs: 72 * 3_600_000,
  maxPasswords: 3,
  backoff: { baseMs: 5_000, capMs: 600_000 },
  maxRetryAfterMs: 900_000,
};

export type NewReset = Omit<
  ResetFacts,
  'attempts' | 'attemptId' | 'definiteAnswers' | 'refusedPasswords' | 'unknownAtMs' | 'userId'
>;

export function newResetRow(facts: NewReset, seal: string): OpenRow {
  return {
    ...facts,
    attempts: 0,
    definiteAnswers: 0,
    refusedPasswords: 0,
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
 * The shadow: until then an attempt with unknown outcome may still arrive at the directory, so this row
 * gets no new password, its password is shown to nobody, and no other reset of the user begins.
 */
export function shadowEndsAtMs(
  { unknownAtMs }: Pick<ResetFacts, 'unknownAtMs'>,
  { settleMs }: Pick<ResetLimits, 'settleMs'>,
): number {
  return unknownAtMs === undefined ? 0 : unknownAtMs + settleMs;
}

/**
 * When the row may be claimed. A claim whose holder went silent counts as an attempt with unknown
 * outcome from the end of its lease, so it is left alone for the settle time like any other.
 */
export function claimableAtMs(row: OpenRow, { settleMs }: Pick<ResetLimits, 'settleMs'>): number {
  return row.state === 'claimed' ? row.leaseExpiresAtMs + settleMs : row.notBeforeMs;
}

export function claim(
  row: OpenRow,
  { attemptId, nowMs }: { readonly attemptId: string; readonly nowMs: number },
  { leaseMs }: Pick<ResetLimits, 'leaseMs'>,
): ClaimedRow {
  return {
    ...factsOf(row),
    ...unknownOfLostClaim(row),
    attempts: row.attempts + 1,
    state: 'claimed',
    seal: row.seal,
    attemptId,
    leaseExpiresAtMs: nowMs + leaseMs,
  };
}

/** Withdraws a row that nobody has claimed yet. */
export function cancel(row: OpenRow, settledAtMs: number): SettledRow {
  return { ...factsOf(row), state: 'cancelled', settledAtMs };
}

/** An applied row whose password nobody can read any more. */
export function withoutPassword(row: AppliedRow): AppliedRow {
  const { settledAtMs, openedAtMs, openingId, revokedAtMs } = row;
  return {
    ...factsOf(row),
    state: 'applied',
    settledAtMs,
    ...(openedAtMs !== undefined && { openedAtMs }),
    ...(openingId !== undefined && { openingId }),
    ...(revokedAtMs !== undefined && { revokedAtMs }),
  };
}

/** Counts an attempt of which nothing else is known than that it went wrong. */
export function countAttempt(row: OpenRow): OpenRow {
  return { ...row, attempts: row.attempts + 1 };
}

/** Nobody knows how far the holder of a claim came before it went silent. */
export function unknownOfLostClaim(row: OpenRow): Pick<ResetFacts, 'unknownAtMs'> {
  if (row.state !== 'claimed') return {};
  return { unknownAtMs: Math.max(row.unknownAtMs ?? 0, row.leaseExpiresAtMs) };
}

/** What stays the same from state to state. */
export function factsOf(row: ResetFacts): ResetFacts {
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
    refusedPasswords: row.refusedPasswords,
    ...(row.attemptId !== undefined && { attemptId: row.attemptId }),
    ...(row.reference !== undefined && { reference: row.reference }),
    ...(row.unknownAtMs !== undefined && { unknownAtMs: row.unknownAtMs }),
    ...(row.userId !== undefined && { userId: row.userId }),
  };
}
