import { randomUUID } from 'node:crypto';
import type { LoopbackReply } from '../loopback-server.js';
import {
  createCheckClient,
  readClientCredential,
  type AppRegistration,
} from './client-credential.js';
import type { RefreshTokens } from './refresh-tokens.js';
import { Refusal } from './refusal.js';
import type { SigningKeys } from './signing-keys.js';
import { partnerCenter, partnerCenterClaims } from './token-claims.js';
import type { TokenFault } from './token-fault.js';
import { tokenReply, type TokenRequest } from './token-reply.js';

export interface AppGrantsDependencies {
  readonly app: AppRegistration;
  readonly refreshTokens: RefreshTokens;
  readonly signToken: SigningKeys['signToken'];
  readonly now: () => number;
  readonly accessTokenLifetimeSeconds: number;
  readonly rotateRefreshToken: boolean;
}

/** Rejects with a {@link Refusal}. */
export type IssueToApp = (
  request: TokenRequest,
  taken: readonly TokenFault[],
) => Promise<LoopbackReply>;

/**
 * The app in the partner's tenant: the refresh-token grant for its service user, and the
 * client-credentials grant, whose app-only token Partner Center refuses.
 *
 * @see https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow#refresh-the-access-token
 */
export function createAppGrants(dependencies: AppGrantsDependencies): IssueToApp {
  const { app, refreshTokens, signToken, now } = dependencies;
  const { accessTokenLifetimeSeconds, rotateRefreshToken } = dependencies;
  const checkClient = createCheckClient(app, now);
  const servicePrincipalId = randomUUID();
  const serviceUserId = randomUUID();

  return async ({ authority, tenant, form, authorization }, taken) => {
    const isForUser = isUserGrant(form.get('grant_type'));
    checkTenant(tenant, app.tenantId);
    if (form.has('resource')) throw new Refusal(901002);

    const credential = readClientCredential(form, authorization);
    const scope = form.get('scope');
    if (!credential.clientId || !scope) throw new Refusal(900144);
    await checkClient(credential, `${authority}/${tenant}/oauth2/v2.0/token`);

    const refreshToken = form.get('refresh_token');
    if (isForUser) {
      if (!refreshToken) throw new Refusal(900144);
      refreshTokens.check(refreshToken);
    }
    const { offlineAccess } = parseScope(scope);

    const claims = partnerCenterClaims(
      authority,
      {
        tenantId: app.tenantId,
        clientId: app.clientId,
        objectId: isForUser ? serviceUserId : servicePrincipalId,
        audience: taken.find((fault) => 'audience' in fault)?.audience ?? partnerCenter,
        withMfa: !taken.some((fault) => 'withoutMfa' in fault),
        scope: isForUser ? 'user_impersonation' : undefined,
        expiresInSeconds: accessTokenLifetimeSeconds,
      },
      now(),
    );
    const withRefreshToken =
      isForUser && offlineAccess && !taken.some((fault) => 'withoutRefreshToken' in fault);
    return tokenReply({
      ...(isForUser && { scope: `${partnerCenter}/user_impersonation` }),
      expires_in: accessTokenLifetimeSeconds,
      ext_expires_in: accessTokenLifetimeSeconds,
      access_token: await signToken(claims),
      ...(withRefreshToken && {
        refresh_token: rotateRefreshToken ? refreshTokens.issue() : refreshToken,
      }),
    });
  };
}

function isUserGrant(grantType: string | null): boolean {
  if (grantType === 'refresh_token') return true;
  if (grantType === 'client_credentials') return false;
  throw new Refusal(70003);
}

/** @throws {@link Refusal} unless it is the app's own */
export function checkTenant(tenant: string, own: string): void {
  if (/^(common|organizations|consumers)$/i.test(tenant)) throw new Refusal(50194);
  if (tenant.toLowerCase() !== own.toLowerCase()) throw new Refusal(90002);
}

/** @throws {@link Refusal} when it asks for anything but Partner Center */
function parseScope(scope: string): { readonly offlineAccess: boolean } {
  const parts = scope.split(' ');
  const asksDefault = parts.includes(`${partnerCenter}/.default`);
  if (!asksDefault && !parts.includes(`${partnerCenter}/user_impersonation`)) {
    throw new Refusal(500011);
  }
  return { offlineAccess: asksDefault || parts.includes('offline_access') };
}
