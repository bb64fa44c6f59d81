import { describe, expect, it } from '@jest/globals';
import { ConfigError, type Environment, loadConfig } from '../../shared/config.js';

const guid = '3f1c0f5e-7a34-4a63-9c8b-5b8a7d0e2f11';
const required = {
  PARTNER_TENANT_ID: guid,
  PARTNER_CLIENT_ID: guid.replace('3', '4'),
  KEY_VAULT_URI: 'https://vault.example',
  PUBLIC_BASE_URL: 'https://resets.example',
  STORAGE__tableServiceUri: 'https://table.example',
  STORAGE__queueServiceUri: 'https://queue.example',
  STORAGE__blobServiceUri: 'https://blob.example',
};
const canary = 'canary-7f3a';
const settleProblem =
  'must be a whole number from 230 to 3600; less is accepted only for a PARTNER_CENTER_URL on this machine';

describe('loadConfig()', () => {
  it('needs no more than what differs from one partner to another', () => {
    expect(loadConfig(required)).toEqual({
      partner: {
        tenantId: guid,
        clientId: guid.replace('3', '4'),
        clientCredential: 'secret',
      },
      partnerCenterUrl: 'https://api.partnercenter.microsoft.com',
      entraAuthorityUrl: 'https://login.microsoftonline.com',
      resetRoute: 'resetpassword',
      keyVaultUrl: 'https://vault.example',
      storage: {
        kind: 'identity',
        tableServiceUrl: 'https://table.example',
        queueServiceUrl: 'https://queue.example',
        blobServiceUrl: 'https://blob.example',
      },
      publicBaseUrl: 'https://resets.example',
      passwordStyle: { kind: 'random', length: 16 },
      resetSynchronizedUsers: false,
      settleMs: 300_000,
      linkExpiresMs: 259_200_000,
    });
  });

  it('takes every other choice', () => {
    const config = loadConfig({
      ...required,
      PARTNER_CLIENT_CREDENTIAL: 'certificate',
      PARTNER_CENTER_URL: 'https://partner-center.example:8443/',
      ENTRA_AUTHORITY_URL: 'https://entra.example/',
      RESET_ROUTE: 'legacy',
      API_CLIENT_ID: guid.toUpperCase(),
      AZURE_CLIENT_ID: guid,
      PASSWORD_STYLE: 'passphrase',
      PASSPHRASE_WORDS: '7',
      RESET_SYNCHRONIZED_USERS: 'true',
      SETTLE_SECONDS: '600',
      LINK_EXPIRES_HOURS: '24',
    });

    expect(config).toMatchObject({
      partner: { clientCredential: 'certificate' },
      partnerCenterUrl: 'https://partner-center.example:8443',
      entraAuthorityUrl: 'https://entra.example',
      resetRoute: 'legacy',
      apiClientId: guid,
      managedIdentityClientId: guid,
      passwordStyle: { kind: 'passphrase', words: 7 },
      resetSynchronizedUsers: true,
      settleMs: 600_000,
      linkExpiresMs: 86_400_000,
    });
  });

  it('cannot be changed afterwards', () => {
    const config = loadConfig(required);

    const groups = (Object.values(config) as unknown[]).filter(
      (value) => typeof value === 'object',
    );
    expect(groups).toHaveLength(3);
    for (const group of [config, ...groups]) expect(Object.isFrozen(group)).toBe(true);
  });

  it('takes blanks around a value for nothing, and a blank value for a missing one', () => {
    const config = loadConfig({
      ...required,
      PARTNER_TENANT_ID: ` ${guid}\n`,
      RESET_ROUTE: ' ',
      AZURE_CLIENT_ID: '',
    });

    expect(config).toMatchObject({ partner: { tenantId: guid }, resetRoute: 'resetpassword' });
    expect(config).not.toHaveProperty('managedIdentityClientId');
  });

  it("finds its own address under the platform's host name", () => {
    const environment = { ...required, PUBLIC_BASE_URL: '', WEBSITE_HOSTNAME: 'app.example' };

    expect(loadConfig(environment)).toMatchObject({ publicBaseUrl: 'https://app.example' });
  });

  it('names everything that is missing, at once', () => {
    expect(problemsOf({})).toEqual([
      'PARTNER_TENANT_ID: is missing',
      'PARTNER_CLIENT_ID: is missing',
      'KEY_VAULT_URI: is missing',
      'STORAGE__tableServiceUri: is missing',
      'STORAGE__queueServiceUri: is missing',
      'STORAGE__blobServiceUri: is missing',
      'PUBLIC_BASE_URL: is missing',
    ]);
  });

  it('names everything that is wrong, at once, and quotes no value', () => {
    const names = [
      'PARTNER_TENANT_ID',
      'PARTNER_CLIENT_ID',
      'PARTNER_CLIENT_CREDENTIAL',
      'PARTNER_CENTER_URL',
      'ENTRA_AUTHORITY_URL',
      'RESET_ROUTE',
      'KEY_VAULT_URI',
      'STORAGE',
      'PUBLIC_BASE_URL',
      'PASSWORD_STYLE',
      'PASSWORD_LENGTH',
      'RESET_SYNCHRONIZED_USERS',
      'SETTLE_SECONDS',
      'LINK_EXPIRES_HOURS',
    ];

    const error = errorOf(Object.fromEntries(names.map((name) => [name, canary])));

    expect(error.problems.map((problem) => problem.split(':')[0])).toEqual(names);
    expect(error.message).toContain(error.problems.join('; '));
    expect(JSON.stringify([error, error.message, error.problems])).not.toContain(canary);
  });

  it.each([
    ['PARTNER_TENANT_ID', 'contoso.com', 'must be a GUID'],
    ['PARTNER_CLIENT_ID', `${guid}x`, 'must be a GUID'],
    ['API_CLIENT_ID', `api://${guid}`, 'must be a GUID'],
    ['PARTNER_CLIENT_CREDENTIAL', 'Secret', 'must be one of secret, certificate'],
    ['RESET_ROUTE', 'both', 'must be one of resetpassword, legacy'],
    ['RESET_SYNCHRONIZED_USERS', '1', 'must be one of false, true'],
    ['PASSWORD_STYLE', 'short', 'must be one of random, passphrase'],
    ['PASSWORD_LENGTH', '11', 'must be a whole number from 12 to 64'],
    ['PASSWORD_LENGTH', '65', 'must be a whole number from 12 to 64'],
    ['PASSWORD_LENGTH', '16.0', 'must be a whole number from 12 to 64'],
    ['SETTLE_SECONDS', '0', settleProblem],
    ['SETTLE_SECONDS', '229', settleProblem],
    ['SETTLE_SECONDS', '3601', settleProblem],
    ['SETTLE_SECONDS', '1e3', settleProblem],
    ['LINK_EXPIRES_HOURS', '0', 'must be a whole number from 1 to 72'],
    ['LINK_EXPIRES_HOURS', '73', 'must be a whole number from 1 to 72'],
    ['KEY_VAULT_URI', 'vault.example', 'must be a URL'],
    [
      'KEY_VAULT_URI',
      'ftp://vault.example',
      'must be https (http is accepted for this machine only)',
    ],
  ])('refuses %s=%s', (name, value, why) => {
    expect(problemsOf({ ...required, [name]: value })).toEqual([`${name}: ${why}`]);
  });

  it.each(['4', '13'])('refuses a passphrase of %s words', (words) => {
    expect(
      problemsOf({ ...required, PASSWORD_STYLE: 'passphrase', PASSPHRASE_WORDS: words }),
    ).toEqual(['PASSPHRASE_WORDS: must be a whole number from 5 to 12']);
  });

  it.each([
    ['PASSWORD_LENGTH', '12', { passwordStyle: { length: 12 } }],
    ['PASSWORD_LENGTH', '64', { passwordStyle: { length: 64 } }],
    ['SETTLE_SECONDS', '230', { settleMs: 230_000 }],
    ['SETTLE_SECONDS', '3600', { settleMs: 3_600_000 }],
    ['LINK_EXPIRES_HOURS', '1', { linkExpiresMs: 3_600_000 }],
    ['LINK_EXPIRES_HOURS', '72', { linkExpiresMs: 259_200_000 }],
  ])('takes %s=%s', (name, value, expected) => {
    expect(loadConfig({ ...required, [name]: value })).toMatchObject(expected);
  });

  describe('with a Partner Center on this machine', () => {
    const local = { ...required, PARTNER_CENTER_URL: 'http://127.0.0.1:7071' };

    it.each([
      ['0', 0],
      ['229', 229_000],
    ])('takes SETTLE_SECONDS=%s', (value, settleMs) => {
      expect(loadConfig({ ...local, SETTLE_SECONDS: value })).toMatchObject({ settleMs });
    });

    it.each(['-1', '3601'])('refuses SETTLE_SECONDS=%s', (value) => {
      expect(problemsOf({ ...local, SETTLE_SECONDS: value })).toEqual([
        'SETTLE_SECONDS: must be a whole number from 0 to 3600',
      ]);
    });
  });

  describe.each([
    'PARTNER_CENTER_URL',
    'ENTRA_AUTHORITY_URL',
    'KEY_VAULT_URI',
    'PUBLIC_BASE_URL',
    'STORAGE__tableServiceUri',
    'STORAGE__queueServiceUri',
    'STORAGE__blobServiceUri',
  ])('%s', (name) => {
    it.each(['http://127.0.0.1:7071', 'http://localhost:7071', 'http://[::1]:7071'])(
      'may be %s, which is this machine',
      (value) => {
        expect(problemsOf({ ...required, [name]: value })).toEqual([]);
      },
    );

    it.each([
      'https://resets.example/api',
      'https://resets.example/?code=1',
      'https://resets.example#@localhost',
    ])('must not be %s, whose end would be lost', (value) => {
      expect(problemsOf({ ...required, [name]: value })).toEqual([
        `${name}: must be an origin, without a path`,
      ]);
    });

    it.each([
      'http://resets.example',
      'http://127.0.0.1.example',
      'http://localhost.example',
      'http://0.0.0.0:7071',
      'http://10.0.0.4',
      'http://169.254.169.254',
      'http://localhost@resets.example',
    ])('must not be %s, which anybody on the way can read', (value) => {
      expect(problemsOf({ ...required, [name]: value })).toEqual([
        `${name}: must be https (http is accepted for this machine only)`,
      ]);
    });
  });

  it.each([
    ['PARTNER_CENTER_URL', 'https://partner.partnercenterapi.microsoftonline.cn'],
    ['ENTRA_AUTHORITY_URL', 'https://login.partner.microsoftonline.cn'],
    ['ENTRA_AUTHORITY_URL', 'https://login.chinacloudapi.cn/'],
    ['ENTRA_AUTHORITY_URL', 'https://LOGIN.microsoftonline.us'],
    ['ENTRA_AUTHORITY_URL', 'https://login.microsoftonline.de'],
  ])('refuses the national cloud of %s=%s', (name, value) => {
    expect(problemsOf({ ...required, [name]: value })).toEqual([
      `${name}: Partner Center does not offer the reset in that national cloud`,
    ]);
  });

  describe('STORAGE', () => {
    const { PARTNER_TENANT_ID, PARTNER_CLIENT_ID, KEY_VAULT_URI, PUBLIC_BASE_URL } = required;
    const withoutStorage = { PARTNER_TENANT_ID, PARTNER_CLIENT_ID, KEY_VAULT_URI, PUBLIC_BASE_URL };
    const endpoints = (...hosts: readonly string[]) =>
      ['Blob', 'Queue', 'Table']
        .map((service, index) => `${service}Endpoint=${hosts[index] ?? hosts[0] ?? ''}`)
        .join(';');

    it.each([
      'UseDevelopmentStorage=true',
      'UseDevelopmentStorage=true;',
      `AccountName=a;AccountKey=${canary};${endpoints('http://127.0.0.1:10000/a')}`,
      `${endpoints('http://localhost:1', 'http://localhost:2', 'http://localhost:3')};AccountName=a`,
      `DefaultEndpointsProtocol=http;AccountName=a;${endpoints('http://127.0.0.1:10000/a')}`,
    ])('may name the emulator: %s', (connectionString) => {
      expect(loadConfig({ ...withoutStorage, STORAGE: connectionString })).toMatchObject({
        storage: { kind: 'connectionString', connectionString },
      });
    });

    it.each([
      `DefaultEndpointsProtocol=https;AccountName=a;AccountKey=${canary};EndpointSuffix=core.windows.net`,
      `AccountKey=${canary};${endpoints('https://a.blob.example')}`,
      `AccountKey=${canary};${endpoints('http://localhost:1', 'https://a.queue.example')}`,
      `AccountKey=${canary};BlobEndpoint=http://localhost:1;QueueEndpoint=http://localhost:2`,
      `AccountKey=${canary};${endpoints('http://localhost.example')}`,
      `AccountKey=${canary};${endpoints('localhost')}`,
      `AccountKey=${canary};${endpoints('http://localhost:1').replace('Queue', 'queue')}`,
      `AccountKey=${canary};TABLEENDPOINT=https://a.example;${endpoints('http://localhost:1')}`,
      `AccountKey=${canary}; QueueEndpoint=https://a.example;${endpoints('http://localhost:1')}`,
      `AccountKey=${canary};${endpoints('http://localhost:1')};BlobSecondaryEndpoint=https://a.example`,
      'usedevelopmentstorage=true',
      `UseDevelopmentStorage=true;AccountKey=${canary}`,
      `UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://${canary}.example`,
      canary,
    ])('must not name an account whose key it would hold: case %#', (connectionString) => {
      const error = errorOf({ ...withoutStorage, STORAGE: connectionString });

      expect(error.problems).toEqual([
        'STORAGE: a connection string is accepted for the emulator only; set STORAGE__tableServiceUri, STORAGE__queueServiceUri and STORAGE__blobServiceUri instead',
      ]);
      expect(error.message).not.toContain(canary);
    });
  });
});

function errorOf(environment: Environment): ConfigError {
  try {
    loadConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  return new ConfigError([]);
}

function problemsOf(environment: Environment): readonly string[] {
  return errorOf(environment).problems;
}
