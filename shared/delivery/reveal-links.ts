import type { LinkedReset, Fingerprints, RevealLinks } from '../password-reset/delivery-ports.js';

export interface RevealLinksDependencies {
  /** Of the purpose `reveal link` alone. */
  readonly fingerprints: Fingerprints;
  readonly publicBaseUrl: string;
}

/** `{reset id}.{key version}.{256 bits in base64url}` */
const tokenPattern = /^(?<resetId>[0-9a-f-]{1,64})\.(?<fingerprint>[\w-]{1,64}\.[\w-]{43})$/;

/**
 * Addresses that end in `{reset id}.{key version}.{MAC}`. They are computed, never stored: whoever reads
 * storage finds none, and the caller who asks again is given the same one. The MAC covers the time of
 * acceptance, because the id of a row comes back when its job was forgotten and is asked for again.
 */
export function createRevealLinks(dependencies: RevealLinksDependencies): RevealLinks {
  const { fingerprints, publicBaseUrl } = dependencies;
  return {
    async addressOf(reset, signal) {
      const fingerprint = await fingerprints.fingerprint(textOf(reset), signal);
      return `${publicBaseUrl}/api/reveal/${reset.resetId}.${fingerprint}`;
    },

    resetIdIn: (token) => partsOf(token)?.resetId,

    async isGenuine(token, reset, signal) {
      const parts = partsOf(token);
      if (parts?.resetId !== reset.resetId) return false;
      return fingerprints.isFingerprintOf(textOf(reset), parts.fingerprint, signal);
    },
  };
}

function textOf({ resetId, acceptedAtMs }: LinkedReset): string {
  return `${resetId}/${acceptedAtMs}`;
}

function partsOf(token: string) {
  const { resetId, fingerprint } = tokenPattern.exec(token)?.groups ?? {};
  if (resetId === undefined || fingerprint === undefined) return undefined;
  return { resetId, fingerprint };
}
