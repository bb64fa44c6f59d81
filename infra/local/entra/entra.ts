import { announceSecret } from '../announcements.js';
import { createFaults, faultsPath, type FaultSwitch } from '../faults/faults.js';
import { jsonReply, startLoopbackServer, type LoopbackServer } from '../loopback-server.js';
import type { CallerApp } from './caller-apps.js';
import type { AppRegistration } from './client-credential.js';
import { createRefreshTokens } from './refresh-tokens.js';
import { createSigningKeys } from './signing-keys.js';
import {
  appClaims,
  callerClaims,
  type CallerToken,
  type CallerUserToken,
  personClaims,
} from './token-claims.js';
import { createTokenEndpoint, type RecordedTokenRequest } from './token-endpoint.js';
import { tokenFaultGrammar, type TokenFault } from './token-fault.js';
import type { UserSignIn } from './user-sign-in.js';

export interface EntraStandIn {
  /** The authority, as `https://login.microsoftonline.com` is. */
  readonly url: string;
  readonly jwksUrl: string;
  /** The newest valid one of the app; when none is left, a new one, as a renewed consent gives. */
  readonly refreshToken: string;
  readonly requests: readonly RecordedTokenRequest[];
  readonly faults: FaultSwitch<TokenFault>;
  /** The token of a person who calls us through an app. */
  issueUserToken(token: CallerUserToken): Promise<string>;
  /** The token of an app that calls us by itself. */
  issueAppToken(token: CallerToken): Promise<string>;
  /** Signs with a new key from now on. The ones before stay published. */
  rotateSigningKey(): Promise<void>;
  /** As an administrator's "revoke sessions" of the service user does. */
  revokeRefreshTokens(): void;
  close(): Promise<void>;
}

export interface EntraOptions {
  readonly directory: UserSignIn;
  readonly app: AppRegistration;
  /** Applications that call an API by themselves. @default none */
  readonly callerApps?: readonly CallerApp[];
  readonly port?: number;
  readonly now?: () => number;
  /** @default 3900 */
  readonly accessTokenLifetimeSeconds?: number;
  /** Whether a redemption answers with a new refresh token or the same. @default true */
  readonly rotateRefreshToken?: boolean;
}

/** Microsoft Entra as far as tokens are concerned: discovery, signing keys and the v2.0 token endpoint. */
export async function startEntra(options: EntraOptions): Promise<EntraStandIn> {
  const { directory, app, callerApps = [], port, now = Date.now } = options;
  const { accessTokenLifetimeSeconds = 3900, rotateRefreshToken = true } = options;
  for (const { clientSecret } of [app, ...callerApps]) {
    if (clientSecret !== undefined) announceSecret('client secret', clientSecret);
  }
  const signingKeys = await createSigningKeys();
  const faults = createFaults<TokenFault>(tokenFaultGrammar);
  const refreshTokens = createRefreshTokens(app.refreshTokens ?? [], now);
  const requests: RecordedTokenRequest[] = [];
  const answerTokenRequest = createTokenEndpoint({
    app,
    callerApps,
    directory,
    refreshTokens,
    signToken: signingKeys.signToken,
    faults,
    onRequest: (request) => requests.push(request),
    now,
    accessTokenLifetimeSeconds,
    rotateRefreshToken,
  });

  const server: LoopbackServer = await startLoopbackServer((request) => {
    if (request.path === faultsPath) return faults.answer(request);
    const [, tenant = '', route = ''] = /^\/([^/]+)\/(.+)$/.exec(request.path) ?? [];
    switch (route.toLowerCase()) {
      case 'oauth2/v2.0/token':
        return answerTokenRequest(server.url, tenant, request);
      case 'discovery/v2.0/keys':
        return jsonReply(200, { keys: signingKeys.publicJwks });
      case 'v2.0/.well-known/openid-configuration':
        return jsonReply(200, discoveryDocument(server.url, tenant));
      default:
        return { status: 404, body: '' };
    }
  }, port);

  const sign = (token: CallerToken, claims: Readonly<Record<string, unknown>>) =>
    signingKeys.signToken({
      ...callerClaims(server.url, token, now()),
      ...claims,
      ...token.claims,
    });

  return {
    url: server.url,
    jwksUrl: `${server.url}/common/discovery/v2.0/keys`,
    get refreshToken() {
      return refreshTokens.newest();
    },
    requests,
    faults,
    issueUserToken: (token) => sign(token, { ...personClaims(token), scp: token.scopes.join(' ') }),
    issueAppToken: (token) => sign(token, appClaims(token)),
    rotateSigningKey: () => signingKeys.rotate(),
    revokeRefreshTokens: () => refreshTokens.revokeAll(),
    close: () => server.close(),
  };
}

/** @see https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc */
function discoveryDocument(authority: string, tenant: string): Record<string, unknown> {
  const isShared = tenant === 'common' || tenant === 'organizations';
  return {
    // The shared documents leave a placeholder for the tenant of each token.
    issuer: `${authority}/${isShared ? '{tenantid}' : tenant}/v2.0`,
    token_endpoint: `${authority}/${tenant}/oauth2/v2.0/token`,
    jwks_uri: `${authority}/${tenant}/discovery/v2.0/keys`,
    token_endpoint_auth_methods_supported: [
      'client_secret_post',
      'private_key_jwt',
      'client_secret_basic',
    ],
    response_modes_supported: ['query', 'fragment', 'form_post'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token'],
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
    authorization_endpoint: `${authority}/${tenant}/oauth2/v2.0/authorize`,
  };
}
