import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { inspect } from 'node:util';
import { decodeJwt, decodeProtectedHeader, type JWTHeaderParameters } from 'jose';
import type { EntraStandIn } from '../../infra/local/entra/entra.js';
import {
  jsonReply,
  type LoopbackServer,
  startLoopbackServer,
} from '../../infra/local/loopback-server.js';
import {
  aForgedToken,
  aForgersKey,
  anApi,
  anAppToken,
  apiClientId,
  aPersonToken,
  type Claims,
  clientId,
  clock,
  type ForgersKey,
  partnerTenantId,
  startTenant,
  userId,
} from './token-harness.js';

const otherId = '2a7b1f6f-4a5c-4c68-8e6d-7b1d2e3f4a51';
const nowSeconds = clock.nowMs / 1000;
const role = 'access_as_application';
const scope = 'access_as_user';

describe('createVerifyToken()', () => {
  let entra: EntraStandIn;
  let entraKid: string;
  let entraPublicPem: Uint8Array;
  let own: ForgersKey;
  /** Where the forger would like us to look for keys. */
  let elsewhere: LoopbackServer;
  let visits: string[];

  beforeAll(async () => {
    entra = await startTenant();
    own = await aForgersKey();
    elsewhere = await startLoopbackServer(({ path }) => {
      visits.push(path);
      return jsonReply(200, { keys: [own.jwk] });
    });
    const answer = await fetch(entra.jwksUrl);
    const { keys } = (await answer.json()) as { keys: [JsonWebKey & { kid: string }] };
    entraKid = keys[0].kid;
    const publicKey = createPublicKey({ key: keys[0], format: 'jwk' });
    entraPublicPem = Buffer.from(publicKey.export({ type: 'spki', format: 'pem' }));
  });

  beforeEach(() => {
    visits = [];
  });

  afterAll(async () => {
    await entra.close();
    await elsewhere.close();
  });

  /** Refused for that reason, asking nobody else, and giving nothing of the token away. */
  async function expectRefusal(authorization: string, fault: string): Promise<void> {
    const error: unknown = await anApi(entra.url)
      .come(authorization)
      .catch((reason: unknown) => reason);

    expect(error).toMatchObject({
      code: 'Unauthorized',
      message: expect.stringContaining(`The bearer token ${fault}`),
    });
    expect(visits).toEqual([]);
    const shown = inspect(error, { depth: null, showHidden: true });
    for (const value of valuesIn(authorization)) expect(shown).not.toContain(value);
  }

  it.each<[string, Claims]>([
    ['as Entra makes it', {}],
    ['of one with a certificate', { azpacr: '2' }],
    ['without the optional idtyp', { idtyp: undefined }],
    ['with other roles', { roles: ['Other', role] }],
    ['with its id in capitals', { azp: clientId.toUpperCase() }],
    ['that expired 59 s ago', { exp: nowSeconds - 59 }],
    ['that begins in 60 s', { nbf: nowSeconds + 60 }],
  ])('takes the token of an application %s', async (_, claims) => {
    const caller = await anApi(entra.url).come(await anAppToken(entra, claims));

    expect(caller).toMatchObject({ name: 'helpdesk' });
  });

  it.each<[string, Claims]>([
    ['as Entra makes it', {}],
    ['with idtyp', { idtyp: 'user' }],
    ['with other scopes', { scp: `Other ${scope}` }],
    ['through a public client', { azpacr: '0' }],
    ['with their id in capitals', { oid: userId.toUpperCase() }],
    ['who has roles too', { roles: [role] }],
  ])('takes the token of a person %s', async (_, claims) => {
    const caller = await anApi(entra.url).come(await aPersonToken(entra, claims));

    expect(caller).toMatchObject({ name: `helpdesk/${userId}` });
  });

  it.each([
    ['garbage', 'cannot be read', 'canary-of-no-value'],
    ['three parts of garbage', 'cannot be read', 'canary.of.garbage'],
    ['the five parts of an encrypted token', 'cannot be read', 'ey.canary.of.no.value'],
    ['8 KiB', 'cannot be read', 'canary'.padEnd(8192, 'x')],
    ['more than 8 KiB', 'is too long', 'canary'.padEnd(8193, 'x')],
  ])('refuses %s: it %s', async (_, fault, token) => {
    await expectRefusal(`Bearer ${token}`, fault);
  });

  it.each([
    ['alg none', 'is not signed with RS256', 'none'],
    ['alg NonE', 'is not signed with RS256', 'NonE'],
    ['alg RS256', 'has a wrong signature', 'RS256'],
  ])('refuses an empty signature under %s: it %s', async (_, fault, alg) => {
    const [, claims = ''] = (await anAppToken(entra)).split('.');
    const header = Buffer.from(JSON.stringify({ typ: 'JWT', alg, kid: entraKid }));

    await expectRefusal(`Bearer ${header.toString('base64url')}.${claims}.`, fault);
  });

  it('refuses claims that were changed: it has a wrong signature', async () => {
    const [header = '', , signature = ''] = (await anAppToken(entra)).split('.');
    const [, otherClaims = ''] = (await anAppToken(entra)).split('.');

    await expectRefusal([header, otherClaims, signature].join('.'), 'has a wrong signature');
  });

  it('refuses HS256 with the public key: it is not signed with RS256', async () => {
    const token = await aForgedToken(entra, entraPublicPem, { alg: 'HS256', kid: entraKid });

    await expectRefusal(token, 'is not signed with RS256');
  });

  it.each<[string, () => Partial<JWTHeaderParameters>]>([
    ['nothing', () => ({})],
    ['jwk', () => ({ jwk: own.jwk })],
    ['jku', () => ({ jku: `${elsewhere.url}/keys` })],
    ['x5u', () => ({ x5u: `${elsewhere.url}/certificate` })],
    ['x5c', () => ({ x5c: ['AAAA'] })],
  ])('refuses an own key, with %s in the header', async (_, offer) => {
    const { privateKey, jwk } = own;
    const underOwnName = await aForgedToken(entra, privateKey, { ...offer(), kid: jwk.kid });
    const underEntrasName = await aForgedToken(entra, privateKey, { ...offer(), kid: entraKid });
    const underNoName = await aForgedToken(entra, privateKey, offer());

    await expectRefusal(underOwnName, 'is signed by an unknown key');
    await expectRefusal(underEntrasName, 'has a wrong signature');
    await expectRefusal(underNoName, 'has a wrong signature');
  });

  it.each<[string, string, Claims]>([
    ['more than 8 KiB', 'is too long', { pad: 'x'.repeat(8192) }],
    ['an end 60 s ago', 'has expired', { exp: nowSeconds - 60 }],
    ['an end 61 s ago', 'has expired', { exp: nowSeconds - 61 }],
    ['a beginning in 61 s', 'is not valid yet', { nbf: nowSeconds + 61 }],
    ['no exp', 'lacks the claim exp', { exp: undefined }],
    ['exp as text', 'lacks the claim exp', { exp: String(nowSeconds + 3600) }],
    ['no nbf', 'lacks the claim nbf', { nbf: undefined }],

    ['another audience', 'is for another audience', { aud: otherId }],
    ['the audience of Graph', 'is for another audience', { aud: 'https://graph.microsoft.com' }],
    ['our audience as a URI', 'is for another audience', { aud: `api://${apiClientId}` }],
    ['our audience among others', 'is for another audience', { aud: [apiClientId, otherId] }],
    ['no audience', 'is for another audience', { aud: undefined }],
    ['another tid', 'is of another tenant', { tid: otherId }],
    ['no tid', 'is of another tenant', { tid: undefined }],
    ['another issuer', 'is of another tenant or authority', { iss: 'https://entra.example/v2.0' }],
    ['no issuer', 'lacks the claim iss', { iss: undefined }],
    ['ver 1.0 in the shape of 2.0', 'is not of version 2.0', { ver: '1.0' }],
    ['no ver', 'is not of version 2.0', { ver: undefined }],

    ['no roles', `carries no app role ${role}`, { roles: undefined }],
    ['another role', `carries no app role ${role}`, { roles: [`${role}_too`] }],
    ['its role as text', `carries no app role ${role}`, { roles: role }],
    ['no secret', 'is of an application that proved nothing', { azpacr: '0' }],
    ['no azpacr', 'is of an application that proved nothing', { azpacr: undefined }],
    ['no azp', 'names no application', { azp: undefined }],
    ['an azp that is no GUID', 'names no application', { azp: 'helpdesk' }],
    ['no object', "is not an application's own", { oid: undefined, sub: undefined }],
    ['another subject', "is not an application's own", { sub: otherId }],
    ['idtyp user', "is not an application's own", { idtyp: 'user' }],
    ['scopes', 'is of no person', { scp: scope }],
    ['an id that is not listed', 'is of an application that is not listed', { azp: otherId }],
  ])('refuses the token of an application with %s: it %s', async (_, fault, claims) => {
    await expectRefusal(await anAppToken(entra, claims), fault);
  });

  it.each<[string, string, Claims]>([
    ['no application: an ID token', 'names no application', { azp: undefined, scp: undefined }],
    ['no scope: an ID token', "is not an application's own", { scp: undefined }],
    ['no scope, a role', "is not an application's own", { scp: undefined, roles: [role] }],
    ['another scope, a role', `carries no scope ${scope}`, { scp: 'User.Read', roles: [role] }],
    ['a longer scope', `carries no scope ${scope}`, { scp: `${scope}_too` }],
    ['an empty scope', `carries no scope ${scope}`, { scp: '' }],
    ['scopes as a list', `carries no scope ${scope}`, { scp: [scope] }],
    ['no object id', 'is of no person', { oid: undefined }],
    ['an object id that is no GUID', 'is of no person', { oid: '*' }],
    ['idtyp app', 'is of no person', { idtyp: 'app' }],
    ['an id that is not listed', 'is of a person who is not listed', { oid: otherId }],
    ['an app that is not listed', 'is of a person who is not listed', { azp: otherId }],
  ])('refuses the token of a person with %s: it %s', async (_, fault, claims) => {
    await expectRefusal(await aPersonToken(entra, claims), fault);
  });

  it.each([
    ['another tenant', { tenantId: otherId }],
    ['version 1.0', { version: '1.0' as const }],
  ])('refuses a token of %s, as Entra makes it', async (_, change) => {
    const caller = {
      audience: apiClientId,
      tenantId: partnerTenantId,
      clientId,
      objectId: otherId,
    };
    const token = await entra.issueAppToken({ ...caller, roles: [role], ...change });

    await expectRefusal(`Bearer ${token}`, 'is of another tenant or authority, or of version 1.0');
  });
});

/** What an error could give away: the token, its key, and whoever it names. */
function valuesIn(authorization: string): string[] {
  const token = authorization.slice('Bearer '.length);
  const parts = token.split('.').filter((part) => part.length > 5);
  try {
    const { aud, iss, sub, oid, tid, azp } = decodeJwt(token);
    const { kid } = decodeProtectedHeader(token);
    const named = [aud, iss, sub, oid, tid, azp, kid].flat();
    return [
      ...parts,
      ...named.filter((value) => typeof value === 'string' && value.length > 5),
    ] as string[];
  } catch {
    return parts;
  }
}
