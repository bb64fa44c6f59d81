import { neverAborted } from '../platform/deadline.js';
import { aboutRow, type AuditEvent, type Note } from './audit.js';
import { openPassword, openRequest } from './open-seal.js';
import { passwordResetNotFound } from './password-reset-not-found.js';
import type { ResetStore, Seals } from './ports.js';
import { ResetError } from './reset-error.js';
import { type AppliedRow, isSettled, type ResetRow, withoutPassword } from './reset-row.js';

export interface RevokeDependencies {
  readonly resets: Pick<ResetStore, 'read' | 'replace'>;
  readonly seals: Pick<Seals, 'open' | 'openEncrypted'>;
  readonly note: Note;
  readonly now: () => number;
}

export type RevokePassword = ReturnType<typeof createRevokePassword>;

/**
 * Nobody gets to see the password from now on, however it was to be delivered. Once more changes nothing,
 * and a reset that failed has no password to take back.
 *
 * Rejects with `PasswordResetNotFound` for an unknown reset and somebody else's alike, and with
 * `PasswordResetConflict` while the reset is not over.
 */
export function createRevokePassword({ resets, seals, note, now }: RevokeDependencies) {
  return async (resetId: string, caller: string): Promise<ResetRow> => {
    // Repeats when somebody else changes the row at the same time: opens the link, say.
    for (;;) {
      const found = await resets.read(resetId);
      if (found?.row.caller !== caller) throw passwordResetNotFound();
      const { row, etag } = found;
      if (!isSettled(row)) throw notOver();
      if (row.state !== 'applied' || row.revokedAtMs !== undefined) return row;
      const stored = await resets.replace({ ...withoutPassword(row), revokedAtMs: now() }, etag);
      if (stored === 'conflict') continue;
      await note([{ ...(await tellOf(row)), action: 'password.revoked', resetId, caller }]);
      return stored.row;
    }
  };

  /** Nothing but what a seal says: the columns of a row may be anybody's words. What was taken back is told of whoever waits. */
  async function tellOf(row: AppliedRow): Promise<Omit<AuditEvent, 'action'>> {
    const { seal } = row;
    if (seal === undefined) return {};
    const open = row.delivery === 'recipientKey' ? openPassword : openRequest;
    const sealed = await open(seals, { ...row, seal }, neverAborted).catch(() => undefined);
    return sealed === undefined ? {} : aboutRow(row);
  }
}

function notOver(): ResetError {
  return new ResetError(
    'PasswordResetConflict',
    'Cannot revoke the password: the password reset is not over yet',
  );
}
