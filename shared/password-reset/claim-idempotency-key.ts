import type { PasswordResetOrder } from './password-reset-order.js';
import type { Fingerprints } from './delivery-ports.js';
import type { IdempotencyKeys } from './ports.js';
import { ResetError } from './reset-error.js';

export interface IdempotencyDependencies {
  readonly keys: IdempotencyKeys;
  readonly fingerprints: Fingerprints;
  readonly now: () => number;
}

export type ClaimIdempotencyKey = ReturnType<typeof createClaimIdempotencyKey>;

/**
 * The id under which the reset is to be accepted: the one that the order's idempotency key stands for,
 * or the new one.
 *
 * Rejects with `IdempotencyConflict` when the key stands for another order.
 */
export function createClaimIdempotencyKey({ keys, fingerprints, now }: IdempotencyDependencies) {
  return async (
    { idempotencyKey: key, ...order }: PasswordResetOrder,
    newResetId: string,
    signal: AbortSignal,
  ): Promise<string> => {
    if (key === undefined) return newResetId;
    const asked = { ...order, password: order.password?.reveal(), requestId: undefined };
    const text = JSON.stringify(asked);
    const fingerprint = await fingerprints.fingerprint(text, signal);
    const entry = await keys.createOrRead(
      { caller: order.caller, key },
      { resetId: newResetId, fingerprint, createdAtMs: now() },
    );
    if (entry.resetId === newResetId) return newResetId;
    if (await fingerprints.isFingerprintOf(text, entry.fingerprint, signal)) return entry.resetId;
    throw new ResetError(
      'IdempotencyConflict',
      'Another request was sent with this idempotency key: choose a new key for a new request',
    );
  };
}
