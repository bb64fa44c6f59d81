import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { SecretClient } from '@azure/keyvault-secrets';
import {
  startKeyVault,
  type KeyVaultOptions,
  type KeyVaultStandIn,
  type VaultFault,
} from '../../../infra/local/key-vault/key-vault.js';

const goodToken = randomUUID();
const running: KeyVaultStandIn[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((vault) => vault.close()));
});

async function aVault(options: Partial<KeyVaultOptions> = {}): Promise<KeyVaultStandIn> {
  const accepts = (token: string) => token === goodToken;
  const vault = await startKeyVault({ secrets: {}, accepts, ...options });
  running.push(vault);
  return vault;
}

function aClient(vault: KeyVaultStandIn, token = goodToken): SecretClient {
  const credential = {
    getToken: () => Promise.resolve({ token, expiresOnTimestamp: Date.now() + 3_600_000 }),
  };
  return new SecretClient(vault.url, credential, {
    allowInsecureConnection: true,
    disableChallengeResourceVerification: true,
    retryOptions: { maxRetries: 0 },
  });
}

interface VaultRequest {
  readonly method?: string;
  readonly body?: string | null;
  /** Null sends none. */
  readonly token?: string | null;
}

async function ask(
  vault: KeyVaultStandIn,
  path: string,
  { method = 'GET', body = null, token = goodToken }: VaultRequest = {},
): Promise<{ status: number; body: Record<string, unknown>; headers: Headers }> {
  const response = await fetch(vault.url + path, {
    method,
    body,
    ...(token !== null && { headers: { authorization: `Bearer ${token}` } }),
  });
  const answer = (await response.json()) as Record<string, unknown>;
  return { status: response.status, body: answer, headers: response.headers };
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe('startKeyVault()', () => {
  it('lets SecretClient read a secret after one challenge', async () => {
    const vault = await aVault({ secrets: { 'sealing-key': 'first' } });
    const client = aClient(vault);

    const secret = await client.getSecret('sealing-key');
    await client.getSecret('sealing-key');

    expect(secret.value).toBe('first');
    expect(secret.properties).toMatchObject({
      enabled: true,
      recoveryLevel: 'Recoverable+Purgeable',
    });
    expect(vault.requests.map(({ status }) => status)).toEqual([401, 200, 200]);
  });

  it('lets SecretClient set a new version and read the old one', async () => {
    let nowMs = Date.UTC(2026, 0, 1);
    const vault = await aVault({ secrets: { token: 'old' }, now: () => nowMs });
    const client = aClient(vault);
    const old = await client.getSecret('token');
    nowMs += 60_000;

    const created = await client.setSecret('token', 'new', {
      contentType: 'text/plain',
      tags: { by: 'renewal' },
    });

    expect(created.properties).toMatchObject({
      contentType: 'text/plain',
      tags: { by: 'renewal' },
      createdOn: new Date(nowMs),
    });
    expect(await client.getSecret('token')).toMatchObject({ value: 'new' });
    const version = old.properties.version ?? '';
    expect(await client.getSecret('token', { version })).toMatchObject({ value: 'old' });
    expect(vault.secrets.get('token')).toBe('new');
    expect(vault.secrets.versions('token')).toEqual([
      { version, enabled: true, createdOn: new Date(nowMs - 60_000) },
      { version: created.properties.version, enabled: true, createdOn: new Date(nowMs) },
    ]);
  });

  it('lets SecretClient list secrets and versions over several pages', async () => {
    const names = Array.from({ length: 60 }, (_, index) => `secret-${index}`);
    const vault = await aVault({
      secrets: Object.fromEntries(names.map((name) => [name, 'value'])),
    });
    for (let index = 0; index < 29; index += 1) vault.secrets.set('secret-0', 'next value');
    const client = aClient(vault);

    const secrets = await collect(client.listPropertiesOfSecrets());
    const versions = await collect(client.listPropertiesOfSecretVersions('secret-0'));

    expect(secrets.map(({ name }) => name)).toEqual(names);
    expect(new Set(versions.map(({ version }) => version))).toEqual(
      new Set(vault.secrets.versions('secret-0').map(({ version }) => version)),
    );
    expect(versions).toHaveLength(30);
    const reads = vault.requests.filter(({ status }) => status === 200);
    expect(reads.map(({ name }) => name ?? 'all')).toEqual([
      ...['all', 'all', 'all'],
      ...['secret-0', 'secret-0'],
    ]);
  });

  it('lists versions by their names, which say nothing about age', async () => {
    const vault = await aVault();
    for (let index = 0; index < 20; index += 1) vault.secrets.set('token', 'value');

    const listed = await collect(aClient(vault).listPropertiesOfSecretVersions('token'));

    const versions = listed.map(({ version }) => version);
    expect(versions).toEqual([...versions].sort());
  });

  it('refuses a version that SecretClient disabled, and only that', async () => {
    const vault = await aVault({ secrets: { token: 'old' } });
    vault.secrets.set('token', 'new');
    const client = aClient(vault);
    const [old] = vault.secrets.versions('token');
    const version = old?.version ?? '';

    const updated = await client.updateSecretProperties('token', version, { enabled: false });

    expect(updated).toMatchObject({ version, enabled: false });
    await expect(client.getSecret('token', { version })).rejects.toMatchObject({ statusCode: 403 });
    expect(await client.getSecret('token')).toMatchObject({ value: 'new' });
  });

  it('refuses the newest version once it is disabled, rather than fall back', async () => {
    const vault = await aVault({ secrets: { token: 'old' } });
    vault.secrets.set('token', 'new');
    vault.secrets.disable('token', vault.secrets.versions('token').at(-1)?.version ?? '');

    const { status, body } = await ask(vault, '/secrets/token?api-version=7.4');

    expect(status).toBe(403);
    expect(body).toMatchObject({
      error: { code: 'Forbidden', innererror: { code: 'SecretDisabled' } },
    });
  });

  it('throws a RangeError when it is to disable what is not there', async () => {
    const vault = await aVault();

    expect(() => vault.secrets.disable('token', randomUUID())).toThrow(RangeError);
  });

  it('answers SecretClient with SecretNotFound', async () => {
    const vault = await aVault();

    const read = aClient(vault).getSecret('nothing');

    await expect(read).rejects.toMatchObject({ statusCode: 404, code: 'SecretNotFound' });
  });

  it('answers in the shape of the service', async () => {
    const vault = await aVault({ secrets: { token: 'value' }, now: () => 1_800_000_000_999 });

    const { body } = await ask(vault, '/secrets/token/?api%2Dversion=2025-07-01');

    expect(body).toEqual({
      value: 'value',
      id: expect.stringMatching(new RegExp(`^${vault.url}/secrets/token/[0-9a-f]{32}$`)),
      attributes: {
        enabled: true,
        created: 1_800_000_000,
        updated: 1_800_000_000,
        recoveryLevel: 'Recoverable+Purgeable',
        recoverableDays: 90,
      },
    });
  });

  it.each([
    ['no token', null],
    ['a token that is not accepted', randomUUID()],
  ])('challenges a request with %s', async (_, token) => {
    const vault = await aVault({ secrets: { token: 'value' } });

    const { status, body, headers } = await ask(vault, '/secrets/token?api-version=7.4', { token });

    expect(status).toBe(401);
    expect(body).toMatchObject({ error: { code: 'Unauthorized' } });
    expect(headers.get('www-authenticate')).toMatch(
      /^Bearer authorization="https:\/\/[^"]+", resource="https:\/\/vault\.azure\.net"$/,
    );
  });

  it('takes names without regard to case', async () => {
    const vault = await aVault({ secrets: { 'Sealing-Key': 'value' } });

    expect((await aClient(vault).getSecret('sealing-KEY')).value).toBe('value');
  });

  it.each([
    ['no api-version', 'GET', '/secrets/token', null, 400, 'BadParameter'],
    ['a name with a dot', 'GET', '/secrets/to.ken?api-version=7.4', null, 400, 'BadParameter'],
    [
      'a name of 128 characters',
      'GET',
      `/secrets/${'a'.repeat(128)}?api-version=7.4`,
      null,
      400,
      'BadParameter',
    ],
    ['a set without a value', 'PUT', '/secrets/token?api-version=7.4', '{}', 400, 'BadParameter'],
    ['a set without JSON', 'PUT', '/secrets/token?api-version=7.4', '{', 400, 'BadParameter'],
    ['pages of 26', 'GET', '/secrets?api-version=7.4&maxresults=26', null, 400, 'BadParameter'],
    ['another operation', 'DELETE', '/secrets/token?api-version=7.4', null, 405, 'BadMethod'],
    [
      'versions of nothing',
      'GET',
      '/secrets/none/versions?api-version=7.4',
      null,
      404,
      'SecretNotFound',
    ],
  ])('refuses %s', async (_, method, path, body, status, code) => {
    const vault = await aVault({ secrets: { token: 'value' } });

    expect(await ask(vault, path, { method, body })).toMatchObject({
      status,
      body: { error: { code } },
    });
    expect(vault.secrets.versions('token')).toHaveLength(1);
  });

  it.each([
    [25_600, 200],
    [25_601, 400],
  ])('answers a value of %d bytes with %d', async (bytes, expected) => {
    const vault = await aVault();
    const body = JSON.stringify({ value: 'v'.repeat(bytes) });

    const { status } = await ask(vault, '/secrets/big?api-version=7.4', { method: 'PUT', body });

    expect(status).toBe(expected);
  });

  it('records what was asked, without values', async () => {
    const vault = await aVault({ secrets: { token: 'value' }, now: () => 5 });
    const version = vault.secrets.versions('token')[0]?.version ?? '';

    await ask(vault, `/secrets/token/${version}?api-version=7.4`);
    await ask(vault, '/secrets?api-version=7.4', { token: null });

    expect(vault.requests).toEqual([
      { atMs: 5, method: 'GET', name: 'token', version, status: 200 },
      { atMs: 5, method: 'GET', name: undefined, status: 401 },
    ]);
  });
});

describe('faults', () => {
  it.each<[string, VaultFault]>([
    ['the operation', { status: 503, operation: 'set' }],
    ['the secret', { status: 503, name: 'TOKEN' }],
  ])('hit by %s, as often as they say', async (_, fault) => {
    const vault = await aVault({ secrets: { token: 'value', other: 'value' } });
    const client = aClient(vault);
    vault.faults.set([{ ...fault, times: 1 }]);
    await client.getSecret('other');

    const set = client.setSecret('token', 'new');

    await expect(set).rejects.toMatchObject({ statusCode: 503 });
    expect(vault.secrets.get('token')).toBe('value');
    await client.setSecret('token', 'new');
    expect(vault.secrets.get('token')).toBe('new');
  });

  it('cut the answer to a set that was done', async () => {
    const vault = await aVault();
    vault.faults.set([{ kind: 'cut', operation: 'set' }]);

    await expect(aClient(vault).setSecret('token', 'new')).rejects.toHaveProperty('message');

    expect(vault.secrets.get('token')).toBe('new');
  });

  it('delay', async () => {
    const vault = await aVault({ secrets: { token: 'value' } });
    vault.faults.set([{ kind: 'latency', ms: 60 }]);
    const startMs = performance.now();

    await aClient(vault).getSecret('token');

    expect(performance.now() - startMs).toBeGreaterThan(55);
  });

  it('are set over HTTP', async () => {
    const vault = await aVault({ secrets: { token: 'value' } });
    const body = JSON.stringify([{ status: 429, retryAfter: 3 }]);
    await fetch(`${vault.url}/_stand-in/faults`, { method: 'PUT', body });

    const response = await fetch(`${vault.url}/secrets/token?api-version=7.4`, {
      headers: { authorization: `Bearer ${goodToken}` },
    });

    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe('3');
  });

  it('refuse an operation that is none', async () => {
    const vault = await aVault();
    const body = JSON.stringify([{ status: 503, operation: 'erase' }]);

    const response = await fetch(`${vault.url}/_stand-in/faults`, { method: 'PUT', body });

    expect(response.status).toBe(400);
    expect(await response.text()).toContain(
      'operation must be one of get, set, list, listVersions, update',
    );
  });
});
