import { ResetError } from '../password-reset/reset-error.js';
import type { Secret } from '../platform/secret.js';

/** Who holds a bearer token, by lower-case GUIDs. Whether that is a caller, the caller list says. */
export type TokenIdentity =
  | { readonly kind: 'application'; readonly clientId: string }
  /** Somebody who signed in through the application. */
  | { readonly kind: 'person'; readonly clientId: string; readonly userId: string };

/**
 * Rejects with `Unauthorized`, whose message says what is wrong with the token but quotes nothing of
 * it, and with `SignInUnavailable` while it cannot be told.
 */
export type VerifyToken = (token: Secret, signal: AbortSignal) => Promise<TokenIdentity>;

/** For a deployment that has no app registration for its API. */
export const refuseTokens: VerifyToken = () =>
  Promise.reject(
    new ResetError('Unauthorized', 'Bearer tokens are not set up: API_CLIENT_ID is missing'),
  );
