import type { Secret } from '../platform/secret.js';
import type { CustomerTenantId } from './ids.js';
import type { ResetStore, Seals } from './ports.js';
import { ResetError } from './reset-error.js';
import type { ResetRow } from './reset-row.js';

export interface ReadDependencies {
  readonly resets: Pick<ResetStore, 'read'>;
}

/**
 * The row of a reset that this caller asked for.
 *
 * Rejects with `PasswordResetNotFound` for an unknown one and for somebody else's alike.
 */
export function createReadPasswordReset({ resets }: ReadDependencies) {
  return async (resetId: string, caller: string): Promise<ResetRow> => {
    const stored = await resets.read(resetId);
    if (stored?.row.caller !== caller) {
      throw new ResetError('PasswordResetNotFound', 'There is no such password reset');
    }
    return stored.row;
  };
}

/** Who wants to read a password, and of which customers that is allowed now. */
export interface Reader {
  readonly name: string;
  maySee(customerTenantId: CustomerTenantId): boolean;
}

/**
 * The password of an applied row, if it is delivered by the answer to the caller who asked for it and
 * who may still see the customer; undefined for any other row. Who and which customer that is, is read
 * from the seal, which storage cannot forge.
 */
export function createReadPassword({ seals }: { readonly seals: Pick<Seals, 'open'> }) {
  return async (
    row: ResetRow,
    reader: Reader,
    signal: AbortSignal,
  ): Promise<Secret | undefined> => {
    if (row.state !== 'applied' || row.seal === undefined) return undefined;
    const request = await seals.open(row.resetId, row.seal, signal);
    const isTheirs = request.caller === reader.name && request.delivery === 'response';
    return isTheirs && reader.maySee(request.customerTenantId)
      ? request.passwordProfile.password
      : undefined;
  };
}
