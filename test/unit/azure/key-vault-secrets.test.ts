import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import {
  createKeyVaultSecrets,
  createSecretClient,
  type SecretClientLike,
} from '../../../shared/azure/key-vault-secrets.js';
import { Secret } from '../../../shared/platform/secret.js';

const never = new AbortController().signal;
const secretDisabled = { error: { innerError: { code: 'SecretDisabled' } } };

describe('createKeyVaultSecrets()', () => {
  it.each([
    [{ statusCode: 404, code: 'SecretNotFound' }, 'AppMisconfigured', 'no such secret'],
    [{ statusCode: 403, code: 'Forbidden' }, 'AppMisconfigured', 'role Key Vault Secrets User'],
    [{ statusCode: 401, code: 'Unauthorized' }, 'AppMisconfigured', 'role Key Vault Secrets User'],
    [{ statusCode: 403, details: secretDisabled }, 'AppMisconfigured', 'version is disabled'],
    [{ statusCode: 429, code: 'Throttled' }, 'KeyVaultUnavailable', 'answered 429 (Throttled)'],
    [{ statusCode: 500 }, 'KeyVaultUnavailable', 'answered 500'],
    [{ code: 'ECONNREFUSED' }, 'KeyVaultUnavailable', 'did not answer (ECONNREFUSED)'],
    [{ name: 'CredentialUnavailableError' }, 'KeyVaultUnavailable', 'CredentialUnavailableError'],
    [undefined, 'KeyVaultUnavailable', 'did not answer'],
  ])('turns %j into %s', async (failure, code, reason) => {
    const secrets = createKeyVaultSecrets({ client: failingWith(failure) });

    const error = await failureOf(secrets.get('callers', never));

    expect(error).toMatchObject({ name: 'ResetError', code });
    expect(error).toHaveProperty('message', expect.stringMatching(/^Cannot read secret callers: /));
    expect(error).toHaveProperty('message', expect.stringContaining(reason));
  });

  it.each([
    ['does not have', { statusCode: 404, code: 'SecretNotFound' }],
    ['has disabled', { statusCode: 403, details: secretDisabled }],
  ])('gives no version that the vault %s', async (_what, failure) => {
    const secrets = createKeyVaultSecrets({ client: failingWith(failure) });

    expect(await secrets.getVersion('sealing-key', 'v1', never)).toBeUndefined();
  });

  it.each([
    [{ statusCode: 403, code: 'Forbidden' }, 'AppMisconfigured'],
    [{ statusCode: 500 }, 'KeyVaultUnavailable'],
  ])('does not take %j for a version that is not there', async (failure, code) => {
    const secrets = createKeyVaultSecrets({ client: failingWith(failure) });

    await expect(secrets.getVersion('sealing-key', 'v1', never)).rejects.toMatchObject({ code });
  });

  it.each([
    ['does not have', { statusCode: 404, code: 'SecretNotFound' }],
    ['has disabled', { statusCode: 403, details: secretDisabled }],
  ])('finds no secret that the vault %s', async (_what, failure) => {
    const secrets = createKeyVaultSecrets({ client: failingWith(failure) });

    expect(await secrets.find('webhook-flow', never)).toBeUndefined();
  });

  it.each([
    [{ statusCode: 403, code: 'Forbidden' }, 'AppMisconfigured'],
    [{ statusCode: 500 }, 'KeyVaultUnavailable'],
  ])('does not take %j for a secret that is not there', async (failure, code) => {
    const secrets = createKeyVaultSecrets({ client: failingWith(failure) });

    await expect(secrets.find('webhook-flow', never)).rejects.toMatchObject({ code });
  });

  it('asks for another role to write than to read', async () => {
    const secrets = createKeyVaultSecrets({ client: failingWith({ statusCode: 403 }) });

    await expect(secrets.set('callers', new Secret('x'), never)).rejects.toThrow(
      /^Cannot write secret callers: .*Key Vault Secrets Officer/,
    );
  });

  it('lets neither the value nor the request into its errors', async () => {
    const failure = {
      statusCode: 500,
      code: 'canary in a code',
      message: 'canary',
      request: { body: '{"value":"canary"}' },
      response: { headers: new Map([['x-ms-request-id', 'canary in an id']]) },
    };
    const secrets = createKeyVaultSecrets({ client: failingWith(failure) });

    const error = await failureOf(secrets.set('callers', new Secret('canary'), never));

    expect(inspect(error, { showHidden: true, depth: 10 })).not.toContain('canary');
  });

  it("gives Key Vault's id of the failed call", async () => {
    const headers = new Map([['x-ms-request-id', '9a1b-77']]);
    const failure = { statusCode: 500, response: { headers } };
    const secrets = createKeyVaultSecrets({ client: failingWith(failure) });

    await expect(secrets.get('callers', never)).rejects.toMatchObject({ correlationId: '9a1b-77' });
  });

  it("rejects with the signal's reason when the caller has left", async () => {
    const secrets = createKeyVaultSecrets({ client: silent });

    const reading = secrets.get('callers', AbortSignal.abort(new Error('caller left')));

    await expect(reading).rejects.toThrow('caller left');
  });

  it('is KeyVaultUnavailable when the deadline passes, even if the SDK would wait on', async () => {
    const secrets = createKeyVaultSecrets({ client: silent });

    const reading = secrets.get('callers', AbortSignal.timeout(1));

    await expect(reading).rejects.toMatchObject({ code: 'KeyVaultUnavailable' });
  });

  it('is KeyVaultUnavailable when an answer lacks what it must hold', async () => {
    const answer = { name: 'callers', properties: { name: 'callers', vaultUrl: '' } };
    const secrets = createKeyVaultSecrets({
      client: { ...silent, getSecret: () => Promise.resolve(answer) },
    });

    await expect(secrets.get('callers', never)).rejects.toMatchObject({
      code: 'KeyVaultUnavailable',
    });
  });
});

describe('createSecretClient()', () => {
  it('refuses plain http to another machine', async () => {
    const client = createSecretClient({
      vaultUrl: 'http://vault.example.com',
      credential: { getToken: () => Promise.resolve(null) },
    });

    await expect(client.getSecret('callers')).rejects.toThrow('allowInsecureConnection');
  });
});

const silent: SecretClientLike = {
  getSecret: () => new Promise(() => undefined),
  setSecret: () => new Promise(() => undefined),
};

function failingWith(failure: unknown): SecretClientLike {
  // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- what is thrown is the point
  const fail = () => Promise.reject(failure);
  return { getSecret: fail, setSecret: fail };
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}
