import { createCached } from '../platform/cached.js';
import type { Secret } from '../platform/secret.js';
import type { ReadCallerList } from './authorize.js';
import { parseCallerList, UnusableCallerList } from './caller-list.js';

export interface ReadCallerListDependencies {
  /** The text of the Key Vault secret `callers`. */
  readonly readSecret: (signal: AbortSignal) => Promise<Secret>;
  /** A failure of reading the secret that may pass. */
  readonly isTransient: (error: unknown) => boolean;
  /** Somebody must correct the secret. Told at every read, until then. */
  readonly onUnusable: (error: UnusableCallerList) => void;
  readonly now: () => number;
}

const timeoutMs = 10_000;
/** Changes take effect within this time. */
const ttlMs = 60_000;
const maxStaleMs = 900_000;

/**
 * The callers as they are listed now, or up to 15 minutes ago while the secret cannot be read or holds
 * a typo: without the last good list, one comma would refuse every reset that is being worked off.
 * A secret that was disabled or deleted counts at once.
 */
export function createReadCallerList(dependencies: ReadCallerListDependencies): ReadCallerList {
  const { readSecret, isTransient, onUnusable, now } = dependencies;
  const list = createCached({
    read: async (signal) => {
      const secret = await readSecret(signal);
      try {
        return parseCallerList(secret);
      } catch (error) {
        if (error instanceof UnusableCallerList) onUnusable(error);
        throw error;
      }
    },
    timeoutMs,
    ttlMs,
    maxStaleMs,
    isTransient: (error) => error instanceof UnusableCallerList || isTransient(error),
    now,
  });
  return (signal) => list.get(signal);
}
