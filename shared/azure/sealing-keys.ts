import type { SealingKey, SealingKeys } from '../delivery/envelopes.js';
import { ResetError } from '../password-reset/reset-error.js';
import { createCached } from '../platform/cached.js';
import { createSharedWork, type SharedWork } from '../platform/shared-work.js';
import type { KeyVaultSecrets, StoredSecret } from './key-vault-secrets.js';

const secretName = 'sealing-key';
const keyBytes = 32;
const versionPattern = /^[\w-]{1,64}$/;
const timeoutMs = 10_000;
/** A new version is used for new seals within this time. */
const ttlMs = 60_000;
const maxStaleMs = 3_600_000;

/** The versions of the Key Vault secret `sealing-key`: 32 random bytes in base64. */
export function createSealingKeys({
  secrets,
  isTransient,
  now,
}: {
  readonly secrets: Pick<KeyVaultSecrets, 'get' | 'getVersion'>;
  readonly isTransient: (error: unknown) => boolean;
  readonly now: () => number;
}): SealingKeys {
  const byVersion = new Map<string, SealingKey>();
  const reading = new Map<string, SharedWork<SealingKey | undefined>>();
  const newest = createCached({
    read: async (signal) => remember(await secrets.get(secretName, signal)),
    timeoutMs,
    ttlMs,
    maxStaleMs,
    isTransient,
    now,
  });

  return {
    newest: (signal) => newest.get(signal),
    async byVersion(version, signal) {
      // What stands there may have been written by anybody.
      if (!versionPattern.test(version)) return undefined;
      const known = byVersion.get(version);
      if (known !== undefined) return known;
      return readOnce(version)(signal);
    },
  };

  /** A fresh instance opens many seals at once, and all of them want the same version. */
  function readOnce(version: string): SharedWork<SealingKey | undefined> {
    const inFlight = reading.get(version);
    if (inFlight !== undefined) return inFlight;
    const read = createSharedWork(
      async (signal) => {
        try {
          const secret = await secrets.getVersion(secretName, version, signal);
          return secret && remember(secret);
        } finally {
          reading.delete(version);
        }
      },
      { timeoutMs },
    );
    reading.set(version, read);
    return read;
  }

  function remember(secret: StoredSecret): SealingKey {
    const sealingKey = { version: secret.version, key: decodeKey(secret) };
    byVersion.set(secret.version, sealingKey);
    return sealingKey;
  }
}

function decodeKey({ value, version }: StoredSecret): Uint8Array {
  const key = Uint8Array.from(Buffer.from(value.reveal(), 'base64'));
  if (key.byteLength === keyBytes) return key;
  throw new ResetError(
    'AppMisconfigured',
    `Version ${version} of the Key Vault secret ${secretName} cannot be used: it must hold ${keyBytes} random bytes in base64`,
  );
}
