import { createHash, randomUUID, X509Certificate } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createRemoteJWKSet, decodeJwt, importPKCS8, jwtVerify, SignJWT } from 'jose';
import * as client from 'openid-client';
import {
  startEntra,
  type EntraOptions,
  type EntraStandIn,
} from '../../../infra/local/entra/entra.js';
import type { SignInOutcome, UserSignIn } from '../../../infra/local/entra/user-sign-in.js';
import { aCertificate } from '../../builders/a-certificate.js';

const tenantId = '11111111-2222-4333-8444-555555555555';
const clientId = '66666666-7777-4888-9999-aaaaaaaaaaaa';
const clientSecret = `${randomUUID()}+/=&`;
const partnerCenter = 'https://api.partnercenter.microsoft.com';
const scope = `${partnerCenter}/user_impersonation offline_access`;
const dayMs = 24 * 3_600_000;

const { certificatePem, keyPem } = aCertificate();
const thumbprint = thumbprintOf(certificatePem);
const app = { tenantId, clientId, clientSecret, certificatePem };

/** Making its key takes long, so all tests that need no options share this one. */
let entra: EntraStandIn;
let signInOutcome: SignInOutcome;
const signInAttempts: unknown[] = [];
const running: EntraStandIn[] = [];

beforeAll(async () => {
  const directory: UserSignIn = {
    signIn: (attempt) => {
      signInAttempts.push(attempt);
      return signInOutcome;
    },
  };
  entra = await startEntra({ directory, app });
});

afterEach(async () => {
  entra.faults.clear();
  await Promise.all(running.splice(0).map((each) => each.close()));
});

afterAll(() => entra.close());

async function anEntra(options: Partial<EntraOptions>): Promise<EntraStandIn> {
  const started = await startEntra({
    directory: { signIn: () => 'unknownTenant' },
    app,
    ...options,
  });
  running.push(started);
  return started;
}

function thumbprintOf(pem: string): string {
  return createHash('sha256').update(new X509Certificate(pem).raw).digest('base64url');
}

async function aClient(
  entra: EntraStandIn,
  authentication = client.ClientSecretPost(clientSecret),
) {
  const issuer = new URL(`${entra.url}/${tenantId}/v2.0`);
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- marked so only to stand out
  const execute = [client.allowInsecureRequests];
  return client.discovery(issuer, clientId, undefined, authentication, { execute });
}

async function redeem(
  entra: EntraStandIn,
  changes: Record<string, string | undefined> = {},
  { tenant = tenantId, signal }: { tenant?: string; signal?: AbortSignal } = {},
): Promise<{ status: number; body: Record<string, unknown>; headers: Headers }> {
  const form: Record<string, string | undefined> = {
    grant_type: 'refresh_token',
    client_id: clientId,
    client_secret: clientSecret,
    refresh_token: entra.refreshToken,
    scope,
    ...changes,
  };
  const sent = Object.entries(form).filter(
    (field): field is [string, string] => field[1] !== undefined,
  );
  const response = await fetch(`${entra.url}/${tenant}/oauth2/v2.0/token`, {
    method: 'POST',
    body: new URLSearchParams(sent),
    signal: signal ?? null,
  });
  const body = (await response.json()) as Record<string, unknown>;
  return { status: response.status, body, headers: response.headers };
}

async function accessTokenClaims(entra: EntraStandIn) {
  const { body } = await redeem(entra);
  return decodeJwt(body['access_token'] as string);
}

describe('startEntra()', () => {
  it('publishes where its endpoints are, for a tenant and for all', async () => {
    const read = async (tenant: string) => {
      const url = `${entra.url}/${tenant}/v2.0/.well-known/openid-configuration`;
      return (await (await fetch(url)).json()) as Record<string, unknown>;
    };

    expect(await read(tenantId)).toMatchObject({
      issuer: `${entra.url}/${tenantId}/v2.0`,
      token_endpoint: `${entra.url}/${tenantId}/oauth2/v2.0/token`,
      jwks_uri: `${entra.url}/${tenantId}/discovery/v2.0/keys`,
    });
    expect(await read('common')).toMatchObject({ issuer: `${entra.url}/{tenantid}/v2.0` });
  });

  it('publishes the public half of its key for every tenant', async () => {
    const { keys } = (await (await fetch(entra.jwksUrl)).json()) as { keys: object[] };

    expect(keys).toHaveLength(1);
    expect(Object.keys(keys[0] ?? {}).sort()).toEqual(['e', 'kid', 'kty', 'n', 'use', 'x5t']);
  });

  it.each([
    [1024 * 1024, 400],
    [1024 * 1024 + 1, 413],
  ])('answers a body of %d bytes with %d', async (bytes, expected) => {
    const url = `${entra.url}/${tenantId}/oauth2/v2.0/token`;

    const response = await fetch(url, { method: 'POST', body: 'a'.repeat(bytes) });

    expect(response.status).toBe(expected);
  });

  it('answers a GET of the token endpoint with AADSTS900561', async () => {
    const response = await fetch(`${entra.url}/${tenantId}/oauth2/v2.0/token`);

    expect(await response.json()).toMatchObject({
      error: 'invalid_request',
      error_codes: [900561],
    });
  });

  it('closes at once, whatever connections are open', async () => {
    const closing = await anEntra({});
    await redeem(closing);
    closing.faults.set([{ kind: 'hang' }]);
    const unanswered = redeem(closing).catch(() => 'connection closed');
    while (closing.requests.length < 2) await nextTurn();
    const startMs = performance.now();

    await closing.close();

    expect(await unanswered).toBe('connection closed');
    expect(performance.now() - startMs).toBeLessThan(1000);
  });
});

describe('refresh-token grant', () => {
  it.each([
    ['client_secret_post', client.ClientSecretPost(clientSecret)],
    ['client_secret_basic', client.ClientSecretBasic(clientSecret)],
  ])('issues a token for Partner Center to openid-client with %s', async (_, authentication) => {
    const configuration = await aClient(entra, authentication);

    const tokens = await client.refreshTokenGrant(configuration, entra.refreshToken, { scope });

    const keys = createRemoteJWKSet(new URL(entra.jwksUrl));
    const { payload } = await jwtVerify(tokens.access_token, keys, {
      issuer: `${entra.url}/${tenantId}/v2.0`,
      audience: partnerCenter,
      algorithms: ['RS256'],
    });
    expect(payload).toMatchObject({
      tid: tenantId,
      appid: clientId,
      azp: clientId,
      scp: 'user_impersonation',
      amr: ['pwd', 'mfa'],
      ver: '2.0',
    });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(3900);
    expect(tokens.expires_in).toBe(3900);
    expect(tokens.refresh_token).toBe(entra.refreshToken);
  });

  it.each(['PS256', 'RS256'])('accepts a client assertion of openid-client in %s', async (alg) => {
    const key = await importPKCS8(keyPem, alg);
    const authentication = client.PrivateKeyJwt(key, {
      [client.modifyAssertion]: (header, payload) => {
        Object.assign(header, { typ: 'JWT', 'x5t#S256': thumbprint });
        payload['aud'] = `${entra.url}/${tenantId}/oauth2/v2.0/token`;
      },
    });
    const configuration = await aClient(entra, authentication);

    const tokens = await client.refreshTokenGrant(configuration, entra.refreshToken, { scope });

    expect(tokens.access_token).not.toBe('');
  });

  it('answers with numbers and no-store', async () => {
    const entra = await anEntra({ accessTokenLifetimeSeconds: 600 });

    const { status, body, headers } = await redeem(entra);

    expect(status).toBe(200);
    expect(body).toMatchObject({
      token_type: 'Bearer',
      scope: `${partnerCenter}/user_impersonation`,
      expires_in: 600,
      ext_expires_in: 600,
    });
    expect(headers.get('cache-control')).toContain('no-store');
  });

  it.each([
    [`${partnerCenter}/.default`, true],
    [`${partnerCenter}/user_impersonation offline_access`, true],
    [`${partnerCenter}/user_impersonation`, false],
  ])('for the scope %s answers with a new refresh token: %s', async (asked, expected) => {
    const before = entra.refreshToken;

    const { body } = await redeem(entra, { scope: asked });

    expect('refresh_token' in body).toBe(expected);
    expect(entra.refreshToken !== before).toBe(expected);
  });

  it('answers with the same refresh token when it does not rotate', async () => {
    const entra = await anEntra({ rotateRefreshToken: false });
    const refreshToken = entra.refreshToken;

    const { body } = await redeem(entra);

    expect(body['refresh_token']).toBe(refreshToken);
  });

  it('accepts superseded refresh tokens and those given at the start', async () => {
    const given = `1.A${randomUUID()}`;
    const entra = await anEntra({
      app: { tenantId, clientId, clientSecret, refreshTokens: [given] },
    });
    expect(entra.refreshToken).toBe(given);
    await redeem(entra);

    const { status } = await redeem(entra, { refresh_token: given });

    expect(status).toBe(200);
    expect(entra.refreshToken).not.toBe(given);
  });

  it.each([
    [90 * dayMs - 1, 200],
    [90 * dayMs, 400],
  ])('for a refresh token of %d ms answers %d', async (ageMs, expected) => {
    let nowMs = Date.now();
    const entra = await anEntra({ now: () => nowMs });
    const refreshToken = entra.refreshToken;
    nowMs += ageMs;

    const { status, body } = await redeem(entra, { refresh_token: refreshToken });

    expect(status).toBe(expected);
    expect(body['error_codes']).toEqual(expected === 400 ? [700082] : undefined);
  });

  it('refuses revoked refresh tokens, and accepts the one of the next consent', async () => {
    const revoked = entra.refreshToken;
    entra.revokeRefreshTokens();

    const refused = await redeem(entra, { refresh_token: revoked });
    const accepted = await redeem(entra);

    expect(refused.body).toMatchObject({ error: 'invalid_grant', error_codes: [50173] });
    expect(accepted.status).toBe(200);
  });

  it('refuses in the shape of Entra', async () => {
    const entra = await anEntra({ now: () => Date.UTC(2026, 0, 2, 3, 4, 5, 678) });

    const { status, body } = await redeem(entra, { refresh_token: '1.AunknownToThisAuthority' });

    expect(status).toBe(400);
    expect(body).toEqual({
      error: 'invalid_grant',
      suberror: 'bad_token',
      error_description: expect.stringMatching(
        /^AADSTS70000: .+\r\nTrace ID: [0-9a-f-]{36}\r\nCorrelation ID: [0-9a-f-]{36}\r\nTimestamp: 2026-01-02 03:04:05Z$/,
      ),
      error_codes: [70000],
      timestamp: '2026-01-02 03:04:05Z',
      trace_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      correlation_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      error_uri: 'https://login.microsoftonline.com/error?code=70000',
    });
  });

  it.each([
    ['a wrong secret', { client_secret: 'wrong' }, 401, 'invalid_client', 7000215],
    ['no credential', { client_secret: undefined }, 401, 'invalid_client', 7000218],
    ['an unknown app', { client_id: randomUUID() }, 400, 'unauthorized_client', 700016],
    ['text for a refresh token', { refresh_token: 'text' }, 400, 'invalid_grant', 9002313],
    ['no refresh token', { refresh_token: undefined }, 400, 'invalid_request', 900144],
    ['no grant type', { grant_type: undefined }, 400, 'invalid_request', 900144],
    ['no scope', { scope: undefined }, 400, 'invalid_request', 900144],
    ['a resource', { resource: partnerCenter }, 400, 'invalid_request', 901002],
    [
      'another scope',
      { scope: 'https://graph.windows.net/.default' },
      400,
      'invalid_resource',
      500011,
    ],
    ['an unknown grant', { grant_type: 'magic' }, 400, 'unsupported_grant_type', 70003],
  ])('refuses %s', async (_, changes, expectedStatus, error, code) => {
    const { status, body } = await redeem(entra, changes);

    expect({ status, error: body['error'], codes: body['error_codes'] }).toEqual({
      status: expectedStatus,
      error,
      codes: [code],
    });
    expect(entra.requests.at(-1)?.outcome).toBe(code);
  });

  it.each([
    [randomUUID(), 90002],
    ['common', 50194],
  ])('refuses the tenant %s with AADSTS%d', async (tenant, code) => {
    const { body } = await redeem(entra, {}, { tenant });

    expect(body).toMatchObject({ error: 'invalid_request', error_codes: [code] });
  });

  it('records requests without their secrets', async () => {
    const entra = await anEntra({ now: () => 1_800_000_000_000 });

    await redeem(entra);

    expect(entra.requests).toEqual([
      {
        atMs: 1_800_000_000_000,
        tenant: tenantId,
        grantType: 'refresh_token',
        clientId,
        outcome: 'issued',
      },
    ]);
  });
});

describe('client assertion', () => {
  const stranger = aCertificate();
  const nowSeconds = Math.floor(Date.now() / 1000);

  async function assertion(
    authority: EntraStandIn,
    { claims = {}, header = {}, key = keyPem }: AssertionChanges = {},
  ): Promise<Record<string, string | undefined>> {
    const aud = `${authority.url}/${tenantId}/oauth2/v2.0/token`;
    const jwt = await new SignJWT({
      aud,
      iss: clientId,
      sub: clientId,
      jti: randomUUID(),
      exp: nowSeconds + 600,
      ...claims,
    })
      .setProtectedHeader({ alg: 'PS256', typ: 'JWT', 'x5t#S256': thumbprint, ...header })
      .sign(await importPKCS8(key, 'PS256'));
    return {
      client_secret: undefined,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: jwt,
    };
  }

  interface AssertionChanges {
    readonly claims?: Record<string, unknown>;
    readonly header?: Record<string, unknown>;
    readonly key?: string;
  }

  it.each<[string, AssertionChanges]>([
    ['of another key', { key: stranger.keyPem }],
    [
      'with the thumbprint of another certificate',
      { header: { 'x5t#S256': thumbprintOf(stranger.certificatePem) } },
    ],
    ['without a thumbprint', { header: { 'x5t#S256': undefined } }],
    ['without a type', { header: { typ: undefined } }],
    ['for another audience', { claims: { aud: 'https://example.com/token' } }],
    ['by another issuer', { claims: { iss: randomUUID() } }],
    ['about another subject', { claims: { sub: randomUUID() } }],
    ['that expired', { claims: { exp: nowSeconds - 3600 } }],
    ['without an expiry', { claims: { exp: undefined } }],
    ['without an id', { claims: { jti: undefined } }],
  ])('is refused %s', async (_, changes) => {
    const intact = await redeem(entra, await assertion(entra));

    const { status, body } = await redeem(entra, await assertion(entra, changes));

    expect(intact.status).toBe(200);
    expect(status).toBe(401);
    expect(body).toMatchObject({ error: 'invalid_client', error_codes: [700027] });
  });

  it('is refused the second time', async () => {
    const used = await assertion(entra);

    const first = await redeem(entra, used);
    const second = await redeem(entra, used);

    expect([first.status, second.status]).toEqual([200, 401]);
  });

  it('is refused when no certificate is registered', async () => {
    const withSecret = await anEntra({ app: { tenantId, clientId, clientSecret } });

    const { body } = await redeem(withSecret, await assertion(withSecret));

    expect(body).toMatchObject({ error_codes: [700027] });
  });
});

describe('client-credentials grant', () => {
  it('issues an app-only token, which names no user', async () => {
    const configuration = await aClient(entra);

    const tokens = await client.clientCredentialsGrant(configuration, {
      scope: `${partnerCenter}/.default`,
    });

    const claims = decodeJwt(tokens.access_token);
    expect(claims).toMatchObject({ aud: partnerCenter, idtyp: 'app', appid: clientId });
    expect(claims).not.toHaveProperty('scp');
    expect(tokens).not.toHaveProperty('refresh_token');
  });
});

describe('password grant', () => {
  const username = 'ada@contoso.example';
  const password = randomUUID();
  const form = { grant_type: 'password', username, password, scope: 'openid' };

  it('asks the directory, and issues a token when the password opens the account', async () => {
    signInOutcome = 'signedIn';

    const { status, body } = await redeem(entra, form, { tenant: 'contoso.example' });

    expect(status).toBe(200);
    expect(signInAttempts).toEqual([
      { tenant: 'contoso.example', userPrincipalName: username, password },
    ]);
    expect(decodeJwt(body['id_token'] as string)).toMatchObject({ preferred_username: username });
    expect(JSON.stringify(entra.requests)).not.toContain(password);
  });

  it.each<[SignInOutcome, string, number]>([
    ['mustChangePassword', 'invalid_grant', 50055],
    ['wrongPassword', 'invalid_grant', 50126],
    ['federated', 'invalid_grant', 50126],
    ['unknownUser', 'invalid_grant', 50034],
    ['deleted', 'invalid_grant', 50034],
    ['blocked', 'invalid_grant', 50057],
    ['unknownTenant', 'invalid_request', 90002],
  ])('answers %s as %s, AADSTS%d', async (outcome, error, code) => {
    signInOutcome = outcome;

    const { status, body } = await redeem(entra, form);

    expect(status).toBe(400);
    expect(body).toMatchObject({ error, error_codes: [code] });
  });

  it.each(['client_id', 'username', 'password'])('is refused without %s', async (parameter) => {
    signInOutcome = 'signedIn';

    const { body } = await redeem(entra, { ...form, [parameter]: undefined });

    expect(body).toMatchObject({ error: 'invalid_request', error_codes: [900144] });
  });

  it('is not hit by the faults of the app', async () => {
    signInOutcome = 'signedIn';
    entra.faults.set([{ aadsts: 90033, times: 1 }]);

    const user = await redeem(entra, form);
    const partner = await redeem(entra);

    expect([user.status, partner.status]).toEqual([200, 503]);
  });
});

describe('faults', () => {
  it.each([
    ['invalid_grant', [70008, 700082, 700084, 50173, 50089, 70000, 70043, 50132, 50133]],
    ['interaction_required|invalid_grant', [50076, 50079, 50074, 50072, 50078]],
    [
      'interaction_required|invalid_grant',
      [53000, 53001, 53002, 53003, 53004, 530032, 530034, 50131, 53011],
    ],
    ['invalid_grant', [50057, 50055, 50034]],
    ['invalid_grant|consent_required', [65001, 90094, 90099]],
    ['invalid_client', [7000215, 7000222, 7000218, 700027]],
    [
      'unauthorized_client|invalid_resource|invalid_request',
      [700016, 7000112, 70001, 500011, 50001, 650052, 650056, 650057, 50194, 90002],
    ],
    ['invalid_request', [900144, 9002313, 901002, 90023]],
    ['invalid_request', [90038, 900382, 900432]],
    ['temporarily_unavailable|server_error', [50033, 50087, 90006, 90012, 90024, 90033, 90090]],
    ['temporarily_unavailable|invalid_grant', [90055, 50196]],
  ])('answer as %s: %j', async (errors, codes) => {
    const before = entra.requests.length;
    entra.faults.set(codes.map((aadsts) => ({ aadsts, times: 1 })));

    for (const code of codes) {
      const { body } = await redeem(entra);
      expect(body).toMatchObject({ error_codes: [code] });
      expect(body['error']).toMatch(new RegExp(`^(${errors})$`));
    }

    expect(entra.requests.slice(before).map(({ outcome }) => outcome)).toEqual(codes);
    expect((await redeem(entra)).status).toBe(200);
  });

  it.each([
    [7000215, 401],
    [70000, 400],
    [90033, 503],
    [90090, 500],
    [90055, 429],
  ])('answer AADSTS%d with status %d', async (aadsts, expected) => {
    entra.faults.set([{ aadsts }]);

    expect((await redeem(entra)).status).toBe(expected);
  });

  it('can name another error for a code', async () => {
    entra.faults.set([{ aadsts: 50076, error: 'interaction_required' }]);

    expect((await redeem(entra)).body).toMatchObject({ error: 'interaction_required' });
  });

  it('answer with a status and Retry-After in the place of Entra', async () => {
    entra.faults.set([{ status: 503, retryAfter: 7, times: 1 }]);

    const response = await fetch(`${entra.url}/${tenantId}/oauth2/v2.0/token`, { method: 'POST' });

    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('7');
    expect(entra.requests.at(-1)?.outcome).toBe('unanswered');
    expect((await redeem(entra)).status).toBe(200);
  });

  it('answer with a page', async () => {
    entra.faults.set([{ kind: 'html' }]);

    const response = await fetch(`${entra.url}/${tenantId}/oauth2/v2.0/token`, { method: 'POST' });

    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/html');
  });

  it('cut the answer after the refresh token has been redeemed', async () => {
    const before = entra.refreshToken;
    entra.faults.set([{ kind: 'cut', times: 1 }]);

    await expect(redeem(entra)).rejects.toThrow(expect.anything());

    expect(entra.requests.at(-1)?.outcome).toBe('issued');
    expect(entra.refreshToken).not.toBe(before);
  });

  it('leave a request without an answer', async () => {
    entra.faults.set([{ kind: 'hang' }]);

    const answer = redeem(entra, {}, { signal: AbortSignal.timeout(100) });

    await expect(answer).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('delay alongside another fault', async () => {
    entra.faults.set([{ kind: 'latency', ms: 60 }, { aadsts: 90033 }]);
    const startMs = performance.now();

    const { status } = await redeem(entra);

    expect(status).toBe(503);
    expect(performance.now() - startMs).toBeGreaterThan(55);
  });

  it('issue tokens without MFA, for another audience, or without a refresh token', async () => {
    entra.faults.set([{ withoutMfa: true }, { audience: 'https://graph.windows.net' }]);
    const claims = await accessTokenClaims(entra);
    entra.faults.set([{ withoutRefreshToken: true }]);
    const { body } = await redeem(entra);
    entra.faults.clear();

    expect(claims).toMatchObject({ amr: ['pwd'], aud: 'https://graph.windows.net' });
    expect(body).not.toHaveProperty('refresh_token');
    expect(await accessTokenClaims(entra)).toMatchObject({
      amr: ['pwd', 'mfa'],
      aud: partnerCenter,
    });
  });

  it('are set, read and cleared over HTTP', async () => {
    const url = `${entra.url}/_stand-in/faults`;
    const faults = [{ aadsts: 90033, times: 2 }];
    const read = async () => (await fetch(url)).json();

    await fetch(url, { method: 'PUT', body: JSON.stringify(faults) });
    expect(await read()).toEqual(faults);
    await redeem(entra);
    expect(await read()).toEqual([{ aadsts: 90033, times: 1 }]);
    await fetch(url, { method: 'DELETE' });
    expect(await read()).toEqual([]);
  });

  it.each([
    ['{', /JSON/],
    ['{}', /^faults must be an array$/],
    ['[7]', /^fault 0 must be an object$/],
    ['[{"aadsts":70000},{"what":1}]', /^fault 1 has an unknown field: what$/],
    ['[{"aadsts":1}]', /^fault 0: aadsts must be the number of a known AADSTS code$/],
    ['[{"status":200}]', /^fault 0: status must be an integer from 400 to 599$/],
    ['[{"status":503,"times":0}]', /^fault 0: times must be an integer from 1/],
    ['[{"kind":"fire"}]', /^fault 0: kind must be one of html, cut, hang, latency$/],
    ['[{"kind":"latency"}]', /^fault 0: kind latency needs ms$/],
    ['[{"kind":"cut","ms":5}]', /^fault 0: ms goes with kind latency$/],
    ['[{"aadsts":70000,"retryAfter":5}]', /^fault 0: retryAfter goes with status$/],
    ['[{"times":1}]', /^fault 0 must have exactly one of status, kind, aadsts,/],
    ['[{"status":503,"kind":"cut"}]', /^fault 0 must have exactly one of/],
  ])('refuse %s with a sentence that says why', async (body, message) => {
    const response = await fetch(`${entra.url}/_stand-in/faults`, { method: 'PUT', body });

    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      error: {
        code: 'InvalidFaults',
        message: expect.stringMatching(message),
      },
    });
  });
});

describe('callers’ tokens', () => {
  const audience = randomUUID();
  const objectId = randomUUID();
  const caller = { audience, tenantId, clientId, objectId };

  it('are signed for a user with delegated permissions', async () => {
    const token = await entra.issueUserToken({ ...caller, scopes: ['Reset', 'Read'] });

    const keys = createRemoteJWKSet(new URL(entra.jwksUrl));
    const issuer = `${entra.url}/${tenantId}/v2.0`;
    const { payload, protectedHeader } = await jwtVerify(token, keys, { audience, issuer });
    expect(protectedHeader.alg).toBe('RS256');
    expect(payload).toMatchObject({ scp: 'Reset Read', oid: objectId, azp: clientId, ver: '2.0' });
    expect(payload).not.toHaveProperty('idtyp');
  });

  it('name a person as another subject to each API, and an app by its object id', async () => {
    const toOne = decodeJwt(await entra.issueUserToken({ ...caller, scopes: [] }));
    const again = decodeJwt(await entra.issueUserToken({ ...caller, scopes: [] }));
    const elsewhere = { ...caller, audience: randomUUID() };
    const toAnother = decodeJwt(await entra.issueUserToken({ ...elsewhere, scopes: [] }));
    const ofApp = decodeJwt(await entra.issueAppToken(caller));

    expect(again.sub).toBe(toOne.sub);
    expect(new Set([toOne.sub, toAnother.sub, objectId]).size).toBe(3);
    expect(ofApp.sub).toBe(objectId);
  });

  it('are signed for an app with roles, in version 1.0', async () => {
    const token = await entra.issueAppToken({ ...caller, roles: ['Reset'], version: '1.0' });

    expect(decodeJwt(token)).toMatchObject({
      iss: `https://sts.windows.net/${tenantId}/`,
      appid: clientId,
      idtyp: 'app',
      roles: ['Reset'],
      ver: '1.0',
    });
    expect(decodeJwt(token)).not.toHaveProperty('azp');
  });

  it('can be expired or lack a claim', async () => {
    const expired = decodeJwt(await entra.issueAppToken({ ...caller, expiresInSeconds: -61 }));
    const endless = decodeJwt(await entra.issueAppToken({ ...caller, claims: { exp: undefined } }));

    expect((expired.exp ?? 0) - (expired.iat ?? 0)).toBe(-61);
    expect(endless).not.toHaveProperty('exp');
  });
});

describe('rotateSigningKey()', () => {
  it('signs with a new key, and publishes the ones before as well', async () => {
    const rotating = await anEntra({});
    const issue = () =>
      rotating.issueAppToken({ audience: 'any', tenantId, clientId, objectId: randomUUID() });
    const before = await issue();

    await rotating.rotateSigningKey();

    const after = await issue();
    const keys = createRemoteJWKSet(new URL(rotating.jwksUrl));
    const kids = await Promise.all(
      [before, after].map(async (token) => (await jwtVerify(token, keys)).protectedHeader.kid),
    );
    expect(new Set(kids).size).toBe(2);
  });
});

describe('client-credentials grant of a caller', () => {
  const apiClientId = randomUUID();
  const callerApp = {
    tenantId,
    clientId: randomUUID(),
    clientSecret: randomUUID(),
    objectId: randomUUID(),
    api: { clientId: apiClientId, roles: ['access_as_application'] },
  };
  const form = {
    grant_type: 'client_credentials',
    client_id: callerApp.clientId,
    client_secret: callerApp.clientSecret,
    scope: `api://${apiClientId}/.default`,
  };
  let withCaller: EntraStandIn;
  const ask = (fields: Readonly<Record<string, string>>, tenant = tenantId) =>
    fetch(`${withCaller.url}/${tenant}/oauth2/v2.0/token`, {
      method: 'POST',
      body: new URLSearchParams(fields),
    });

  beforeAll(async () => {
    withCaller = await startEntra({
      directory: { signIn: () => 'unknownTenant' },
      app,
      callerApps: [callerApp],
    });
  });

  afterAll(() => withCaller.close());

  it('gives an app token for its API, whatever befalls the app', async () => {
    withCaller.faults.set([{ aadsts: 90033 }]);

    const response = await ask(form);
    const { access_token: token } = (await response.json()) as { access_token: string };

    withCaller.faults.clear();
    expect(decodeJwt(token)).toMatchObject({
      aud: apiClientId,
      iss: `${withCaller.url}/${tenantId}/v2.0`,
      azp: callerApp.clientId,
      oid: callerApp.objectId,
      sub: callerApp.objectId,
      roles: ['access_as_application'],
    });
  });

  it.each([
    ['a wrong secret', { client_secret: 'x' }, tenantId, 7000215],
    ['no secret', { client_secret: '' }, tenantId, 7000215],
    ['another API', { scope: 'https://graph.microsoft.com/.default' }, tenantId, 500011],
    ['another grant', { grant_type: 'refresh_token' }, tenantId, 70003],
    ['another tenant', {}, randomUUID(), 90002],
  ])('refuses %s', async (_, change, tenant, code) => {
    const response = await ask({ ...form, ...change }, tenant);

    expect(await response.json()).toMatchObject({ error_codes: [code] });
  });
});
