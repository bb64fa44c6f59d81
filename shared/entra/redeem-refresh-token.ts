import {
  allowInsecureRequests,
  ClientError,
  Configuration,
  customFetch,
  refreshTokenGrant,
  type CustomFetch,
  type TokenEndpointResponse,
} from 'openid-client';
import { ResetError } from '../password-reset/reset-error.js';
import { isCancelled } from '../platform/deadline.js';
import { parseRetryAfterMs, type Fetch, type FetchResponse } from '../platform/http.js';
import { isLoopback } from '../platform/loopback.js';
import { Secret } from '../platform/secret.js';
import { toClientAuthentication, type ClientCredential } from './client-credential.js';
import { toSignInError } from './to-sign-in-error.js';

export interface Redeemed {
  readonly accessToken: Secret;
  /** How long the access token lives from the moment it was asked for. */
  readonly lifetimeMs: number;
  /** The next refresh token. Redeeming does not revoke the one redeemed. */
  readonly refreshToken: Secret | undefined;
}

/**
 * Trades a refresh token for an access token to Partner Center: one request, no repeats.
 *
 * @throws {@link ResetError} any of the sign-in codes, `SignInUnavailable` when no answer came in time
 */
export type RedeemRefreshToken = (
  request: { readonly credential: ClientCredential; readonly refreshToken: Secret },
  signal: AbortSignal,
) => Promise<Redeemed>;

export interface RedeemRefreshTokenDependencies {
  readonly fetch: Fetch;
  /** @example 'https://login.microsoftonline.com' */
  readonly authorityUrl: string;
  readonly partnerTenantId: string;
  readonly clientId: string;
  readonly now: () => number;
}

/** The app acts for a user, so it asks for the user's permission; an app-only token is refused. */
const scope = 'https://api.partnercenter.microsoft.com/user_impersonation offline_access';

/** A token answer is a few kilobytes. */
const longestReplyBytes = 64 * 1024;

/** @see https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow#refresh-the-access-token */
export function createRedeemRefreshToken(
  dependencies: RedeemRefreshTokenDependencies,
): RedeemRefreshToken {
  const { fetch, authorityUrl, partnerTenantId, clientId, now } = dependencies;
  const authority = `${authorityUrl.replace(/\/+$/, '')}/${partnerTenantId}`;
  const server = {
    issuer: `${authority}/v2.0`,
    token_endpoint: `${authority}/oauth2/v2.0/token`,
  };

  return async ({ credential, refreshToken }, signal) => {
    const audience = server.token_endpoint;
    const authentication = await toClientAuthentication(credential, { audience, now });
    const configuration = new Configuration(server, clientId, undefined, authentication);
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- marked so only to stand out
    if (isLoopback(authorityUrl)) allowInsecureRequests(configuration);
    // The signal is the only deadline.
    configuration.timeout = 0;
    configuration[customFetch] = toCustomFetch(fetch, now, signal);

    try {
      return toRedeemed(await refreshTokenGrant(configuration, refreshToken.reveal(), { scope }));
    } catch (error) {
      throw isCancelled(signal) ? signal.reason : foreseen(error);
    }
  };
}

/**
 * Our `Fetch` in the shape that openid-client calls. Only an answer with a token goes on to it: a
 * refusal ends here, since what it makes of one keeps the body and loses `Retry-After`.
 */
function toCustomFetch(fetch: Fetch, now: () => number, signal: AbortSignal): CustomFetch {
  return async (url, { method, headers, body }) => {
    let response: FetchResponse;
    let text: string;
    try {
      response = await fetch(url, {
        method,
        headers,
        body: (body as URLSearchParams).toString(),
        redirect: 'manual',
        size: longestReplyBytes,
        signal,
      });
      text = await response.text();
    } catch (cause) {
      throw unavailable('Entra did not answer', cause);
    }

    if (response.status !== 200) {
      const retryAfterMs = parseRetryAfterMs(response.headers.get('retry-after'), now());
      throw toSignInError({ status: response.status, body: text, retryAfterMs });
    }
    return new Response(text, { headers: { 'content-type': 'application/json' } });
  };
}

function toRedeemed(tokens: TokenEndpointResponse): Redeemed {
  if (tokens.expires_in === undefined) throw unavailable("Entra's answer names no lifetime");
  return {
    accessToken: new Secret(tokens.access_token),
    lifetimeMs: tokens.expires_in * 1000,
    refreshToken: tokens.refresh_token === undefined ? undefined : new Secret(tokens.refresh_token),
  };
}

/** openid-client wraps what `customFetch` throws; its own complaints hold the answer, so they are no cause. */
function foreseen(error: unknown): unknown {
  if (!(error instanceof ClientError)) return error;
  if (error.code === undefined) return error.cause;
  if (error.code === 'OAUTH_HTTP_REQUEST_FORBIDDEN') {
    const message = 'Cannot sign in to Microsoft Entra: ENTRA_AUTHORITY_URL must begin with https';
    return new ResetError('AppMisconfigured', message);
  }
  return unavailable("Entra's answer holds no token");
}

function unavailable(reason: string, cause?: unknown): ResetError {
  return new ResetError('SignInUnavailable', `Cannot sign in to Microsoft Entra: ${reason}`, {
    cause,
  });
}
