import { createRemoteJWKSet, jwtVerify, type JWTPayload } from 'jose';
import { Refusal } from './refusal.js';

/** What a valid token says about who calls. */
export interface AccessToken {
  readonly partnerTenantId: string;
  readonly applicationId: string;
  /** Empty for an app-only token. */
  readonly userPrincipalName: string;
  readonly isAppOnly: boolean;
  readonly hasMfa: boolean;
}

/** @throws {@link Refusal} when the header holds no token that is good for Partner Center now */
export type ReadAccessToken = (authorization: string | undefined) => Promise<AccessToken>;

const mostTokensKept = 1000;

/** Each token is verified once and remembered until it expires: verifying costs more than answering. */
export function createAccessTokenReader(options: {
  readonly jwksUrl: string;
  readonly issuerPrefix: string | undefined;
  readonly audience: string;
  readonly now: () => number;
}): ReadAccessToken {
  const { jwksUrl, issuerPrefix = '', audience, now } = options;
  // Without a cool-down a key that was just rotated in is known at once.
  const keys = createRemoteJWKSet(new URL(jwksUrl), { cooldownDuration: 0 });
  const verified = new Map<string, { claims: JWTPayload; expiresAtMs: number }>();

  const verify = async (token: string): Promise<JWTPayload> => {
    const known = verified.get(token);
    if (known !== undefined && now() < known.expiresAtMs) return known.claims;
    const { payload: claims } = await jwtVerify(token, keys, {
      algorithms: ['RS256'],
      currentDate: new Date(now()),
      requiredClaims: ['exp', 'iss', 'aud'],
    }).catch((error: unknown) => {
      throw isBadToken(error) ? refuseToken('tokenInvalid') : error;
    });
    if (verified.size >= mostTokensKept) verified.clear();
    verified.set(token, { claims, expiresAtMs: (claims.exp ?? 0) * 1000 });
    return claims;
  };

  return async (authorization) => {
    const token = /^Bearer +([^ ]+)$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) throw refuseToken('tokenMissing');
    const claims = await verify(token);
    if (claims.iss?.startsWith(issuerPrefix) !== true) throw refuseToken('tokenInvalid');
    if (![claims.aud].flat().includes(audience)) throw new Refusal('audienceNotAccepted');
    return toAccessToken(claims);
  };
}

function refuseToken(reason: 'tokenMissing' | 'tokenInvalid'): Refusal {
  return new Refusal(reason, {
    headers: { 'WWW-Authenticate': 'OAuth realm=urn:cpsvc:cpid:00000000' },
  });
}

/** Anything else, such as no answer from the key server, is nobody's bad token. */
function isBadToken(error: unknown): boolean {
  const code = String((error as { code?: unknown } | null)?.code);
  return code.startsWith('ERR_J') && code !== 'ERR_JWKS_TIMEOUT' && code !== 'ERR_JOSE_GENERIC';
}

function toAccessToken(claims: JWTPayload): AccessToken {
  const text = (name: string) => (typeof claims[name] === 'string' ? claims[name] : '');
  const methods = claims['amr'];
  return {
    partnerTenantId: text('tid'),
    applicationId: text('appid') || text('azp'),
    userPrincipalName: text('upn') || text('preferred_username'),
    isAppOnly: text('idtyp') === 'app' || text('scp') === '',
    hasMfa: Array.isArray(methods) && methods.includes('mfa'),
  };
}
