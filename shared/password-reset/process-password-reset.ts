import type { Attempt, AttemptPasswordReset } from './attempt-password-reset.js';
import { type AuditEvent, forgedEvent, type Note, settledEvent } from './audit.js';
import type { Brakes } from './brakes.js';
import type { CheckUser } from './check-user.js';
import type { UserId } from './ids.js';
import { openRequest } from './open-seal.js';
import type { Authorize, ResetStore, SealedRequest, Seals, Stored, WakeUps } from './ports.js';
import { ResetError } from './reset-error.js';
import {
  claim,
  claimableAtMs,
  isSettled,
  type OpenRow,
  type ResetLimits,
  type ResetRow,
  type SettledRow,
} from './reset-row.js';
import { giveUpSpent, isSpent, quarantine } from './settle-row.js';

export interface ProcessRowDependencies {
  readonly resets: Pick<ResetStore, 'replace'>;
  readonly seals: Pick<Seals, 'open'>;
  readonly brakes: Pick<Brakes, 'check'>;
  readonly authorize: Authorize;
  readonly checkUser: CheckUser;
  readonly attempt: AttemptPasswordReset;
  readonly note: Note;
  readonly limits: ResetLimits;
  readonly now: () => number;
  readonly newAttemptId: () => string;
  /** A row whose seal does not open, or says something else than the row: somebody changed storage. */
  readonly onForged?: (row: ResetRow) => void;
  /** The row is looked at again soon: Key Vault or storage does not answer. */
  readonly onPutOff?: (row: ResetRow, error: ResetError) => void;
}

const putOffMs = 30_000;

export interface ProcessedRow {
  /** The state of the row, or why there was nothing to do; `stopped` is what nothing is sent for, to anybody. */
  readonly result: ResetRow['state'] | 'not yet' | 'stopped' | 'superseded';
  /** When it must be looked at again; absent when it is settled, or somebody else's. */
  readonly dueAtMs?: number;
}

export type ProcessRow = ReturnType<typeof createProcessRow>;

/** Looks at one row and does what it needs now. To look twice or too early does no harm. */
export function createProcessRow(dependencies: ProcessRowDependencies) {
  const { resets, seals, brakes, authorize, checkUser, attempt, note } = dependencies;
  const { limits, now, newAttemptId, onForged, onPutOff } = dependencies;

  return async (stored: Stored, signal: AbortSignal): Promise<ProcessedRow> => {
    const { row } = stored;
    if (isSettled(row)) return { result: row.state };
    const dueAtMs = claimableAtMs(row, limits);
    if (dueAtMs > now()) return { result: 'not yet', dueAtMs };
    try {
      const begun = await begin(row, stored.etag, signal);
      if ('result' in begun) return begun;
      const checked = check(begun.claimed.row, begun.request, signal);
      const result = await attempt({ ...begun, checked }, signal);
      return result === 'superseded' ? { result } : toProcessed(result);
    } catch (error) {
      // What we stand on does not answer; whether the claim was made, the row will tell.
      if (!(error instanceof ResetError)) throw error;
      onPutOff?.(row, error);
      return { result: 'not yet', dueAtMs: now() + putOffMs };
    }
  };

  /** Nothing is sent before this, and nothing is done that a crash could not undo. */
  async function begin(
    row: OpenRow,
    etag: string,
    signal: AbortSignal,
  ): Promise<ProcessedRow | Omit<Attempt, 'checked'>> {
    const request = await openRequest(seals, row, signal);
    if (request === undefined) {
      onForged?.(row);
      const forged = quarantine(row, now());
      return end(forged, etag, forgedEvent(forged));
    }
    const circumstances = { nowMs: now(), isPatient: request.permission === 'bulkReset' };
    if (isSpent(row, circumstances, limits)) {
      const spent = giveUpSpent(row, now());
      return end(spent, etag, settledEvent(spent));
    }
    const stop = await brakes.check(row.customerTenantId, signal);
    if (stop !== undefined) {
      const result = stop.reason === 'customer' ? 'not yet' : 'stopped';
      return { result, dueAtMs: stop.untilMs };
    }

    const attemptId = newAttemptId();
    const claimed = await resets.replace(claim(row, { attemptId, nowMs: now() }, limits), etag);
    return claimed === 'conflict' ? { result: 'superseded' } : { claimed, request };
  }

  async function end(row: SettledRow, etag: string, event: AuditEvent): Promise<ProcessedRow> {
    const stored = await resets.replace(row, etag);
    if (stored === 'conflict') return { result: 'superseded' };
    await note([event]);
    return { result: row.state };
  }

  function toProcessed(row: ResetRow): ProcessedRow {
    if (isSettled(row)) return { result: row.state };
    return { result: row.state, dueAtMs: claimableAtMs(row, limits) };
  }

  /** The caller may have lost the right since the request was accepted, and the name its user. */
  async function check(
    row: ResetRow,
    request: SealedRequest,
    signal: AbortSignal,
  ): Promise<UserId> {
    const grant = await authorize(request, signal);
    const userId = await checkUser(request, grant, signal);
    if (row.userId === undefined || row.userId === userId) return userId;
    throw new ResetError(
      'UserNotFound',
      'Cannot reset password: the sign-in name belongs to another user by now',
    );
  }
}

export interface ProcessDependencies {
  readonly resets: Pick<ResetStore, 'read'>;
  readonly processRow: ProcessRow;
  readonly wakeUps: WakeUps;
  readonly now: () => number;
}

/** What a wake-up came to. */
export type ProcessResult = ProcessedRow['result'] | 'unknown row';

/** Follows one wake-up of a single reset, and sees to it that an open row is looked at again. */
export function createProcessPasswordReset(dependencies: ProcessDependencies) {
  const { resets, processRow, wakeUps, now } = dependencies;

  return async (resetId: string, signal: AbortSignal): Promise<ProcessResult> => {
    const stored = await resets.read(resetId);
    if (stored === undefined) return 'unknown row';
    const { result, dueAtMs } = await processRow(stored, signal);
    if (dueAtMs !== undefined) await wakeUps.send(resetId, Math.max(0, dueAtMs - now()));
    return result;
  };
}
