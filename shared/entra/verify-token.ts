import { errors, type JWTPayload, jwtVerify } from 'jose';
import type { TokenIdentity, VerifyToken } from '../callers/token-identity.js';
import { isGuid } from '../password-reset/ids.js';
import { ResetError } from '../password-reset/reset-error.js';
import { untilAborted } from '../platform/deadline.js';
import type { Fetch } from '../platform/http.js';
import { createSigningKeys } from './signing-keys.js';

export interface VerifyTokenDependencies {
  readonly fetch: Fetch;
  /** @example 'https://login.microsoftonline.com' */
  readonly entraAuthorityUrl: string;
  /** The tenant whose applications and people may call. In lower case. */
  readonly partnerTenantId: string;
  /** The app registration of our own API, for which tokens must be made out. In lower case. */
  readonly apiClientId: string;
  readonly now: () => number;
}

const appRole = 'access_as_application';
const scope = 'access_as_user';
const longestToken = 8 * 1024;
const toleranceSeconds = 60;

/**
 * Access tokens of version 2.0 that Entra issued in the partner's tenant for our API.
 *
 * @see https://learn.microsoft.com/entra/identity-platform/access-tokens#validate-tokens
 * @see https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
 */
export function createVerifyToken(dependencies: VerifyTokenDependencies): VerifyToken {
  const { fetch, entraAuthorityUrl, partnerTenantId, apiClientId, now } = dependencies;
  const authority = `${entraAuthorityUrl}/${partnerTenantId}`;
  const findKey = createSigningKeys({ fetch, keysUrl: `${authority}/discovery/v2.0/keys` });

  return async (token, signal) => {
    const text = token.reveal();
    if (text.length > longestToken) throw refused('is too long');
    const verifying = jwtVerify(text, findKey, {
      algorithms: ['RS256'],
      issuer: `${authority}/v2.0`,
      requiredClaims: ['exp', 'nbf'],
      clockTolerance: toleranceSeconds,
      currentDate: new Date(now()),
    });
    const { payload } = await untilAborted(verifying, signal).catch((error: unknown) => {
      // It holds the claims, so it is no cause.
      throw error instanceof errors.JOSEError ? refused(faultOf(error)) : error;
    });
    if (payload['ver'] !== '2.0') throw refused('is not of version 2.0');
    if (payload.aud !== apiClientId) throw refused('is for another audience');
    if (payload['tid'] !== partnerTenantId) throw refused('is of another tenant');
    return identityIn(payload);
  };
}

/** Only a token that a person has a part in grants scopes. */
function identityIn(claims: JWTPayload): TokenIdentity {
  const clientId = guidIn(claims, 'azp');
  if (clientId === undefined) throw refused('names no application, so it is no access token');
  return claims['scp'] === undefined
    ? applicationIn(claims, clientId)
    : personIn(claims, clientId, claims['scp']);
}

/** A person may hold a role of the same name; the subject of a person's token is never the object id. */
function applicationIn(claims: JWTPayload, clientId: string): TokenIdentity {
  const { idtyp = 'app', azpacr, roles, sub, oid } = claims;
  if (idtyp !== 'app' || guidIn(claims, 'oid') === undefined || sub !== oid) {
    throw refused("is not an application's own, and carries no scope");
  }
  // 0 is an application that keeps no secret, 1 one with a secret, 2 one with a certificate.
  if (azpacr !== '1' && azpacr !== '2') {
    throw refused('is of an application that proved nothing with a secret or certificate');
  }
  if (!Array.isArray(roles) || !roles.includes(appRole)) {
    throw refused(`carries no app role ${appRole}`);
  }
  return { kind: 'application', clientId };
}

function personIn(claims: JWTPayload, clientId: string, scopes: unknown): TokenIdentity {
  const { idtyp = 'user' } = claims;
  const userId = guidIn(claims, 'oid');
  if (idtyp !== 'user' || userId === undefined)
    throw refused('is of no person, but carries scopes');
  if (typeof scopes !== 'string' || !scopes.split(' ').includes(scope)) {
    throw refused(`carries no scope ${scope}`);
  }
  return { kind: 'person', clientId, userId };
}

function guidIn(claims: JWTPayload, name: string): string | undefined {
  const value = claims[name];
  return typeof value === 'string' && isGuid(value) ? value.toLowerCase() : undefined;
}

const faultByClaim: Readonly<Record<string, string>> = {
  iss: 'is of another tenant or authority, or of version 1.0',
  nbf: 'is not valid yet',
  exp: 'has expired',
};

const faultByCode: Readonly<Record<string, string>> = {
  ERR_JOSE_ALG_NOT_ALLOWED: 'is not signed with RS256',
  ERR_JWKS_NO_MATCHING_KEY: 'is signed by an unknown key',
  ERR_JWKS_MULTIPLE_MATCHING_KEYS: 'names no key',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'has a wrong signature',
};

function faultOf(error: errors.JOSEError): string {
  if (error instanceof errors.JWTClaimValidationFailed || error instanceof errors.JWTExpired) {
    const { claim, reason } = error;
    // These names are among those that we ask for.
    if (reason !== 'check_failed') return `lacks the claim ${claim}, or it cannot be read`;
    return faultByClaim[claim] ?? 'cannot be used';
  }
  return faultByCode[error.code] ?? 'cannot be read';
}

function refused(fault: string): ResetError {
  return new ResetError('Unauthorized', `The bearer token ${fault}`);
}
