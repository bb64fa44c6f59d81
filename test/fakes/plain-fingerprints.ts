import type { Fingerprints } from '../../shared/password-reset/delivery-ports.js';

/** Fingerprints without a key: the text itself. */
export const plainFingerprints: Fingerprints = {
  fingerprint: (text) => Promise.resolve(text),
  isFingerprintOf: (text, fingerprint) => Promise.resolve(text === fingerprint),
};
