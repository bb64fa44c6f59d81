import { createPublicKey, type JsonWebKey, randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  it,
  jest,
} from '@jest/globals';
import {
  base64url,
  calculateJwkThumbprint,
  type CryptoKey,
  decodeJwt,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  type JWK,
  type JWTHeaderParameters,
  SignJWT,
} from 'jose';
import nodeFetch from 'node-fetch';
import { startEntra, type EntraStandIn } from '../../infra/local/entra/entra.js';
import {
  jsonReply,
  type LoopbackReply,
  type LoopbackServer,
  startLoopbackServer,
} from '../../infra/local/loopback-server.js';
import { parseCallerList } from '../../shared/callers/caller-list.js';
import { createVerifyToken } from '../../shared/entra/verify-token.js';
import { createAuthenticate } from '../../shared/handlers/authenticate.js';
import type { Fetch } from '../../shared/platform/http.js';
import { Secret } from '../../shared/platform/secret.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { aRequest } from '../unit/handlers/invocation.js';

const partnerTenantId = '1f6a0f5e-3f4b-4b57-9d5c-6a0c1d2e3f40';
const otherTenantId = '2a7b1f6f-4a5c-4c68-8e6d-7b1d2e3f4a51';
const apiClientId = '3b8c2a7a-5b6d-4d79-9f7e-8c2e3f4a5b62';
const otherApiId = '4c9d3b8b-6c7e-4e8a-8a8f-9d3f4a5b6c73';
const clientId = '5dae4c9c-7d8f-4f9b-9b9a-ae4a5b6c7d84';
const portalId = '6ebf5dad-8e9a-4aac-8cab-bf5b6c7d8e95';
const unlistedId = '7fca6ebe-9fab-4bbd-9dbc-ca6c7d8e9fa6';
const objectId = '8adb7fcf-aabc-4cce-8ecd-db7d8e9fabb7';
const userId = '9bec8ada-bbcd-4ddf-9fde-ec8e9fabbcc8';
const aKeyOfNoValue = 'canary-of-no-value';
const signal = new AbortController().signal;
const clock = new FakeClock();
const nowSeconds = clock.nowMs / 1000;

let entra: EntraStandIn;
/** Somebody else's key set, where an attacker would want us to look. */
let elsewhere: LoopbackServer;
let visits: string[];
const running: LoopbackServer[] = [];
let own: { readonly privateKey: CryptoKey; readonly jwk: JWK; readonly kid: string };

beforeAll(async () => {
  const { privateKey, publicKey } = await generateKeyPair('RS256');
  const jwk = await exportJWK(publicKey);
  own = { privateKey, jwk, kid: await calculateJwkThumbprint(jwk) };
  entra = await startEntra({
    directory: { signIn: () => 'unknownUser' },
    app: { tenantId: partnerTenantId, clientId: randomUUID() },
    now: clock.now,
  });
  elsewhere = await startLoopbackServer(({ path }) => {
    visits.push(path);
    return jsonReply(200, { keys: [{ ...own.jwk, kid: own.kid, use: 'sig' }] });
  });
});

beforeEach(() => {
  visits = [];
});

afterEach(async () => {
  jest.restoreAllMocks();
  await Promise.all(running.splice(0).map((server) => server.close()));
});

afterAll(async () => {
  await entra.close();
  await elsewhere.close();
});

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

/** What an API of the partner does with a header, and how often it has asked for keys. */
function anApi({ entraAuthorityUrl = entra.url } = {}) {
  const asked: string[] = [];
  const fetch: Fetch = (url, init) => {
    asked.push(url);
    return nodeFetch(url, init);
  };
  const { now } = clock;
  const authenticate = createAuthenticate({
    readCallerList: () => Promise.resolve(callers),
    verifyToken: createVerifyToken({ fetch, entraAuthorityUrl, partnerTenantId, apiClientId, now }),
    now,
  });
  const come = (authorization: string | undefined, until = signal) =>
    authenticate(
      aRequest({ headers: authorization === undefined ? {} : { authorization } }),
      until,
    );
  return { come, asked };
}

const appCaller = { audience: apiClientId, tenantId: partnerTenantId, clientId, objectId };
const appRole = { roles: ['access_as_application'] };
const personCaller = { ...appCaller, clientId: portalId, objectId: userId };
const asUser = { scopes: ['access_as_user'] };

type Claims = Readonly<Record<string, unknown>>;

/** Of the application, as Entra makes it but for these claims; undefined removes one. */
const anAppToken = async (claims: Claims = {}) =>
  `Bearer ${await entra.issueAppToken({ ...appCaller, ...appRole, claims })}`;
const aPersonToken = async (claims: Claims = {}) =>
  `Bearer ${await entra.issueUserToken({ ...personCaller, ...asUser, claims })}`;

/** With the claims of a good token, but somebody else's signature. */
async function aForgedToken(
  header: Partial<JWTHeaderParameters>,
  key: CryptoKey | Uint8Array = own.privateKey,
): Promise<string> {
  const claims = decodeJwt((await anAppToken()).slice('Bearer '.length));
  const signed = new SignJWT(claims).setProtectedHeader({ typ: 'JWT', alg: 'RS256', ...header });
  return `Bearer ${await signed.sign(key)}`;
}

async function anUnsignedToken(alg: string): Promise<string> {
  const [, claims = ''] = (await anAppToken()).split('.');
  return `Bearer ${base64url.encode(JSON.stringify({ typ: 'JWT', alg }))}.${claims}.`;
}

async function entraKid(): Promise<string> {
  return decodeProtectedHeader((await anAppToken()).slice('Bearer '.length)).kid ?? '';
}

async function entraPublicPem(): Promise<Uint8Array> {
  const answer = await fetch(entra.jwksUrl);
  const { keys } = (await answer.json()) as { keys: [JWK] };
  const pem = createPublicKey({ key: keys[0] as JsonWebKey, format: 'jwk' });
  return Buffer.from(pem.export({ type: 'spki', format: 'pem' }));
}

type Make = () => string | Promise<string>;

describe('createVerifyToken()', () => {
  it.each<[string, string, Make]>([
    ['an application', 'helpdesk', () => anAppToken()],
    ['an application with a certificate', 'helpdesk', () => anAppToken({ azpacr: '2' })],
    [
      'an application without the optional idtyp',
      'helpdesk',
      () => anAppToken({ idtyp: undefined }),
    ],
    [
      'an application with other roles',
      'helpdesk',
      () => anAppToken({ roles: ['Other', ...appRole.roles] }),
    ],
    ['an application in capitals', 'helpdesk', () => anAppToken({ azp: clientId.toUpperCase() })],
    ['a person', `helpdesk/${userId}`, () => aPersonToken()],
    ['a person with idtyp', `helpdesk/${userId}`, () => aPersonToken({ idtyp: 'user' })],
    [
      'a person with other scopes',
      `helpdesk/${userId}`,
      () => aPersonToken({ scp: 'Other access_as_user' }),
    ],
    ['a person of a public client', `helpdesk/${userId}`, () => aPersonToken({ azpacr: '0' })],
    [
      'a person in capitals',
      `helpdesk/${userId}`,
      () => aPersonToken({ oid: userId.toUpperCase() }),
    ],
    ['one that expired 59 s ago', 'helpdesk', () => anAppToken({ exp: nowSeconds - 59 })],
    ['one that begins in 60 s', 'helpdesk', () => anAppToken({ nbf: nowSeconds + 60 })],
  ])('takes the token of %s', async (_, name, make) => {
    const { come } = anApi();

    expect(await come(await make())).toMatchObject({ name });
  });

  it.each<[string, string, Make]>([
    ['Basic', 'The scheme in Authorization is not Bearer', () => `Basic ${btoa('helpdesk:x')}`],
    ['garbage', 'The bearer token cannot be read', () => `Bearer ${aKeyOfNoValue}`],
    ['three parts of garbage', 'The bearer token cannot be read', () => 'Bearer a.b.c'],
    [
      'the five parts of an encrypted token',
      'The bearer token cannot be read',
      () => 'Bearer a.b.c.d.e',
    ],
    ['8 KiB of garbage', 'The bearer token cannot be read', () => `Bearer ${'x'.repeat(8192)}`],
    ['more than 8 KiB', 'The bearer token is too long', () => `Bearer ${'x'.repeat(8193)}`],
    [
      'more than 8 KiB by Entra',
      'The bearer token is too long',
      () => anAppToken({ pad: 'x'.repeat(8192) }),
    ],

    ['alg none', 'The bearer token is not signed with RS256', () => anUnsignedToken('none')],
    ['alg NonE', 'The bearer token is not signed with RS256', () => anUnsignedToken('NonE')],
    [
      'RS256 without signature',
      'The bearer token cannot be read',
      () => anUnsignedToken('RS256').then((token) => token.slice(0, -1)),
    ],
    [
      'RS256 with an empty signature',
      'The bearer token has a wrong signature',
      async () =>
        aForgedToken({ kid: await entraKid() }).then((token) => token.replace(/[^.]*$/, '')),
    ],
    [
      'HS256 with the public key',
      'The bearer token is not signed with RS256',
      async () => aForgedToken({ alg: 'HS256', kid: await entraKid() }, await entraPublicPem()),
    ],
    [
      'an own key',
      'The bearer token is signed by an unknown key',
      () => aForgedToken({ kid: own.kid }),
    ],
    ['an own key without kid', 'The bearer token has a wrong signature', () => aForgedToken({})],
    [
      "an own key under Entra's kid",
      'The bearer token has a wrong signature',
      async () => aForgedToken({ kid: await entraKid() }),
    ],
    [
      'an own key in jwk',
      'The bearer token is signed by an unknown key',
      () => aForgedToken({ kid: own.kid, jwk: own.jwk }),
    ],
    [
      "an own key in jwk, under Entra's kid",
      'The bearer token has a wrong signature',
      async () => aForgedToken({ kid: await entraKid(), jwk: own.jwk }),
    ],
    [
      'an own key in jku',
      'The bearer token is signed by an unknown key',
      () => aForgedToken({ kid: own.kid, jku: `${elsewhere.url}/keys` }),
    ],
    [
      "an own key in jku, under Entra's kid",
      'The bearer token has a wrong signature',
      async () => aForgedToken({ kid: await entraKid(), jku: `${elsewhere.url}/keys` }),
    ],
    [
      'an own key in x5u',
      'The bearer token is signed by an unknown key',
      () => aForgedToken({ kid: own.kid, x5u: `${elsewhere.url}/certificate` }),
    ],
    [
      'an own key in x5c',
      'The bearer token is signed by an unknown key',
      () => aForgedToken({ kid: own.kid, x5c: ['AAAA'] }),
    ],
    ['changed claims', 'The bearer token has a wrong signature', () => aTokenWithChangedClaims()],

    [
      'expired 60 s ago',
      'The bearer token has expired',
      () => anAppToken({ exp: nowSeconds - 60 }),
    ],
    [
      'expired 61 s ago',
      'The bearer token has expired',
      () => anAppToken({ exp: nowSeconds - 61 }),
    ],
    [
      'not before 61 s',
      'The bearer token is not valid yet',
      () => anAppToken({ nbf: nowSeconds + 61 }),
    ],
    ['no exp', 'The bearer token lacks the claim exp', () => anAppToken({ exp: undefined })],
    ['no nbf', 'The bearer token lacks the claim nbf', () => anAppToken({ nbf: undefined })],
    [
      'exp as text',
      'The bearer token lacks the claim exp, or it cannot be read',
      () => anAppToken({ exp: '9999999999' }),
    ],

    [
      'another audience',
      'The bearer token is for another audience',
      () => anAppToken({ aud: otherApiId }),
    ],
    [
      'the audience of Graph',
      'The bearer token is for another audience',
      () => anAppToken({ aud: 'https://graph.microsoft.com' }),
    ],
    [
      'our audience as a URI',
      'The bearer token is for another audience',
      () => anAppToken({ aud: `api://${apiClientId}` }),
    ],
    [
      'our audience among others',
      'The bearer token is for another audience',
      () => anAppToken({ aud: [otherApiId, apiClientId] }),
    ],
    [
      'no audience',
      'The bearer token is for another audience',
      () => anAppToken({ aud: undefined }),
    ],
    [
      'another tenant, in correct shape',
      'The bearer token is of another tenant',
      async () =>
        `Bearer ${await entra.issueAppToken({ ...appCaller, ...appRole, tenantId: otherTenantId })}`,
    ],
    [
      'another tenant in tid alone',
      'The bearer token is of another tenant',
      () => anAppToken({ tid: otherTenantId }),
    ],
    ['no tid', 'The bearer token is of another tenant', () => anAppToken({ tid: undefined })],
    ['no issuer', 'The bearer token lacks the claim iss', () => anAppToken({ iss: undefined })],
    [
      'an issuer with more behind it',
      'The bearer token is of another tenant',
      () => anAppToken({ iss: `${entra.url}/${partnerTenantId}/v2.0/` }),
    ],
    [
      'version 1.0',
      'or of version 1.0',
      async () =>
        `Bearer ${await entra.issueAppToken({ ...appCaller, ...appRole, version: '1.0' })}`,
    ],
    [
      'ver 1.0 in the shape of 2.0',
      'The bearer token is not of version 2.0',
      () => anAppToken({ ver: '1.0' }),
    ],
    ['no ver', 'The bearer token is not of version 2.0', () => anAppToken({ ver: undefined })],

    [
      'an ID token',
      'The bearer token names no application',
      () => aPersonToken({ azp: undefined, azpacr: undefined, scp: undefined, nonce: 'x' }),
    ],
    [
      'an ID token that names an application',
      "The bearer token is not an application's own",
      () => aPersonToken({ scp: undefined }),
    ],
    [
      'an azp that is no GUID',
      'The bearer token names no application',
      () => anAppToken({ azp: 'helpdesk' }),
    ],
    [
      'an app without roles',
      'The bearer token carries no app role access_as_application',
      () => anAppToken({ roles: undefined }),
    ],
    [
      'an app with another role',
      'The bearer token carries no app role access_as_application',
      () => anAppToken({ roles: ['access_as_application_too'] }),
    ],
    [
      'an app with its role as text',
      'The bearer token carries no app role access_as_application',
      () => anAppToken({ roles: 'access_as_application' }),
    ],
    [
      'an app without secret',
      'The bearer token is of an application that proved nothing',
      () => anAppToken({ azpacr: '0' }),
    ],
    [
      'an app without azpacr',
      'The bearer token is of an application that proved nothing',
      () => anAppToken({ azpacr: undefined }),
    ],
    [
      'an app without object id',
      "The bearer token is not an application's own",
      () => anAppToken({ oid: undefined, sub: undefined }),
    ],
    [
      'an app with another subject',
      "The bearer token is not an application's own",
      () => anAppToken({ sub: userId }),
    ],
    [
      'an app with scopes',
      'The bearer token is of no person',
      () => anAppToken({ scp: 'access_as_user' }),
    ],
    [
      'a person with a role named like the app role',
      'The bearer token carries no scope',
      () => aPersonToken({ scp: 'User.Read', ...appRole }),
    ],
    [
      'a person with such a role and no scope',
      "The bearer token is not an application's own",
      () => aPersonToken({ scp: undefined, ...appRole }),
    ],
    [
      'a person with another scope',
      'The bearer token carries no scope access_as_user',
      () => aPersonToken({ scp: 'access_as_user_too' }),
    ],
    [
      'a person with no scope',
      'The bearer token carries no scope access_as_user',
      () => aPersonToken({ scp: '' }),
    ],
    [
      'a person with scopes as a list',
      'The bearer token carries no scope access_as_user',
      () => aPersonToken({ scp: ['access_as_user'] }),
    ],
    [
      'a person without object id',
      'The bearer token is of no person',
      () => aPersonToken({ oid: undefined }),
    ],
    [
      'a person whose object id is no GUID',
      'The bearer token is of no person',
      () => aPersonToken({ oid: '*' }),
    ],
    [
      'a person marked as an app',
      'The bearer token is of no person',
      () => aPersonToken({ idtyp: 'app' }),
    ],
    [
      'a client id that is not listed',
      'The bearer token is of an application that is not listed',
      () => anAppToken({ azp: unlistedId }),
    ],
    [
      'a person who is not listed',
      'The bearer token is of a person who is not listed',
      () => aPersonToken({ oid: unlistedId }),
    ],
  ])('refuses %s: %s', async (_, message, make) => {
    const { come } = anApi();
    const authorization = await make();

    const error = await come(authorization).then(undefined, (reason: unknown) => reason);

    expect(error).toMatchObject({
      code: 'Unauthorized',
      message: expect.stringContaining(message),
    });
    expect(visits).toEqual([]);
    const shown = inspect(error, { depth: null, showHidden: true });
    for (const value of [authorization.split(' ')[1] ?? '', ...confidential(authorization)]) {
      expect(shown).not.toContain(value);
    }
  });

  it('refuses no credential', async () => {
    await expect(anApi().come(undefined)).rejects.toMatchObject({ code: 'Unauthorized' });
  });
});

describe('createSigningKeys()', () => {
  it("asks the tenant's one address once for many tokens", async () => {
    const { come, asked } = anApi();

    await Promise.all([come(await anAppToken()), come(await aPersonToken())]);
    await come(await anAppToken());

    expect(asked).toEqual([`${entra.url}/${partnerTenantId}/discovery/v2.0/keys`]);
  });

  it('asks nobody about a token that can not be right', async () => {
    const { come, asked } = anApi();

    await expect(come(await anUnsignedToken('none'))).rejects.toThrow('RS256');
    await expect(come('Bearer x')).rejects.toThrow('cannot be read');

    expect(asked).toEqual([]);
  });

  it('asks once more for an unknown key, and then not for 30 s', async () => {
    const { come, asked } = anApi();
    const passTime = watchTime();
    const comeWithUnknownKey = async () => {
      const kid = randomUUID();
      await expect(come(await aForgedToken({ kid }))).rejects.toThrow('unknown key');
      return asked.length;
    };
    await come(await anAppToken());

    const rightAway = await comeWithUnknownKey();
    passTime(30_000);
    const afterCoolDown = await comeWithUnknownKey();
    const again = await comeWithUnknownKey();
    passTime(29_999);
    const beforeNext = await comeWithUnknownKey();
    passTime(1);
    const next = await comeWithUnknownKey();

    expect([rightAway, afterCoolDown, again, beforeNext, next]).toEqual([1, 2, 2, 2, 3]);
  });

  it('knows a key that was rotated in, and still the one before', async () => {
    const { come } = anApi();
    const passTime = watchTime();
    const before = await anAppToken();
    await come(before);

    await entra.rotateSigningKey();
    passTime(30_000);

    expect(await come(await anAppToken())).toMatchObject({ name: 'helpdesk' });
    expect(await come(before)).toMatchObject({ name: 'helpdesk' });
  });

  it('forgets a key that was withdrawn within ten minutes', async () => {
    const { come, asked } = anApi();
    const passTime = watchTime();
    await come(await anAppToken());

    passTime(600_000);
    await come(await anAppToken());

    expect(asked).toHaveLength(2);
  });

  it.each<[string, () => LoopbackReply]>([
    ['an error', () => ({ status: 500, body: '' })],
    ['a redirect', () => ({ status: 302, headers: { location: elsewhere.url }, body: '' })],
    ['no JSON', () => ({ status: 200, body: '<html>' })],
    ['no key set', () => jsonReply(200, {})],
    ['a broken key', () => jsonReply(200, { keys: [{ kty: 'RSA', n: own.jwk.n }] })],
    ['more than 256 KiB', () => jsonReply(200, { keys: [], pad: 'x'.repeat(256 * 1024) })],
    ['half an answer', () => ({ ...jsonReply(200, { keys: [own.jwk] }), delivery: 'cut' })],
  ])('is SignInUnavailable while the keys come as %s', async (_, reply) => {
    const { come } = anApi({ entraAuthorityUrl: await anAuthority(reply) });

    const coming = come(await aForgedToken({}));

    await expect(coming).rejects.toMatchObject({ code: 'SignInUnavailable' });
    expect(visits).toEqual([]);
  });

  it('is SignInUnavailable while nobody answers', async () => {
    const entraAuthorityUrl = await anAuthority(() => ({ status: 500, body: '' }));
    await Promise.all(running.splice(0).map((server) => server.close()));

    const coming = anApi({ entraAuthorityUrl }).come(await aForgedToken({}));

    await expect(coming).rejects.toMatchObject({ code: 'SignInUnavailable' });
  });

  it('asks again for the next token when the keys did not come', async () => {
    const replies = [{ status: 503, body: '' }, jsonReply(200, { keys: [own.jwk] })];
    const entraAuthorityUrl = await anAuthority(() => replies.shift() ?? { status: 500, body: '' });
    const { come } = anApi({ entraAuthorityUrl });
    await expect(come(await aForgedToken({}))).rejects.toMatchObject({ code: 'SignInUnavailable' });

    const coming = come(await aForgedToken({}));

    // The signature is right now, and the issuer is another authority.
    await expect(coming).rejects.toThrow('is of another tenant or authority');
  });

  it('ends the wait when nobody wants the answer any more', async () => {
    const controller = new AbortController();
    const entraAuthorityUrl = await anAuthority(() => {
      controller.abort();
      return { status: 200, body: '', delivery: 'never' };
    });

    const coming = anApi({ entraAuthorityUrl }).come(await aForgedToken({}), controller.signal);

    const rejectedWith = await coming.then(undefined, (reason: unknown) => reason);
    expect(controller.signal.aborted).toBe(true);
    expect(rejectedWith).toBe(controller.signal.reason);
  });
});

/** Where the keys come as told. */
async function anAuthority(reply: () => LoopbackReply): Promise<string> {
  const server = await startLoopbackServer(reply);
  running.push(server);
  return server.url;
}

/** jose reads the clock itself where it keeps keys. */
function watchTime(): (ms: number) => void {
  let nowMs = Date.now();
  jest.spyOn(Date, 'now').mockImplementation(() => nowMs);
  return (ms) => void (nowMs += ms);
}

async function aTokenWithChangedClaims(): Promise<string> {
  const [header = '', claims = '', signature = ''] = (await anAppToken()).split('.');
  const changed = { ...(JSON.parse(Buffer.from(claims, 'base64url').toString()) as object), x: 1 };
  return [header, base64url.encode(JSON.stringify(changed)), signature].join('.');
}

/** What a message could give away. */
function confidential(authorization: string): string[] {
  try {
    const { aud, iss, oid, tid, azp, uti } = decodeJwt(authorization.split(' ')[1] ?? '');
    return [aud, iss, oid, tid, azp, uti].flat().filter((value) => typeof value === 'string');
  } catch {
    return [];
  }
}
