import { inspect } from 'node:util';
import { ManagedIdentityCredential } from '@azure/identity';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startKeyVault, type KeyVaultStandIn } from '../../infra/local/key-vault/key-vault.js';
import {
  startManagedIdentity,
  type ManagedIdentityStandIn,
} from '../../infra/local/managed-identity.js';
import {
  createKeyVaultSecrets,
  createSecretClient,
  type KeyVaultSecrets,
} from '../../shared/azure/key-vault-secrets.js';
import { Secret } from '../../shared/platform/secret.js';

const never = new AbortController().signal;

describe('createKeyVaultSecrets() against a vault', () => {
  let identity: ManagedIdentityStandIn;
  let vault: KeyVaultStandIn;
  let secrets: KeyVaultSecrets;
  const environment = { ...process.env };

  // One for the whole file: the credential's token cache lives as long as the process.
  beforeAll(async () => {
    identity = await startManagedIdentity();
    process.env['IDENTITY_ENDPOINT'] = identity.url;
    process.env['IDENTITY_HEADER'] = identity.header;
  });

  afterAll(async () => {
    process.env = environment;
    await identity.close();
  });

  beforeEach(async () => {
    vault = await startKeyVault({
      secrets: { 'sealing-key': 'first value' },
      accepts: (token) => identity.accepts(token, 'https://vault.azure.net'),
    });
    const client = createSecretClient({
      vaultUrl: vault.url,
      credential: new ManagedIdentityCredential(),
    });
    secrets = createKeyVaultSecrets({ client });
  });

  afterEach(() => vault.close());

  it('reads the newest version', async () => {
    vault.secrets.set('sealing-key', 'second value');

    const stored = await secrets.get('sealing-key', never);

    expect(stored.value.reveal()).toBe('second value');
    expect(stored.version).toBe(vault.secrets.versions('sealing-key').at(-1)?.version);
    expect(Math.abs(Date.now() - stored.updatedAtMs)).toBeLessThan(60_000);
  });

  it('reads an older version by its name', async () => {
    const [first] = vault.secrets.versions('sealing-key');
    vault.secrets.set('sealing-key', 'second value');

    const stored = await secrets.getVersion('sealing-key', first?.version ?? '', never);

    expect(stored?.value.reveal()).toBe('first value');
    expect(stored?.version).toBe(first?.version);
  });

  it('adds a version, and leaves the one before', async () => {
    await secrets.set('sealing-key', new Secret('+ / = é "\n'), never);

    expect(vault.secrets.get('sealing-key')).toBe('+ / = é "\n');
    expect(vault.secrets.versions('sealing-key')).toHaveLength(2);
  });

  it('is AppMisconfigured when there is no such secret', async () => {
    await expect(secrets.get('callers', never)).rejects.toMatchObject({
      code: 'AppMisconfigured',
      message: expect.stringMatching(/^Cannot read secret callers: .*store one/),
    });
  });

  it('is AppMisconfigured when the newest version is disabled, though an older one is not', async () => {
    vault.secrets.set('sealing-key', 'second value');
    const newest = vault.secrets.versions('sealing-key').at(-1)?.version ?? '';
    vault.secrets.disable('sealing-key', newest);

    await expect(secrets.get('sealing-key', never)).rejects.toMatchObject({
      code: 'AppMisconfigured',
      message: expect.stringContaining('disabled'),
    });
  });

  it('finds the newest version, unless it is disabled or there is none', async () => {
    const found = await secrets.find('sealing-key', never);
    vault.secrets.disable('sealing-key', found?.version ?? '');

    expect(found?.value.reveal()).toBe('first value');
    expect(await secrets.find('sealing-key', never)).toBeUndefined();
    expect(await secrets.find('webhook-flow', never)).toBeUndefined();
  });

  it('is AppMisconfigured when the vault refuses the identity', async () => {
    vault.faults.set([{ status: 403 }]);

    await expect(secrets.get('sealing-key', never)).rejects.toMatchObject({
      code: 'AppMisconfigured',
      message: expect.stringContaining('Key Vault Secrets User'),
    });
  });

  it('reads through a fault that passes', async () => {
    vault.faults.set([{ status: 503, times: 2 }]);

    const stored = await secrets.get('sealing-key', never);

    expect(stored.value.reveal()).toBe('first value');
  });

  it('is KeyVaultUnavailable after a fault that stays, well within ten seconds', async () => {
    vault.faults.set([{ status: 503 }]);

    await expect(secrets.get('sealing-key', AbortSignal.timeout(9_000))).rejects.toMatchObject({
      code: 'KeyVaultUnavailable',
      message: expect.stringContaining('answered 503'),
    });
  });

  it('is KeyVaultUnavailable when the vault never answers in time', async () => {
    vault.faults.set([{ kind: 'hang' }]);

    await expect(secrets.get('sealing-key', AbortSignal.timeout(200))).rejects.toMatchObject({
      code: 'KeyVaultUnavailable',
    });
  });

  it("rejects with the caller's reason when the caller leaves while the vault is silent", async () => {
    vault.faults.set([{ kind: 'hang' }]);
    const controller = new AbortController();
    const reading = secrets.get('sealing-key', controller.signal);

    controller.abort(new Error('caller left'));

    await expect(reading).rejects.toThrow('caller left');
  });

  it.each([
    ['the vault refuses', [{ status: 403 }]],
    ['the vault is away', [{ status: 503 }]],
    ['the vault answers with a page', [{ kind: 'html' as const }]],
    ['the connection is cut', [{ kind: 'cut' as const }]],
  ])('shows no value in the error when %s', async (_, faults) => {
    vault.faults.set(faults);

    const outcome = await secrets
      .set('sealing-key', new Secret('canary-value'), AbortSignal.timeout(9_000))
      .catch((error: unknown) => error);

    expect(outcome).toHaveProperty('name', 'ResetError');
    expect(inspect(outcome, { showHidden: true, depth: 10 })).not.toContain('canary-value');
  });
});
