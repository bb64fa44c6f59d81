import type { StorageConnection } from './azure/storage-clients.js';
import type { PasswordStyle } from './password-reset/password.js';
import { isGuid } from './password-reset/ids.js';
import { isLoopback } from './platform/loopback.js';

export interface Config {
  readonly partner: {
    readonly tenantId: string;
    readonly clientId: string;
    /** Which of the two Key Vault secrets proves that it is the app. */
    readonly clientCredential: 'secret' | 'certificate';
  };
  readonly partnerCenterUrl: string;
  readonly entraAuthorityUrl: string;
  readonly resetRoute: 'resetpassword' | 'legacy';
  readonly keyVaultUrl: string;
  readonly storage: StorageConnection;
  /** The app registration of our own API; without it, callers' bearer tokens are refused. */
  readonly apiClientId?: string;
  /** Client id of the user-assigned identity; absent for the system-assigned one. */
  readonly managedIdentityClientId?: string;
  /** Where callers reach the app, without a trailing slash. */
  readonly publicBaseUrl: string;
  readonly passwordStyle: PasswordStyle;
  readonly resetSynchronizedUsers: boolean;
  readonly settleMs: number;
  /** How long after the reset a link can be opened. */
  readonly linkExpiresMs: number;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Everything that is wrong with the settings, by name; never a value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The app's settings cannot be used: ${problems.join('; ')}`);
    this.problems = problems;
  }
}

/** Clouds in which Partner Center does not offer the reset. */
const nationalClouds = [
  'partner.partnercenterapi.microsoftonline.cn',
  'login.partner.microsoftonline.cn',
  'login.chinacloudapi.cn',
  'login.microsoftonline.us',
  'login.microsoftonline.de',
];

/** @throws {@link ConfigError} with every problem at once */
export function loadConfig(environment: Environment): Config {
  const settings = createSettings(environment);
  const { optional, guid, optionalGuid, url, choice, wholeNumber } = settings;

  const partner: Config['partner'] = {
    tenantId: guid('PARTNER_TENANT_ID'),
    clientId: guid('PARTNER_CLIENT_ID'),
    clientCredential: choice('PARTNER_CLIENT_CREDENTIAL', ['secret', 'certificate']),
  };
  const partnerCenterUrl = url('PARTNER_CENTER_URL', 'https://api.partnercenter.microsoft.com');
  const apiClientId = optionalGuid('API_CLIENT_ID');
  const managedIdentityClientId = optional('AZURE_CLIENT_ID');
  const hostName = optional('WEBSITE_HOSTNAME');
  const config: Config = {
    partner,
    partnerCenterUrl,
    entraAuthorityUrl: url('ENTRA_AUTHORITY_URL', 'https://login.microsoftonline.com'),
    resetRoute: choice('RESET_ROUTE', ['resetpassword', 'legacy']),
    keyVaultUrl: url('KEY_VAULT_URI'),
    storage: storageOf(settings),
    ...(apiClientId !== undefined && { apiClientId }),
    ...(managedIdentityClientId !== undefined && { managedIdentityClientId }),
    publicBaseUrl: url('PUBLIC_BASE_URL', hostName && `https://${hostName}`),
    passwordStyle:
      choice('PASSWORD_STYLE', ['random', 'passphrase']) === 'random'
        ? { kind: 'random', length: wholeNumber('PASSWORD_LENGTH', 16, { min: 12, max: 64 }) }
        : { kind: 'passphrase', words: wholeNumber('PASSPHRASE_WORDS', 6, { min: 5, max: 12 }) },
    resetSynchronizedUsers: choice('RESET_SYNCHRONIZED_USERS', ['false', 'true']) === 'true',
    settleMs: settleSeconds() * 1000,
    linkExpiresMs: wholeNumber('LINK_EXPIRES_HOURS', 72, { min: 1, max: 72 }) * 3_600_000,
  };
  if (settings.problems.length > 0) throw new ConfigError(settings.problems);
  return deepFrozen(config);

  /** The front end of a service in Azure gives up on a request after 230 s; until then one that was lost may arrive. */
  function settleSeconds(): number {
    const isLocal = partnerCenterUrl !== '' && isLoopback(partnerCenterUrl);
    if (isLocal) return wholeNumber('SETTLE_SECONDS', 300, { min: 0, max: 3_600 });
    const why = 'less is accepted only for a PARTNER_CENTER_URL on this machine';
    return wholeNumber('SETTLE_SECONDS', 300, { min: 230, max: 3_600, why });
  }

  function storageOf({ problems }: Settings): StorageConnection {
    const connectionString = optional('STORAGE');
    if (connectionString === undefined) {
      return {
        kind: 'identity',
        tableServiceUrl: url('STORAGE__tableServiceUri'),
        queueServiceUrl: url('STORAGE__queueServiceUri'),
        blobServiceUrl: url('STORAGE__blobServiceUri'),
      };
    }
    if (!isEmulator(connectionString)) {
      problems.push(
        'STORAGE: a connection string is accepted for the emulator only; set STORAGE__tableServiceUri, STORAGE__queueServiceUri and STORAGE__blobServiceUri instead',
      );
    }
    return { kind: 'connectionString', connectionString };
  }
}

type Settings = ReturnType<typeof createSettings>;

function createSettings(environment: Environment) {
  const problems: string[] = [];

  function optional(name: string): string | undefined {
    const value = environment[name]?.trim();
    return value === '' ? undefined : value;
  }

  function required(name: string, fallback?: string): string | undefined {
    const value = optional(name) ?? fallback;
    if (value === undefined) problems.push(`${name}: is missing`);
    return value;
  }

  function guid(name: string): string {
    return asGuid(name, required(name)) ?? '';
  }

  function optionalGuid(name: string): string | undefined {
    return asGuid(name, optional(name));
  }

  /** In lower case, as tokens have them. */
  function asGuid(name: string, value: string | undefined): string | undefined {
    if (value !== undefined && !isGuid(value)) problems.push(`${name}: must be a GUID`);
    return value?.toLowerCase();
  }

  function url(name: string, fallback?: string): string {
    const value = required(name, fallback);
    if (value === undefined) return '';
    if (!URL.canParse(value)) {
      problems.push(`${name}: must be a URL`);
      return '';
    }
    const { protocol, hostname, origin, pathname, search, hash } = new URL(value);
    if (pathname !== '/' || search !== '' || hash !== '') {
      problems.push(`${name}: must be an origin, without a path`);
    }
    if (protocol !== 'https:' && !(protocol === 'http:' && isLoopback(value))) {
      problems.push(`${name}: must be https (http is accepted for this machine only)`);
    }
    if (nationalClouds.includes(hostname)) {
      problems.push(`${name}: Partner Center does not offer the reset in that national cloud`);
    }
    return origin;
  }

  /** The first choice is the default. */
  function choice<const Choice extends string>(
    name: string,
    choices: readonly [Choice, ...Choice[]],
  ): Choice {
    const value = optional(name);
    if (value === undefined) return choices[0];
    const chosen = choices.find((one) => one === value);
    if (chosen === undefined) problems.push(`${name}: must be one of ${choices.join(', ')}`);
    return chosen ?? choices[0];
  }

  function wholeNumber(
    name: string,
    fallback: number,
    { min, max, why }: { readonly min: number; readonly max: number; readonly why?: string },
  ): number {
    const value = optional(name);
    if (value === undefined) return fallback;
    const number = /^\d{1,9}$/.test(value) ? Number(value) : NaN;
    if (number >= min && number <= max) return number;
    const reason = why === undefined ? '' : `; ${why}`;
    problems.push(`${name}: must be a whole number from ${min} to ${max}${reason}`);
    return fallback;
  }

  return { problems, optional, guid, optionalGuid, url, choice, wholeNumber };
}

/**
 * Every endpoint that it names is on this machine. The SDKs differ in how they read names: one minds
 * the case, another does not, and each takes the first that it knows. So those that count are spelled
 * exactly, and whatever else may pass for an endpoint is looked at as well.
 */
function isEmulator(connectionString: string): boolean {
  if (/^UseDevelopmentStorage=true;?$/.test(connectionString)) return true;
  const endpoints = connectionString
    .split(';')
    .map((part) => /^\s*([^=]*)=(.*)$/.exec(part)?.slice(1) ?? [])
    .filter(([name = '']) => /endpoint/i.test(name) && !/^DefaultEndpointsProtocol$/.test(name));
  const names = endpoints.map(([name]) => name);
  return (
    ['TableEndpoint', 'QueueEndpoint', 'BlobEndpoint'].every((name) => names.includes(name)) &&
    endpoints.every(([, url = '']) => URL.canParse(url) && isLoopback(url))
  );
}

function deepFrozen<Group extends object>(group: Group): Group {
  for (const value of Object.values(group) as unknown[]) {
    if (typeof value === 'object' && value !== null) deepFrozen(value);
  }
  return Object.freeze(group);
}
