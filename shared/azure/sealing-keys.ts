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
/** A version that was disabled opens nothing any more after this time. */
const versionTtlMs = 300_000;
/** While Key Vault does not answer, what is known stands in for so long. */
const maxStaleMs = 3_600_000;
/** Meanwhile it is asked no more often than this. */
const restMs = 30_000;
/** Whoever has one link can ask for versions that there are not: so many in this time, and no more. */
const maxUnknown = 100;
const unknownForMs = 60_000;

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
  const knownVersions = new Map<string, KnownVersion>();
  /** Versions that there are not, and when they may be asked for again. */
  const unknown = new Map<string, number>();
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
      const known = knownVersions.get(version);
      if (known !== undefined && now() < known.askAgainAtMs) return known.sealingKey;
      forgetUnknown();
      if (unknown.has(version)) return undefined;
      try {
        return await readOnce(version)(signal);
      } catch (error) {
        if (known === undefined || !isTransient(error)) throw error;
        const staleAtMs = known.readAtMs + maxStaleMs;
        if (now() >= staleAtMs) throw error;
        const askAgainAtMs = Math.min(now() + restMs, staleAtMs);
        knownVersions.set(version, { ...known, askAgainAtMs });
        return known.sealingKey;
      }
    },
  };

  /** A fresh instance opens many seals at once, and all of them want the same version. */
  function readOnce(version: string): SharedWork<SealingKey | undefined> {
    const inFlight = reading.get(version);
    if (inFlight !== undefined) return inFlight;
    const isKnown = knownVersions.has(version);
    // Not undefined, which would say that what it sealed is forged.
    if (!isKnown && unknown.size + reading.size >= maxUnknown) throw tooManyUnknown();
    const read = createSharedWork(
      async (signal) => {
        try {
          const secret = await secrets.getVersion(secretName, version, signal);
          if (secret !== undefined) return remember(secret);
          knownVersions.delete(version);
          unknown.set(version, now() + unknownForMs);
          return undefined;
        } finally {
          reading.delete(version);
        }
      },
      { timeoutMs },
    );
    reading.set(version, read);
    return read;
  }

  /** They stand in the order in which they end. */
  function forgetUnknown(): void {
    for (const [version, untilMs] of unknown) {
      if (untilMs > now()) return;
      unknown.delete(version);
    }
  }

  function remember(secret: StoredSecret): SealingKey {
    const sealingKey = { version: secret.version, key: decodeKey(secret) };
    const readAtMs = now();
    const askAgainAtMs = readAtMs + versionTtlMs;
    knownVersions.set(secret.version, { sealingKey, readAtMs, askAgainAtMs });
    return sealingKey;
  }
}

interface KnownVersion {
  readonly sealingKey: SealingKey;
  readonly readAtMs: number;
  readonly askAgainAtMs: number;
}

function tooManyUnknown(): ResetError {
  return new ResetError(
    'KeyVaultUnavailable',
    `Cannot look for a version of the Key Vault secret ${secretName}: too many were asked for that there are not`,
    { retryAfterMs: unknownForMs },
  );
}

function decodeKey({ value, version }: StoredSecret): Uint8Array {
  const key = Uint8Array.from(Buffer.from(value.reveal(), 'base64'));
  if (key.byteLength === keyBytes) return key;
  throw new ResetError(
    'AppMisconfigured',
    `Version ${version} of the Key Vault secret ${secretName} cannot be used: it must hold ${keyBytes} random bytes in base64`,
  );
}
