import type { CustomerTenantId, UserId } from './ids.js';
import type { ReadablePassword } from './read-password-reset.js';
import type { ResetErrorCode } from './reset-error.js';
import type { Delivery, ResetFacts, ResetRow, SettledRow } from './reset-row.js';

/** What is kept for those who ask later who did what. */
export type AuditAction =
  | 'reset.accepted'
  | 'reset.refused'
  /** On its way to Partner Center: told of before it is sent. */
  | 'reset.sent'
  /** An attempt that ended without settling the row. */
  | 'reset.answered'
  | 'reset.applied'
  | 'reset.rejected'
  | 'reset.attention'
  | 'reset.cancelled'
  /** About to be shown, in clear or encrypted to the recipient. */
  | 'password.revealed'
  | 'password.revoked'
  | 'job.accepted'
  | 'job.refused'
  | 'job.started'
  | 'job.approved'
  | 'job.cancelled'
  | 'job.acknowledged'
  /** At a door, after the caller was known. */
  | 'request.refused';

/** Ids and codes alone: never a password, a token, a link or a sign-in name. */
export interface AuditEvent {
  readonly action: AuditAction;
  readonly caller?: string | undefined;
  readonly customerTenantId?: CustomerTenantId | undefined;
  readonly userId?: UserId | undefined;
  readonly resetId?: string | undefined;
  readonly bulkResetId?: string | undefined;
  /** The caller's own. */
  readonly reference?: string | undefined;
  /** The function behind whose door it happened. */
  readonly functionName?: string | undefined;
  /** Of the call that asked; of a reset that was sent, its `MS-RequestId`. */
  readonly requestId?: string | undefined;
  readonly correlationId?: string | undefined;
  readonly attempt?: number | undefined;
  readonly code?: ResetErrorCode | undefined;
  readonly delivery?: Delivery | undefined;
  readonly rows?: number | undefined;
}

/**
 * Resolves once the events are kept for good.
 *
 * @throws {@link ResetError} `StorageUnavailable`, or a code of Key Vault
 */
export type Audit = (events: readonly AuditEvent[]) => Promise<void>;

/**
 * Keeps what has happened already, so that nothing could be held back for its sake. It never rejects: whoever
 * runs the service hears of what was not kept.
 */
export type Note = (events: readonly AuditEvent[]) => Promise<void>;

type AboutRow = Pick<
  AuditEvent,
  'caller' | 'customerTenantId' | 'userId' | 'resetId' | 'reference' | 'delivery'
>;

export function aboutRow(row: ResetFacts): AboutRow {
  const { caller, customerTenantId, userId, resetId, reference, delivery } = row;
  return { caller, customerTenantId, userId, resetId, reference, delivery };
}

/** How a row ended. */
export function settledEvent(row: SettledRow): AuditEvent {
  const code = 'code' in row ? row.code : undefined;
  return { action: `reset.${row.state}`, ...aboutRow(row), attempt: row.attempts, code };
}

/** Of a row whose columns may be anybody's words: nothing of them is told, nor in whose chain. */
export function forgedEvent({ resetId, state, ...row }: SettledRow): AuditEvent {
  return { action: `reset.${state}`, resetId, code: 'code' in row ? row.code : undefined };
}

/** Of the passwords that somebody is about to be shown; none of those that stay hidden. */
export function revealEvents(
  shown: readonly { readonly row: ResetRow; readonly readable: ReadablePassword | undefined }[],
  { caller, requestId }: Pick<AuditEvent, 'caller' | 'requestId'>,
): readonly AuditEvent[] {
  return shown
    .filter(({ readable }) => readable?.kind === 'password' || readable?.kind === 'encrypted')
    .map(({ row }) => ({ ...aboutRow(row), action: 'password.revealed', caller, requestId }));
}
