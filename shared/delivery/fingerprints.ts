import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { Fingerprints } from '../password-reset/delivery-ports.js';
import type { SealingKey, SealingKeys } from './envelopes.js';

/** What a fingerprint is good for. It is part of the key, so none passes for one of another purpose. */
export type FingerprintPurpose = 'fingerprint' | 'reveal link';

/** HMAC-SHA256 under a key that is derived from the newest sealing key: `{key version}.{base64url}`. */
export function createFingerprints({
  keys,
  purpose,
}: {
  readonly keys: SealingKeys;
  readonly purpose: FingerprintPurpose;
}): Fingerprints {
  return {
    async fingerprint(text, signal) {
      return fingerprintOf(text, purpose, await keys.newest(signal));
    },

    async isFingerprintOf(text, fingerprint, signal) {
      const [version = ''] = fingerprint.split('.');
      const sealingKey = await keys.byVersion(version, signal);
      if (sealingKey === undefined) return false;
      return isSame(fingerprint, fingerprintOf(text, purpose, sealingKey));
    },
  };
}

/** One key, one purpose. */
function fingerprintOf(
  text: string,
  purpose: FingerprintPurpose,
  { version, key }: SealingKey,
): string {
  const macKey = new Uint8Array(hkdfSync('sha256', key, '', purpose, 32));
  return `${version}.${createHmac('sha256', macKey).update(text).digest('base64url')}`;
}

function isSame(left: string, right: string): boolean {
  const [one, other] = [Buffer.from(left), Buffer.from(right)];
  return one.length === other.length && timingSafeEqual(one, other);
}
