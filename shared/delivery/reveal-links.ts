import type { Fingerprints, RevealLinks } from '../password-reset/ports.js';

export interface RevealLinksDependencies {
  /** Of the purpose `reveal link` alone. */
  readonly fingerprints: Fingerprints;
  readonly publicBaseUrl: string;
}

const tokenPattern = /^(?<resetId>[0-9a-f-]{1,64})\.(?<fingerprint>[\w-]{1,64}\.[\w-]{43})$/;

/**
 * Addresses that end in `{reset id}.{key version}.{MAC}`. They are computed, never stored: whoever reads
 * storage finds none, and the caller who asks again is given the same one.
 */
export function createRevealLinks(dependencies: RevealLinksDependencies): RevealLinks {
  const { fingerprints, publicBaseUrl } = dependencies;
  return {
    async addressOf(resetId, signal) {
      const fingerprint = await fingerprints.fingerprint(resetId, signal);
      return `${publicBaseUrl}/api/reveal/${resetId}.${fingerprint}`;
    },

    resetIdIn: (token) => partsOf(token)?.resetId,

    async isGenuine(token, signal) {
      const parts = partsOf(token);
      if (parts === undefined) return false;
      return fingerprints.isFingerprintOf(parts.resetId, parts.fingerprint, signal);
    },
  };
}

function partsOf(token: string) {
  const { resetId, fingerprint } = tokenPattern.exec(token)?.groups ?? {};
  if (resetId === undefined || fingerprint === undefined) return undefined;
  return { resetId, fingerprint };
}
