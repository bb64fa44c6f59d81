import { v5 as uuidV5 } from 'uuid';
import { backoffMs, type Random } from '../platform/retry.js';
import type { UserId } from './ids.js';
import type { CustomerUsers, ResetStore, SealedRequest, Stored, WakeUps } from './ports.js';
import { ResetError } from './reset-error.js';
import {
  type AttemptOutcome,
  type ClaimedRow,
  isSettled,
  type ResetLimits,
  type ResetRow,
  settle,
} from './reset-row.js';

export interface AttemptDependencies {
  readonly users: Pick<CustomerUsers, 'resetPassword'>;
  readonly resets: Pick<ResetStore, 'replace'>;
  readonly wakeUps: WakeUps;
  readonly limits: ResetLimits;
  /** The longest that one send may take; `users` sees to it. */
  readonly sendTimeoutMs: number;
  readonly now: () => number;
  readonly random: Random;
  readonly onAttemptFailed?: (row: ClaimedRow, error: ResetError) => void;
}

export interface Attempt {
  readonly claimed: Stored<ClaimedRow>;
  readonly request: SealedRequest;
  /** The check of the user, already under way. */
  readonly checked: Promise<UserId>;
}

/** What the row says after the attempt, or `superseded` when somebody else holds it by now. */
export type AttemptResult = ResetRow | 'superseded';

/** Clocks of two instances differ by less. */
const clockMarginMs = 15_000;

/**
 * One attempt at a claimed row (the signal ends its checks, never a request to reset): send if nothing speaks against it, record what became of it, and
 * see to it that an unfinished row is looked at again.
 */
export function createAttempt(dependencies: AttemptDependencies) {
  const { users, resets, wakeUps, limits, sendTimeoutMs, now, random } = dependencies;

  return async (attempt: Attempt, signal: AbortSignal): Promise<AttemptResult> => {
    const { row, etag } = attempt.claimed;
    const outcome = await carryOut(attempt, signal);
    if (outcome.kind === 'failed') dependencies.onAttemptFailed?.(row, outcome.error);

    const nowMs = now();
    const wait = backoffMs(row.attempts, limits.backoff, random);
    const next = settle(row, outcome, { nowMs, backoffMs: wait }, limits);
    // The outcome is recorded even when the caller's time is over: it is true all the same.
    const stored = await resets.replace(next, etag);
    if (stored === 'conflict') return 'superseded';
    if (!isSettled(next) && next.state !== 'claimed') {
      await wakeUps.send(next.resetId, next.notBeforeMs - nowMs);
    }
    return next;
  };

  async function carryOut(
    { claimed: { row }, request, checked }: Attempt,
    signal: AbortSignal,
  ): Promise<AttemptOutcome> {
    let userId: UserId | undefined;
    try {
      userId = await checked;
      requireLease(row);
      const { customerTenantId, passwordProfile } = request;
      const requestId = requestIdOf(row);
      const reset = { customerTenantId, userId, passwordProfile, requestId };
      await users.resetPassword(reset, neverCalledBack());
      return { kind: 'applied', userId };
    } catch (thrown) {
      const error = thrown === signal.reason ? tookTooLong() : thrown;
      if (!(error instanceof ResetError)) throw error;
      return { kind: 'failed', error, ...(userId !== undefined && { userId }) };
    }
  }

  /** No request may be under way when the lease ends: whoever claims next relies on it. */
  function requireLease(row: ClaimedRow): void {
    if (row.leaseExpiresAtMs - now() > sendTimeoutMs + clockMarginMs) return;
    throw new ResetError(
      'PartnerCenterUnavailable',
      'Cannot reset password: the checks took so long that the lease is nearly over',
    );
  }
}

/** To give up on a request that is under way only makes its outcome unknown; it ends by its own deadline. */
function neverCalledBack(): AbortSignal {
  return new AbortController().signal;
}

/** The checks were cut short, so nothing was sent. */
function tookTooLong(): ResetError {
  return new ResetError('TimedOut', 'Cannot reset password: the checks took too long');
}

/**
 * The same after a lost answer, a new one after an answer.
 *
 * @see https://learn.microsoft.com/partner-center/developer/headers
 */
function requestIdOf({ resetId, definiteAnswers }: ClaimedRow): string {
  return uuidV5(`${resetId}/${definiteAnswers}`, requestIdNamespace);
}

const requestIdNamespace = '6a3c4b4e-6f0e-4a8e-9b51-0d8c3f1c7c52';
