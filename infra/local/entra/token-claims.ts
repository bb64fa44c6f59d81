import { createHash, randomUUID } from 'node:crypto';

type Claims = Readonly<Record<string, unknown>>;

export interface CallerToken {
  /** The client id of the called app for version 2.0, usually its `api://…` URI for 1.0. */
  readonly audience: string;
  readonly tenantId: string;
  /** The app that calls. */
  readonly clientId: string;
  /** Of the user, or of the app's service principal. */
  readonly objectId: string;
  /** App roles: of the app itself in an app token, assigned to the user in a user token. */
  readonly roles?: readonly string[];
  /** @default '2.0' */
  readonly version?: '1.0' | '2.0';
  /** May be negative, for a token that has expired. @default 3600 */
  readonly expiresInSeconds?: number;
  /** Over all others; undefined removes one. For tokens that Entra would not make. */
  readonly claims?: Claims;
}

export interface CallerUserToken extends CallerToken {
  /** Delegated permissions. */
  readonly scopes: readonly string[];
}

/** What sets an application's own token apart. */
export function appClaims({ objectId }: CallerToken): Claims {
  return { sub: objectId, idtyp: 'app' };
}

/** A person is another subject to each application that is called. */
export function personClaims({ tenantId, objectId, audience }: CallerToken): Claims {
  const subject = createHash('sha256').update(`${tenantId}/${objectId}/${audience}`);
  return { sub: subject.digest('base64url') };
}

/**
 * The claims that Entra's access tokens carry in both versions, whosever they are.
 *
 * @see https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
 */
export function callerClaims(authority: string, token: CallerToken, nowMs: number): Claims {
  const { audience, tenantId, clientId, objectId, roles, version = '2.0' } = token;
  const issuedAt = Math.floor(nowMs / 1000);
  return {
    aud: audience,
    // Version 1.0 tokens name this issuer whichever host has made them.
    iss:
      version === '1.0' ? `https://sts.windows.net/${tenantId}/` : `${authority}/${tenantId}/v2.0`,
    iat: issuedAt,
    nbf: issuedAt,
    exp: issuedAt + (token.expiresInSeconds ?? 3600),
    ...(version === '1.0' ? { appid: clientId, appidacr: '1' } : { azp: clientId, azpacr: '1' }),
    oid: objectId,
    tid: tenantId,
    uti: randomUUID(),
    ver: version,
    ...(roles !== undefined && { roles }),
  };
}

export const partnerCenter = 'https://api.partnercenter.microsoft.com';
/** Who consented. */
const serviceUser = 'password-reset@partner.example';

export interface PartnerCenterToken {
  readonly tenantId: string;
  readonly clientId: string;
  readonly objectId: string;
  readonly audience: string;
  /** Whether the sign-in behind the refresh token had a second factor. */
  readonly withMfa: boolean;
  /** Undefined in an app-only token, which Partner Center refuses. */
  readonly scope: string | undefined;
  readonly expiresInSeconds: number;
}

/** In the version 2.0 form, with the `appid` and `amr` of version 1.0 that Partner Center reads. */
export function partnerCenterClaims(
  authority: string,
  token: PartnerCenterToken,
  nowMs: number,
): Claims {
  const { scope, withMfa, clientId } = token;
  return {
    ...callerClaims(authority, token, nowMs),
    appid: clientId,
    ...(scope === undefined
      ? appClaims(token)
      : {
          ...personClaims(token),
          scp: scope,
          amr: withMfa ? ['pwd', 'mfa'] : ['pwd'],
          upn: serviceUser,
        }),
  };
}
