import {
  createRemoteJWKSet,
  customFetch,
  errors,
  type FetchImplementation,
  type JWTVerifyGetKey,
} from 'jose';
import { ResetError } from '../password-reset/reset-error.js';
import type { Fetch } from '../platform/http.js';

export interface SigningKeysDependencies {
  readonly fetch: Fetch;
  readonly keysUrl: string;
}

const timeoutMs = 5_000;
/** A key that Entra has withdrawn is trusted no longer than this. */
const maxAgeMs = 600_000;
/** Tokens that name unknown keys make us ask no more often than this. */
const cooldownMs = 30_000;
/** Entra's keys take some ten kilobytes. */
const longestReplyBytes = 256 * 1024;

/**
 * The keys that Entra signs with, from one address only: a key that a token's header offers (`jwk`,
 * `jku`, `x5c`, `x5u`) is not looked at. Looking one up rejects with jose's error when there is none, and
 * with `SignInUnavailable` while the keys cannot be had.
 */
export function createSigningKeys({ fetch, keysUrl }: SigningKeysDependencies): JWTVerifyGetKey {
  const findKey = createRemoteJWKSet(new URL(keysUrl), {
    timeoutDuration: timeoutMs,
    cacheMaxAge: maxAgeMs,
    cooldownDuration: cooldownMs,
    [customFetch]: toKeyFetch(fetch),
  });
  return async (header, token) => {
    try {
      return await findKey(header, token);
    } catch (error) {
      throw isOfToken(error) ? error : unavailable(error);
    }
  };
}

function toKeyFetch(fetch: Fetch): FetchImplementation {
  return async (url, { method, headers, redirect, signal }) => {
    const response = await fetch(url, {
      method,
      headers: Object.fromEntries(headers),
      redirect,
      size: longestReplyBytes,
      signal,
    });
    if (response.status !== 200) throw new RangeError(`answered with ${response.status}`);
    return new Response(await response.text());
  };
}

/** The keys are there, and the token names none of them. */
function isOfToken(error: unknown): boolean {
  return (
    error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys
  );
}

function unavailable(cause: unknown): ResetError {
  const message =
    'Cannot check the bearer token: the signing keys of Microsoft Entra are not at hand';
  return new ResetError('SignInUnavailable', message, { cause });
}
