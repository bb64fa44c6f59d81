import type { createAttempt } from './attempt-password-reset.js';
import type { CheckUser } from './check-user.js';
import type { Authorize, ResetStore, SealedRequest, Seals, WakeUps } from './ports.js';
import type { UserId } from './ids.js';
import { claim, claimableAtMs, isSettled, type ResetLimits, type ResetRow } from './reset-row.js';

export interface ProcessDependencies {
  readonly resets: Pick<ResetStore, 'read' | 'replace'>;
  readonly seals: Pick<Seals, 'open'>;
  readonly authorize: Authorize;
  readonly checkUser: CheckUser;
  readonly wakeUps: WakeUps;
  readonly attempt: ReturnType<typeof createAttempt>;
  readonly limits: ResetLimits;
  readonly now: () => number;
  readonly newAttemptId: () => string;
}

/** What a wake-up came to: the state of the row after it, or why there was nothing to do. */
export type ProcessResult = ResetRow['state'] | 'unknown row' | 'not yet' | 'superseded';

/** Looks at one row and does what it needs now. A wake-up that comes twice or too early does no harm. */
export function createProcessPasswordReset(dependencies: ProcessDependencies) {
  const { resets, seals, authorize, checkUser, wakeUps, attempt } = dependencies;
  const { limits, now, newAttemptId } = dependencies;

  return async (resetId: string, signal: AbortSignal): Promise<ProcessResult> => {
    const stored = await resets.read(resetId);
    if (stored === undefined) return 'unknown row';
    const { row, etag } = stored;
    if (isSettled(row)) return row.state;

    const nowMs = now();
    const waitMs = claimableAtMs(row, limits) - nowMs;
    if (waitMs > 0) {
      await wakeUps.send(resetId, waitMs);
      return 'not yet';
    }

    const request = await seals.open(resetId, row.seal, signal);
    const claimed = await resets.replace(
      claim(row, { attemptId: newAttemptId(), nowMs }, limits),
      etag,
    );
    if (claimed === 'conflict') return 'superseded';
    const checked = check(request, signal);
    const result = await attempt({ claimed, request, checked }, signal);
    return result === 'superseded' ? result : result.state;
  };

  /** The caller may have lost the right since the request was accepted. */
  async function check(request: SealedRequest, signal: AbortSignal): Promise<UserId> {
    await authorize(request, signal);
    return checkUser(request, signal);
  }
}
