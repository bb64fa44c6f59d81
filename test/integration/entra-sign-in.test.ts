import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import fetch from 'node-fetch';
import { startEntra, type EntraStandIn } from '../../infra/local/entra/entra.js';
import type { ClientCredential } from '../../shared/entra/client-credential.js';
import {
  createPartnerAccessToken,
  type PartnerAccessTokenDependencies,
} from '../../shared/entra/partner-access-token.js';
import type { SignInEvent } from '../../shared/entra/sign-in-event.js';
import { Secret } from '../../shared/platform/secret.js';
import { aCertificate } from '../builders/a-certificate.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { FakeRefreshTokenStore } from '../fakes/fake-refresh-token-store.js';

const partnerTenantId = '1f6a0f5e-3f4b-4b57-9d5c-6a0c1d2e3f40';
const clientId = '5d1a3f0e-6c1e-4a55-9a44-0c2f8c6f1a11';
/** With every character that a form gives a meaning. */
const clientSecret = 'canary-secret+a/b=c&d%e f~';
const refreshToken = '1.Acanary-refresh+a/b=c&d%e';
const dayMs = 24 * 3_600_000;
const never = new AbortController().signal;
const nobody = { signIn: () => 'unknownUser' as const };
const certificate = aCertificate();
const app = {
  tenantId: partnerTenantId,
  clientId,
  clientSecret,
  certificatePem: certificate.certificatePem,
  refreshTokens: [refreshToken],
};

describe('createPartnerAccessToken() against Entra', () => {
  let entra: EntraStandIn;
  let requestsBefore: number;
  const outcomes = () => entra.requests.slice(requestsBefore).map(({ outcome }) => outcome);

  beforeAll(async () => {
    entra = await startEntra({ directory: nobody, app });
  });

  afterAll(() => entra.close());

  beforeEach(() => {
    requestsBefore = entra.requests.length;
  });

  afterEach(() => entra.faults.clear());

  it.each<[string, ClientCredential]>([
    ['a secret', { kind: 'secret', secret: new Secret(clientSecret) }],
    ['a certificate', { kind: 'certificate', pem: new Secret(certificate.pem) }],
  ])('signs in to Partner Center as the service account, with %s', async (_, credential) => {
    const { tokens } = aSignIn({
      authorityUrl: entra.url,
      readClientCredential: () => Promise.resolve(credential),
    });

    const token = await tokens.get(never);

    expect(decodeJwt(token.reveal())).toMatchObject({
      aud: 'https://api.partnercenter.microsoft.com',
      tid: partnerTenantId,
      scp: 'user_impersonation',
    });
    expect(entra.requests.at(-1)).toMatchObject({
      tenant: partnerTenantId,
      grantType: 'refresh_token',
      clientId,
      outcome: 'issued',
    });
    expect(outcomes()).toEqual(['issued']);
  });

  it('trusts the life that Entra names', async () => {
    const { tokens, events } = aSignIn({ authorityUrl: entra.url });

    await tokens.get(never);

    expect(events).toEqual([{ kind: 'signedIn', severity: 'info', lifetimeMs: 3_900_000 }]);
  });

  it('keeps the new refresh token, which then works by itself', async () => {
    const { tokens, store, clock } = aSignIn({ authorityUrl: entra.url, storedAgeMs: dayMs + 1 });
    await tokens.get(never);
    expect(store.written).toEqual([entra.refreshToken]);
    clock.pass(dayMs);

    await tokens.get(never);

    expect(outcomes()).toEqual(['issued', 'issued']);
  });

  it('warns when Entra gives no new refresh token', async () => {
    entra.faults.set([{ withoutRefreshToken: true }]);
    const { tokens, events } = aSignIn({ authorityUrl: entra.url });

    await tokens.get(never);

    expect(events).toContainEqual(expect.objectContaining({ kind: 'refreshTokenNotReturned' }));
  });

  it('gets through faults that pass', async () => {
    entra.faults.set([
      { aadsts: 90033, times: 1 },
      { kind: 'cut', times: 1 },
      { status: 503, times: 1 },
    ]);
    const { tokens } = aSignIn({ authorityUrl: entra.url });

    await expect(tokens.get(never)).resolves.toBeInstanceOf(Secret);
  });

  it('waits as long as Entra asks', async () => {
    entra.faults.set([{ status: 429, retryAfter: 7, times: 1 }]);
    const { tokens, clock } = aSignIn({ authorityUrl: entra.url });

    await tokens.get(never);

    expect(clock.sleptMs).toEqual([7_000]);
  });

  it('does not wait longer than its deadline, and says how long Entra asked', async () => {
    entra.faults.set([{ status: 429, retryAfter: 60 }]);
    const { tokens, clock } = aSignIn({ authorityUrl: entra.url });

    await expect(tokens.get(never)).rejects.toMatchObject({
      code: 'SignInThrottled',
      retryAfterMs: 60_000,
    });

    expect(clock.sleptMs).toEqual([]);
  });

  it('tries the secret that rotated in when Entra refuses the one it knew', async () => {
    const secrets = ['retired-secret', clientSecret];
    const { tokens } = aSignIn({
      authorityUrl: entra.url,
      readClientCredential: () =>
        Promise.resolve({ kind: 'secret', secret: new Secret(secrets.shift() ?? '') }),
    });

    await tokens.get(never);

    expect(outcomes()).toEqual([7000215, 'issued']);
  });

  it('is ClientCredentialRejected for a certificate that the app does not have', async () => {
    const { tokens } = aSignIn({
      authorityUrl: entra.url,
      readClientCredential: () =>
        Promise.resolve({ kind: 'certificate', pem: new Secret(aCertificate().pem) }),
    });

    await expect(tokens.get(never)).rejects.toMatchObject({ code: 'ClientCredentialRejected' });
  });

  it('sends one request for a hundred who ask while Entra is slow', async () => {
    entra.faults.set([{ kind: 'latency', ms: 50 }]);
    const { tokens } = aSignIn({ authorityUrl: entra.url });

    await Promise.all(Array.from({ length: 100 }, () => tokens.get(never)));

    expect(outcomes()).toEqual(['issued']);
  });

  it('lets a caller go while Entra is silent, and serves the one who stays', async () => {
    entra.faults.set([{ kind: 'latency', ms: 50 }]);
    const { tokens } = aSignIn({ authorityUrl: entra.url });
    const controller = new AbortController();
    const leaving = tokens.get(controller.signal);
    const staying = tokens.get(never);

    controller.abort(new Error('caller left'));

    await expect(leaving).rejects.toThrow('caller left');
    await expect(staying).resolves.toBeInstanceOf(Secret);
  });

  it('tries again when an attempt hangs', async () => {
    entra.faults.set([{ kind: 'hang', times: 1 }]);
    const { tokens } = aSignIn({ authorityUrl: entra.url, timeoutMs: 1_200 });

    await expect(tokens.get(never)).resolves.toBeInstanceOf(Secret);
  });

  it('is SignInUnavailable when Entra never answers', async () => {
    entra.faults.set([{ kind: 'hang' }]);
    const { tokens } = aSignIn({ authorityUrl: entra.url, timeoutMs: 300 });

    await expect(tokens.get(never)).rejects.toMatchObject({ code: 'SignInUnavailable' });
  });

  it.each([
    ['refuses the refresh token', [{ aadsts: 70008 }]],
    ['refuses the secret', [{ aadsts: 7000222 }]],
    ['answers with a page', [{ kind: 'html' as const }]],
    ['cuts the answer', [{ kind: 'cut' as const }]],
    ['is away', [{ status: 503 }]],
    ['never answers', [{ kind: 'hang' as const }]],
  ])('shows neither secret nor token when Entra %s', async (_, faults) => {
    entra.faults.set(faults);
    const { tokens, events } = aSignIn({ authorityUrl: entra.url, timeoutMs: 1_500 });

    const outcome = await tokens.get(never).catch((error: unknown) => error);

    expect(outcome).toHaveProperty('name', 'ResetError');
    const shown = inspect({ outcome, events }, { showHidden: true, depth: 10 });
    expect(shown).not.toContain('canary');
    expect(shown).not.toContain(encodeURIComponent(clientSecret));
  });
});

describe('createPartnerAccessToken() after an administrator revoked the sessions', () => {
  it('is ReconsentRequired until somebody has consented anew', async () => {
    const entra = await startEntra({ directory: nobody, app });
    const { tokens, store, clock } = aSignIn({ authorityUrl: entra.url });
    entra.revokeRefreshTokens();

    await expect(tokens.get(never)).rejects.toMatchObject({
      code: 'ReconsentRequired',
      message: expect.stringContaining('AADSTS50173'),
      correlationId: expect.any(String),
    });
    store.replace(entra.refreshToken);
    clock.pass(5_000);
    await expect(tokens.get(never)).resolves.toBeInstanceOf(Secret);

    await entra.close();
  });
});

describe('createPartnerAccessToken() against a server that is no Entra', () => {
  let server: Server | undefined;

  afterEach(() => {
    server?.close();
    server?.closeAllConnections();
  });

  it.each([
    ['no token', 200, {}, 'SignInUnavailable'],
    ['no lifetime', 200, { access_token: 'canary', token_type: 'Bearer' }, 'SignInUnavailable'],
    [
      'another kind of token',
      200,
      { access_token: 'canary', token_type: 'mac', expires_in: 3600 },
      'SignInUnavailable',
    ],
    [
      'far too much',
      200,
      { access_token: 'canary'.repeat(20_000), token_type: 'Bearer', expires_in: 3600 },
      'SignInUnavailable',
    ],
    ['a redirect', 302, {}, 'AppMisconfigured'],
  ])('copes with an answer that holds %s', async (_, status, body, code) => {
    const authorityUrl = await serve((count) => ({ status: count > 0 ? status : 500, body }));
    const { tokens } = aSignIn({ authorityUrl });

    const outcome = await tokens.get(never).catch((error: unknown) => error);

    expect(outcome).toMatchObject({ name: 'ResetError', code });
    expect(inspect(outcome, { showHidden: true, depth: 10 })).not.toContain('canary');
  });

  it('never follows a redirect, which would carry the secret elsewhere', async () => {
    let requests = 0;
    const authorityUrl = await serve((count) => {
      requests = count;
      return { status: 307, body: {}, headers: { location: '/elsewhere' } };
    });
    const { tokens } = aSignIn({ authorityUrl });

    await expect(tokens.get(never)).rejects.toMatchObject({ code: 'AppMisconfigured' });

    expect(requests).toBe(1);
  });

  it('reads a refusal that comes with a challenge', async () => {
    const authorityUrl = await serve(() => ({
      status: 401,
      headers: { 'www-authenticate': 'Bearer error="invalid_client"' },
      body: { error: 'invalid_client', error_codes: [7000215] },
    }));
    const { tokens } = aSignIn({ authorityUrl });

    await expect(tokens.get(never)).rejects.toMatchObject({ code: 'ClientCredentialRejected' });
  });

  it('is SignInUnavailable when nobody listens', async () => {
    const authorityUrl = await serve(() => ({ status: 200, body: {} }));
    await new Promise((resolve) => server?.close(resolve));
    const { tokens } = aSignIn({ authorityUrl });

    await expect(tokens.get(never)).rejects.toMatchObject({
      code: 'SignInUnavailable',
      cause: { code: 'ECONNREFUSED' },
    });
  });

  it('sends nothing over plain http to another machine', async () => {
    const asked: string[] = [];
    const { tokens } = aSignIn({
      authorityUrl: 'http://entra.example.com',
      fetch: (url) => {
        asked.push(url);
        return Promise.reject(new TypeError('must not be asked'));
      },
    });

    await expect(tokens.get(never)).rejects.toMatchObject({ code: 'AppMisconfigured' });

    expect(asked).toEqual([]);
  });

  interface Reply {
    readonly status: number;
    readonly body: object;
    readonly headers?: Readonly<Record<string, string>>;
  }

  async function serve(answer: (count: number) => Reply): Promise<string> {
    let count = 0;
    const listening = createServer((request, response) => {
      request.resume();
      const { status, headers, body } = answer((count += 1));
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(JSON.stringify(body));
    });
    server = listening;
    await new Promise<void>((resolve) => void listening.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(listening.address() as AddressInfo).port}`;
  }
});

function aSignIn(
  options: Pick<PartnerAccessTokenDependencies, 'authorityUrl'> &
    Partial<PartnerAccessTokenDependencies> & { readonly storedAgeMs?: number },
) {
  const { storedAgeMs = 0, ...dependencies } = options;
  const clock = new FakeClock(Date.now());
  const store = new FakeRefreshTokenStore(refreshToken, clock.nowMs - storedAgeMs, clock.now);
  const events: SignInEvent[] = [];
  const tokens = createPartnerAccessToken({
    fetch,
    partnerTenantId,
    clientId,
    readClientCredential: () =>
      Promise.resolve({ kind: 'secret', secret: new Secret(clientSecret) }),
    refreshTokenStore: store,
    now: clock.now,
    sleep: clock.sleep,
    random: () => 0,
    timeoutMs: 30_000,
    onEvent: (event) => events.push(event),
    ...dependencies,
  });
  return { tokens, store, events, clock };
}
