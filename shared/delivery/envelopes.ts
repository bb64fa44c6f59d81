import { CompactEncrypt, compactDecrypt, type CompactJWEHeaderParameters, errors } from 'jose';
import { webcrypto } from 'node:crypto';

/** A 256-bit key and the version of the Key Vault secret that holds it. */
export interface SealingKey {
  readonly version: string;
  readonly key: Uint8Array;
}

/** Where the sealing keys are; old versions stay readable, so that keys rotate while old envelopes open. */
export interface SealingKeys {
  newest(signal: AbortSignal): Promise<SealingKey>;
  /** Undefined when there is no such version. */
  byVersion(version: string, signal: AbortSignal): Promise<SealingKey | undefined>;
}

const { subtle } = webcrypto;
type CryptoKey = webcrypto.CryptoKey;

export type Envelopes = ReturnType<typeof createEnvelopes>;

/**
 * What only this service can write and read, wherever it is kept: compact JWEs (`dir`, `A256GCM`). The
 * protected header names the key's version and the subject, so an envelope that is copied to where
 * another subject belongs does not open. Everything rejects with a `ResetError` when the keys cannot be
 * read: `KeyVaultUnavailable`, `AppMisconfigured`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7516
 */
export function createEnvelopes({ keys }: { readonly keys: SealingKeys }) {
  return {
    /** @param subject what it is about, by kind and id; it can be read by anybody */
    async seal(subject: string, content: Uint8Array, signal: AbortSignal): Promise<string> {
      const { version, key } = await keys.newest(signal);
      return new CompactEncrypt(content)
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: version, subject })
        .encrypt(await toCryptoKey(key));
    },

    /** Undefined when it is no envelope of ours, is damaged, or is about something else. */
    async open(
      subject: string,
      envelope: string,
      signal: AbortSignal,
    ): Promise<Uint8Array | undefined> {
      const findKey = async (header: CompactJWEHeaderParameters): Promise<CryptoKey> => {
        const { kid } = header;
        if (header['subject'] !== subject || typeof kid !== 'string') throw new NotOurs();
        const sealingKey = await keys.byVersion(kid, signal);
        if (sealingKey === undefined) throw new NotOurs();
        return toCryptoKey(sealingKey.key);
      };
      try {
        const { plaintext } = await compactDecrypt(envelope, findKey, algorithms);
        return plaintext;
      } catch (error) {
        if (error instanceof NotOurs || error instanceof errors.JOSEError) return undefined;
        throw error;
      }
    },
  };
}

const algorithms = {
  keyManagementAlgorithms: ['dir'],
  contentEncryptionAlgorithms: ['A256GCM'],
};

class NotOurs extends Error {
  override readonly name = 'NotOurs';
}

const cryptoKeys = new WeakMap<Uint8Array, Promise<CryptoKey>>();

/** Once for each key: to import it takes as long as to encrypt a password. */
function toCryptoKey(key: Uint8Array): Promise<CryptoKey> {
  let cryptoKey = cryptoKeys.get(key);
  if (cryptoKey === undefined) {
    const raw = Uint8Array.from(key);
    cryptoKey = subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt']);
    cryptoKeys.set(key, cryptoKey);
  }
  return cryptoKey;
}
