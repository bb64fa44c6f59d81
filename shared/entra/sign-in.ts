import { ResetError, type ResetErrorCode } from '../password-reset/reset-error.js';
import { createCached } from '../platform/cached.js';
import { withTimeout } from '../platform/deadline.js';
import { backoffMs, retry, type Random, type Sleep } from '../platform/retry.js';
import { isSameCredential, type ClientCredential } from './client-credential.js';
import {
  createKeepRefreshToken,
  isSameRefreshToken,
  type RefreshTokenStore,
  type StoredRefreshToken,
} from './keep-refresh-token.js';
import type { Redeemed, RedeemRefreshToken } from './redeem-refresh-token.js';
import type { OnSignInEvent } from './sign-in-event.js';

/** @throws {@link ResetError} any of the sign-in codes, or what reading the stored secrets rejects with */
export type SignIn = (signal: AbortSignal) => Promise<Redeemed>;

export interface SignInDependencies {
  readonly redeem: RedeemRefreshToken;
  readonly readClientCredential: (signal: AbortSignal) => Promise<ClientCredential>;
  readonly refreshTokenStore: RefreshTokenStore;
  readonly now: () => number;
  readonly sleep: Sleep;
  readonly random: Random;
  /** One deadline for the whole sign-in with all its attempts. */
  readonly timeoutMs: number;
  readonly onEvent: OnSignInEvent;
}

interface Attempt {
  readonly credential: ClientCredential;
  readonly stored: StoredRefreshToken;
}

const secondMs = 1_000;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

const maxAttempts = 4;
const backoff = { baseMs: 500, capMs: 4_000 };

/** Refusals that end when somebody consents again, which stores another refresh token. */
const endedByConsent: ReadonlySet<ResetErrorCode> = new Set([
  'ReconsentRequired',
  'MfaRequired',
  'ConditionalAccessBlocked',
  'ServiceAccountUnusable',
  'ConsentMissing',
]);

/**
 * One sign-in of the app, with whatever keeps it going for years: the client credential is read
 * again when Entra refuses it, since two are valid while it rotates; the refresh token is stored
 * anew once a day, since it dies after 90 days; what was read before stands in while Key Vault is away.
 */
export function createSignIn(dependencies: SignInDependencies): SignIn {
  const { redeem, refreshTokenStore, now, timeoutMs, onEvent } = dependencies;
  const readLimits = { timeoutMs: timeoutMs / 3, maxStaleMs: dayMs, isTransient, now };
  const credentials = createCached({
    ...readLimits,
    read: dependencies.readClientCredential,
    ttlMs: hourMs,
  });
  const refreshTokens = createCached({
    ...readLimits,
    read: (signal) => refreshTokenStore.read(signal),
    ttlMs: 0,
  });
  const keep = createKeepRefreshToken({ ...dependencies, timeoutMs: timeoutMs / 3 });

  /** Repeats what may pass by itself. An attempt gets a third of the time, so that one can hang. */
  function redeemPatiently(attempt: Attempt, deadlineMs: number, signal: AbortSignal) {
    const { credential, stored } = attempt;
    return retry(
      () =>
        withTimeout(
          (attemptSignal) => redeem({ credential, refreshToken: stored.value }, attemptSignal),
          timeoutMs / 3,
          signal,
        ),
      {
        nextDelayMs: (error, number) =>
          nextAttemptDelayMs(error, number, deadlineMs - now(), dependencies.random),
        onRetry: (error, number) =>
          onEvent({
            kind: 'signInRepeated',
            severity: 'warn',
            code: codeOf(error),
            attempt: number,
          }),
        sleep: dependencies.sleep,
      },
      signal,
    );
  }

  /** The same attempt with what was stored meanwhile; nothing when the store holds what just failed. */
  async function readAgain(
    failed: Attempt,
    error: unknown,
    signal: AbortSignal,
  ): Promise<Attempt | undefined> {
    const code = codeOf(error);
    if (code === 'ClientCredentialRejected') {
      const credential = await credentials.refresh(signal);
      return isSameCredential(credential, failed.credential)
        ? undefined
        : { ...failed, credential };
    }
    if (code !== undefined && endedByConsent.has(code)) {
      const stored = await refreshTokens.refresh(signal);
      return isSameRefreshToken(stored, failed.stored) ? undefined : { ...failed, stored };
    }
    return undefined;
  }

  async function redeemNewest(signal: AbortSignal) {
    const deadlineMs = now() + timeoutMs;
    const [credential, stored] = await Promise.all([
      credentials.get(signal),
      refreshTokens.get(signal),
    ]);
    const first = { credential, stored };
    try {
      const redeemed = await redeemPatiently(first, deadlineMs, signal);
      return { redeemed, used: stored, isReplacement: false };
    } catch (error) {
      const second = await readAgain(first, error, signal);
      if (second === undefined) throw error;
      const redeemed = await redeemPatiently(second, deadlineMs, signal);
      return { redeemed, used: second.stored, isReplacement: second.stored !== stored };
    }
  }

  return async (signal) => {
    const { redeemed, used, isReplacement } = await redeemNewest(signal);
    await keep({ used, next: redeemed.refreshToken, isReplacement });
    onEvent({ kind: 'signedIn', severity: 'info', lifetimeMs: redeemed.lifetimeMs });
    return redeemed;
  };
}

/**
 * How long to wait before another attempt, or undefined to give up: because it cannot help, because
 * there were enough, or because the wait would leave the next one no time.
 */
export function nextAttemptDelayMs(
  error: unknown,
  attempt: number,
  remainingMs: number,
  random: Random,
): number | undefined {
  if (!isTransient(error) || attempt >= maxAttempts) return undefined;
  const delayMs = (error.retryAfterMs ?? 0) + backoffMs(attempt, backoff, random);
  return delayMs + secondMs < remainingMs ? delayMs : undefined;
}

function isTransient(error: unknown): error is ResetError {
  return error instanceof ResetError && error.recovery === 'later';
}

function codeOf(error: unknown): ResetErrorCode | undefined {
  return error instanceof ResetError ? error.code : undefined;
}
