import { randomUUID } from 'node:crypto';
import {
  type CryptoKey,
  decodeJwt,
  exportJWK,
  generateKeyPair,
  type JWK,
  type JWTHeaderParameters,
  SignJWT,
} from 'jose';
import nodeFetch from 'node-fetch';
import { type EntraStandIn, startEntra } from '../../infra/local/entra/entra.js';
import { parseCallerList } from '../../shared/callers/caller-list.js';
import { createVerifyToken } from '../../shared/entra/verify-token.js';
import { createAuthenticate } from '../../shared/handlers/authenticate.js';
import type { Fetch } from '../../shared/platform/http.js';
import { Secret } from '../../shared/platform/secret.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { aRequest } from '../unit/handlers/invocation.js';

export const partnerTenantId = '1f6a0f5e-3f4b-4b57-9d5c-6a0c1d2e3f40';
export const apiClientId = '3b8c2a7a-5b6d-4d79-9f7e-8c2e3f4a5b62';
export const clientId = '5dae4c9c-7d8f-4f9b-9b9a-ae4a5b6c7d84';
const portalId = '6ebf5dad-8e9a-4aac-8cab-bf5b6c7d8e95';
export const userId = '9bec8ada-bbcd-4ddf-9fde-ec8e9fabbcc8';
export const clock = new FakeClock();
const objectId = '8adb7fcf-aabc-4cce-8ecd-db7d8e9fabb7';
const { now } = clock;

const callers = parseCallerList(
  new Secret(
    JSON.stringify({
      callers: [
        {
          name: 'helpdesk',
          entraClients: [{ clientId }, { clientId: portalId, users: [userId] }],
          permissions: ['reset'],
          customers: '*',
        },
      ],
    }),
  ),
);

export const startTenant = (): Promise<EntraStandIn> =>
  startEntra({
    directory: { signIn: () => 'unknownUser' },
    app: { tenantId: partnerTenantId, clientId: randomUUID() },
    now,
  });

/** What our API makes of a header, and where it has asked for keys. */
export function anApi(entraAuthorityUrl: string) {
  const asked: string[] = [];
  const fetch: Fetch = (url, init) => {
    asked.push(url);
    return nodeFetch(url, init);
  };
  const authenticate = createAuthenticate({
    readCallerList: () => Promise.resolve(callers),
    verifyToken: createVerifyToken({ fetch, entraAuthorityUrl, partnerTenantId, apiClientId, now }),
    now,
  });
  const come = (authorization: string, signal = new AbortController().signal) =>
    authenticate(aRequest({ headers: { authorization } }), signal);
  return { come, asked };
}

/** Over those that Entra gives; undefined removes one. */
export type Claims = Readonly<Record<string, unknown>>;

const caller = { audience: apiClientId, tenantId: partnerTenantId };

export async function anAppToken(entra: EntraStandIn, claims: Claims = {}): Promise<string> {
  const roles = ['access_as_application'];
  return `Bearer ${await entra.issueAppToken({ ...caller, clientId, objectId, roles, claims })}`;
}

export async function aPersonToken(entra: EntraStandIn, claims: Claims = {}): Promise<string> {
  const person = { ...caller, clientId: portalId, objectId: userId };
  const scopes = ['access_as_user'];
  return `Bearer ${await entra.issueUserToken({ ...person, scopes, claims })}`;
}

/** Of somebody who would like to be Entra. */
export interface ForgersKey {
  readonly privateKey: CryptoKey;
  readonly jwk: JWK & { readonly kid: string };
}

export async function aForgersKey(): Promise<ForgersKey> {
  const { privateKey, publicKey } = await generateKeyPair('RS256');
  return { privateKey, jwk: { ...(await exportJWK(publicKey)), kid: randomUUID(), use: 'sig' } };
}

/** With the claims of a good token and a signature of one's own. */
export async function aForgedToken(
  entra: EntraStandIn,
  key: CryptoKey | Uint8Array,
  header: Partial<JWTHeaderParameters>,
): Promise<string> {
  const claims = decodeJwt((await anAppToken(entra)).slice('Bearer '.length));
  const signed = new SignJWT(claims).setProtectedHeader({ typ: 'JWT', alg: 'RS256', ...header });
  return `Bearer ${await signed.sign(key)}`;
}
