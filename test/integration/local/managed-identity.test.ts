import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ManagedIdentityCredential } from '@azure/identity';
import {
  startManagedIdentity,
  type ManagedIdentityOptions,
  type ManagedIdentityStandIn,
} from '../../../infra/local/managed-identity.js';

const running: ManagedIdentityStandIn[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((identity) => identity.close()));
});

async function anIdentity(options?: ManagedIdentityOptions): Promise<ManagedIdentityStandIn> {
  const identity = await startManagedIdentity(options);
  running.push(identity);
  return identity;
}

async function ask(
  identity: ManagedIdentityStandIn,
  query: Record<string, string>,
  header = identity.header,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const parameters = new URLSearchParams({ 'api-version': '2019-08-01', ...query });
  const response = await fetch(`${identity.url}?${parameters.toString()}`, {
    headers: { 'x-identity-header': header },
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

describe('startManagedIdentity()', () => {
  it('issues tokens of the system-assigned identity to a request that names none', async () => {
    const identity = await anIdentity();

    const { status, body } = await ask(identity, { resource: 'https://a.example' });

    expect(status).toBe(200);
    expect(identity.accepts(body['access_token'] as string, 'https://a.example')).toBe(true);
  });

  it('answers in the shape of App Service', async () => {
    const clientId = randomUUID();
    const identity = await anIdentity({ clientId, now: () => 1_800_000_000_000 });

    const { status, body } = await ask(identity, {
      resource: 'https://a.example',
      client_id: clientId,
    });

    expect(status).toBe(200);
    expect(body).toEqual({
      access_token: expect.any(String),
      expires_on: '1800086400',
      resource: 'https://a.example',
      token_type: 'Bearer',
      client_id: clientId,
    });
  });

  it.each([
    ['another client id', { client_id: randomUUID() }, 400],
    ['no client id', {}, 400],
  ])('refuses %s when the identity is user-assigned', async (_, query, expected) => {
    const identity = await anIdentity({ clientId: randomUUID() });

    const { status, body } = await ask(identity, { resource: 'https://a.example', ...query });

    expect(status).toBe(expected);
    expect(body).toMatchObject({
      statusCode: 400,
      message: expect.stringMatching(/^No User Assigned or Delegated Managed Identity found/),
    });
    expect(identity.requests).toMatchObject([{ outcome: 'refused' }]);
  });

  it.each([
    ['a client id when there is no such identity', { client_id: randomUUID() }],
    ['no resource', { resource: '' }],
    ['another api-version', { 'api-version': '2017-09-01' }],
  ])('refuses %s', async (_, query) => {
    const identity = await anIdentity();

    expect(await ask(identity, { resource: 'https://a.example', ...query })).toMatchObject({
      status: 400,
      body: { statusCode: 400, message: expect.any(String) },
    });
  });

  it('refuses another identity header', async () => {
    const identity = await anIdentity();

    const { status } = await ask(identity, { resource: 'https://a.example' }, randomUUID());

    expect(status).toBe(401);
  });

  it.each([
    ['for another resource', 'https://b.example', 0, false],
    ['for its resource, with or without a slash', 'https://a.example/', 0, true],
    ['until it expires', 'https://a.example', 86_399_999, true],
    ['not after it has expired', 'https://a.example', 86_400_000, false],
  ])('accepts its own token %s', async (_, resource, laterMs, expected) => {
    let nowMs = 1_800_000_000_000;
    const identity = await anIdentity({ now: () => nowMs });
    const { body } = await ask(identity, { resource: 'https://a.example' });

    nowMs += laterMs;

    expect(identity.accepts(body['access_token'] as string, resource)).toBe(expected);
  });

  it('does not accept a token that it did not issue', async () => {
    const identity = await anIdentity();

    expect(identity.accepts(randomUUID(), 'https://a.example')).toBe(false);
  });

  it('issues what tokenFor makes', async () => {
    const identity = await anIdentity({
      tokenFor: (resource) => Promise.resolve(`for ${resource}`),
    });

    const { body } = await ask(identity, { resource: 'https://a.example' });

    expect(body['access_token']).toBe('for https://a.example');
    expect(identity.accepts('for https://a.example', 'https://a.example')).toBe(true);
  });

  it('fails by faults, as often as they say', async () => {
    const identity = await anIdentity();
    identity.faults.set([{ status: 503, times: 1 }]);

    const failed = await fetch(identity.url);
    const { status } = await ask(identity, { resource: 'https://a.example' });

    expect([failed.status, status]).toEqual([503, 200]);
    expect(identity.requests).toMatchObject([{ outcome: 'unanswered' }, { outcome: 'issued' }]);
  });
});

describe('ManagedIdentityCredential', () => {
  const clientId = randomUUID();
  let identity: ManagedIdentityStandIn;

  // The credential finds its endpoint once and keeps it, and its tokens, for the whole process.
  beforeAll(async () => {
    identity = await startManagedIdentity({ clientId });
    process.env['IDENTITY_ENDPOINT'] = identity.url;
    process.env['IDENTITY_HEADER'] = identity.header;
  });

  afterAll(() => identity.close());

  it('gets a token of the user-assigned identity', async () => {
    const credential = new ManagedIdentityCredential({ clientId });

    const token = await credential.getToken('https://vault.azure.net/.default');

    expect(identity.accepts(token.token, 'https://vault.azure.net')).toBe(true);
    expect(token.expiresOnTimestamp).toBeGreaterThan(Date.now() + 23 * 3_600_000);
    expect(identity.requests.at(-1)).toMatchObject({
      resource: 'https://vault.azure.net',
      clientId,
      outcome: 'issued',
    });
  });

  it('gets none when it names another identity', async () => {
    const credential = new ManagedIdentityCredential({ clientId: randomUUID() });

    const token = credential.getToken('https://storage.azure.com/.default');

    await expect(token).rejects.toMatchObject({
      message: expect.stringContaining('No User Assigned or Delegated Managed Identity found'),
    });
  });
});
