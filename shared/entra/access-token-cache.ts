import { ResetError } from '../password-reset/reset-error.js';
import { createSharedWork } from '../platform/shared-work.js';
import type { Secret } from '../platform/secret.js';
import type { OnSignInEvent, SignInEvent } from './sign-in-event.js';
import type { SignIn } from './sign-in.js';

/** The access token with which Partner Center is called. */
export interface PartnerAccessToken {
  /** @throws {@link ResetError} any of the sign-in codes, or a code of reading the stored secrets */
  get(signal: AbortSignal): Promise<Secret>;

  /**
   * Another token than the one that Partner Center rejected: a newer one that is here already, or
   * that of one renewal for all who ask.
   *
   * @throws {@link ResetError} like `get`
   */
  renew(rejected: Secret, signal: AbortSignal): Promise<Secret>;
}

export interface AccessTokenCacheDependencies {
  readonly signIn: SignIn;
  readonly now: () => number;
  readonly timeoutMs: number;
  readonly onEvent: OnSignInEvent;
}

interface HeldToken {
  readonly value: Secret;
  readonly renewFromMs: number;
  readonly usableUntilMs: number;
}

const minuteMs = 60_000;

/** After a failed sign-in the next one waits at least this long; who asks meanwhile gets that failure. */
const restMs = 5_000;

/** However long Entra asks for: a wrong `Retry-After` must not stop every reset for a day. */
const longestRestMs = 5 * minuteMs;

export function createAccessTokenCache(
  dependencies: AccessTokenCacheDependencies,
): PartnerAccessToken {
  const { signIn, now, timeoutMs, onEvent } = dependencies;
  let held: HeldToken | undefined;
  let resting: { readonly untilMs: number; readonly failure: unknown } | undefined;

  const renewal = createSharedWork(
    async (signal) => {
      if (resting !== undefined && now() < resting.untilMs) throw resting.failure;
      const askedAtMs = now();
      try {
        const { accessToken, lifetimeMs } = await signIn(signal);
        held = { value: accessToken, ...usableFrom(askedAtMs, lifetimeMs) };
        return accessToken;
      } catch (error) {
        const failure = signal.aborted ? asSignInError(error) : error;
        resting = { untilMs: now() + restAfter(failure), failure };
        onEvent(toEvent(failure));
        throw failure;
      }
    },
    { timeoutMs },
  );

  async function get(signal: AbortSignal): Promise<Secret> {
    signal.throwIfAborted();
    if (held === undefined || now() >= held.usableUntilMs) return renewal(signal);
    if (now() >= held.renewFromMs) {
      // Nobody waits for it: the token held still works, and the next caller starts another.
      renewal().catch(() => undefined);
    }
    return held.value;
  }

  return {
    get,
    async renew(rejected, signal) {
      if (held?.value.reveal() === rejected.reveal()) held = undefined;
      return get(signal);
    },
  };
}

/** Renewed from ten minutes and used until five minutes before it expires, or half and a quarter of a short life. */
function usableFrom(askedAtMs: number, lifetimeMs: number) {
  const expiresAtMs = askedAtMs + lifetimeMs;
  return {
    renewFromMs: expiresAtMs - Math.min(10 * minuteMs, lifetimeMs / 2),
    usableUntilMs: expiresAtMs - Math.min(5 * minuteMs, lifetimeMs / 4),
  };
}

/** Past the deadline whatever was waited for rejects with the signal's reason. */
function asSignInError(error: unknown): ResetError {
  if (error instanceof ResetError) return error;
  const message = 'Cannot sign in to Microsoft Entra: it took too long';
  return new ResetError('SignInUnavailable', message, { cause: error });
}

function toEvent(failure: unknown): SignInEvent {
  const isForeseen = failure instanceof ResetError;
  const mayPass = isForeseen && failure.recovery === 'later';
  return {
    kind: 'signInFailed',
    severity: mayPass ? 'warn' : 'error',
    code: isForeseen ? failure.code : undefined,
  };
}

function restAfter(failure: unknown): number {
  const wishedMs = failure instanceof ResetError ? (failure.retryAfterMs ?? 0) : 0;
  return Math.min(Math.max(restMs, wishedMs), longestRestMs);
}
