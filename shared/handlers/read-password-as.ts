import { type Caller, toReader } from '../callers/caller.js';
import type { ReadablePassword, ReadPassword } from '../password-reset/read-password-reset.js';
import type { ResetRow } from '../password-reset/reset-row.js';

export type ReadPasswordAs = (
  caller: Caller,
  row: ResetRow,
  signal: AbortSignal,
) => Promise<ReadablePassword>;

/** What a caller gets to see of the password of a row: nothing, without the permission to read any. */
export function createReadPasswordAs(readPassword: ReadPassword): ReadPasswordAs {
  return async (caller, row, signal) =>
    caller.permissions.has('readPassword')
      ? readPassword(row, toReader(caller), signal)
      : { kind: 'none' };
}
