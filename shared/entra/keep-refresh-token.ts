import { ResetError } from '../password-reset/reset-error.js';
import { withTimeout } from '../platform/deadline.js';
import type { Secret } from '../platform/secret.js';
import type { OnSignInEvent } from './sign-in-event.js';

/** Where the refresh token outlives the process. */
export interface RefreshTokenStore {
  read(signal: AbortSignal): Promise<StoredRefreshToken>;
  write(value: Secret, signal: AbortSignal): Promise<void>;
}

export interface StoredRefreshToken {
  readonly value: Secret;
  readonly updatedAtMs: number;
}

/** What a sign-in leaves behind. */
interface SignInTrace {
  readonly used: StoredRefreshToken;
  /** The next refresh token, if Entra gave one. */
  readonly next: Secret | undefined;
  /** Whether another stored token had been refused just before. */
  readonly isReplacement: boolean;
}

/** Never rejects: the stored token still works, and the next sign-in tries to store again. */
export type KeepRefreshToken = (trace: SignInTrace) => Promise<void>;

export interface KeepRefreshTokenDependencies {
  readonly refreshTokenStore: RefreshTokenStore;
  readonly now: () => number;
  readonly timeoutMs: number;
  readonly onEvent: OnSignInEvent;
}

const dayMs = 24 * 3_600_000;

/**
 * A refresh token dies 90 days after its issue. Every sign-in yields a younger one; storing one a day
 * is enough, and spares the vault a version for each hour of each instance.
 *
 * @see https://learn.microsoft.com/entra/identity-platform/refresh-tokens
 */
export function createKeepRefreshToken(
  dependencies: KeepRefreshTokenDependencies,
): KeepRefreshToken {
  const { refreshTokenStore, now, timeoutMs, onEvent } = dependencies;
  let isOwed = false;

  return async ({ used, next, isReplacement }) => {
    const storedAtMs = used.updatedAtMs;
    if (next === undefined) {
      onEvent({ kind: 'refreshTokenNotReturned', severity: 'warn', storedAtMs });
      return;
    }
    isOwed ||= isReplacement || now() - storedAtMs > dayMs;
    if (!isOwed) return;

    try {
      await withTimeout(async (signal) => {
        // Whoever consented meanwhile stored a token of a newer sign-in than ours comes from.
        if (!isSameRefreshToken(await refreshTokenStore.read(signal), used)) return;
        await refreshTokenStore.write(next, signal);
        onEvent({ kind: 'refreshTokenStored', severity: 'info' });
      }, timeoutMs);
      isOwed = false;
    } catch (error) {
      const code = error instanceof ResetError ? error.code : undefined;
      onEvent({ kind: 'refreshTokenNotStored', severity: 'error', code, storedAtMs });
    }
  };
}

export function isSameRefreshToken(left: StoredRefreshToken, right: StoredRefreshToken): boolean {
  return left.value.reveal() === right.value.reveal();
}
