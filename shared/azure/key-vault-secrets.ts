import type { TokenCredential } from '@azure/identity';
import { SecretClient, type KeyVaultSecret } from '@azure/keyvault-secrets';
import { ResetError } from '../password-reset/reset-error.js';
import { isCancelled, untilAborted } from '../platform/deadline.js';
import { isLoopback } from '../platform/loopback.js';
import { Secret } from '../platform/secret.js';

export interface StoredSecret {
  readonly value: Secret;
  readonly version: string;
  readonly updatedAtMs: number;
}

/** The secrets of one vault. Every failure is a {@link ResetError}: `AppMisconfigured` or `KeyVaultUnavailable`. */
export interface KeyVaultSecrets {
  /** The newest version. When that one is disabled an older one does not stand in for it. */
  get(name: string, signal: AbortSignal): Promise<StoredSecret>;
  /** The same, or undefined when there is no such secret, or its newest version is disabled. */
  find(name: string, signal: AbortSignal): Promise<StoredSecret | undefined>;
  /** Undefined when there is no such version, or it is disabled. */
  getVersion(name: string, version: string, signal: AbortSignal): Promise<StoredSecret | undefined>;
  /** Adds a version, which is the newest from then on. */
  set(name: string, value: Secret, signal: AbortSignal): Promise<void>;
}

/** The part of the SDK's client that is used. */
export type SecretClientLike = Pick<SecretClient, 'getSecret' | 'setSecret'>;

export function createKeyVaultSecrets({ client }: { client: SecretClientLike }): KeyVaultSecrets {
  async function read(
    name: string,
    version: string | undefined,
    signal: AbortSignal,
  ): Promise<StoredSecret> {
    const options = { abortSignal: signal, ...(version === undefined ? {} : { version }) };
    return toStoredSecret(
      name,
      await answered('read', name, client.getSecret(name, options), signal),
    );
  }

  return {
    get: (name, signal) => read(name, undefined, signal),
    find: (name, signal) => read(name, undefined, signal).catch(undefinedIfNotUsable),
    getVersion: (name, version, signal) => read(name, version, signal).catch(undefinedIfNotUsable),
    async set(name, value, signal) {
      const options = { abortSignal: signal };
      await answered('write', name, client.setSecret(name, value.reveal(), options), signal);
    },
  };
}

/**
 * A client whose retries fit into a deadline of ten seconds. Plain http, and a challenge for another
 * vault than this one, are accepted only where nothing but this machine can answer.
 */
export function createSecretClient(vault: {
  readonly vaultUrl: string;
  readonly credential: TokenCredential;
}): SecretClient {
  const isLocal = isLoopback(vault.vaultUrl);
  return new SecretClient(vault.vaultUrl, vault.credential, {
    retryOptions: { maxRetries: 2, retryDelayInMs: 200, maxRetryDelayInMs: 1_000 },
    allowInsecureConnection: isLocal,
    disableChallengeResourceVerification: isLocal,
  });
}

type Action = 'read' | 'write';

/** The SDK leaves the signal aside while it waits for a token, so the wait ends here. */
async function answered<T>(
  action: Action,
  name: string,
  answer: Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  try {
    return await untilAborted(answer, signal);
  } catch (error) {
    if (isCancelled(signal)) throw error;
    throw toKeyVaultError(action, name, error);
  }
}

function toStoredSecret(name: string, { value, properties }: KeyVaultSecret): StoredSecret {
  const { version, updatedOn } = properties;
  if (value === undefined || version === undefined || updatedOn === undefined) {
    throw new ResetError(
      'KeyVaultUnavailable',
      `Cannot read secret ${name}: Key Vault's answer is incomplete`,
    );
  }
  return { value: new Secret(value), version, updatedAtMs: updatedOn.getTime() };
}

/** The vault answered, and there is nothing to be had under that name and version. */
class SecretNotUsable extends ResetError {}

function undefinedIfNotUsable(error: unknown): undefined {
  if (!(error instanceof SecretNotUsable)) throw error;
}

const roleFor: Record<Action, string> = {
  read: 'Key Vault Secrets User',
  write: 'Key Vault Secrets Officer',
};

/**
 * The SDK's error is not the cause: it holds the request, and that holds the secret.
 *
 * @see https://learn.microsoft.com/azure/key-vault/general/rest-error-codes
 */
function toKeyVaultError(action: Action, name: string, error: unknown): ResetError {
  const { statusCode, code, innerCode, correlationId } = readRestError(error);
  const cannot = `Cannot ${action} secret ${name}`;
  const options = { correlationId };

  if (statusCode === 404) {
    const advice = 'the vault has no such secret or version; store one under that name';
    return new SecretNotUsable('AppMisconfigured', `${cannot}: ${advice}`, options);
  }
  if (innerCode === 'SecretDisabled') {
    const advice = 'this version is disabled; enable it or store a new one';
    return new SecretNotUsable('AppMisconfigured', `${cannot}: ${advice}`, options);
  }
  if (statusCode === 401 || statusCode === 403) {
    const advice = `the app's identity needs the role ${roleFor[action]}, and the vault's firewall must admit it`;
    return new ResetError('AppMisconfigured', `${cannot}: ${advice}`, options);
  }
  const reason = statusCode === undefined ? 'did not answer' : `answered ${statusCode}`;
  const suffix = code === undefined ? '' : ` (${code})`;
  return new ResetError('KeyVaultUnavailable', `${cannot}: Key Vault ${reason}${suffix}`, options);
}

interface RestErrorFacts {
  readonly statusCode: number | undefined;
  readonly code: string | undefined;
  readonly innerCode: string | undefined;
  readonly correlationId: string | undefined;
}

/** What of the SDK's `RestError`, or of what an identity throws, may be told. */
function readRestError(error: unknown): RestErrorFacts {
  const { statusCode, code, name, details, response } = (error ?? {}) as {
    readonly statusCode?: unknown;
    readonly code?: unknown;
    readonly name?: unknown;
    readonly details?: { readonly error?: { readonly innerError?: { readonly code?: unknown } } };
    readonly response?: { readonly headers?: { get(name: string): string | undefined } };
  };
  return {
    statusCode: typeof statusCode === 'number' ? statusCode : undefined,
    code: toIdentifier(code) ?? toIdentifier(name),
    innerCode: toIdentifier(details?.error?.innerError?.code),
    correlationId: toIdentifier(response?.headers?.get('x-ms-request-id')),
  };
}

/** Guards messages against whatever else another side puts where a code or an id belongs. */
function toIdentifier(text: unknown): string | undefined {
  return typeof text === 'string' && /^[\w-]{1,64}$/.test(text) ? text : undefined;
}
