import { createSharedWork } from './shared-work.js';

/** One value, kept in memory. */
export interface Cached<T> {
  /** The value kept, or a new one when it is too old. */
  get(signal: AbortSignal): Promise<T>;
  /** Reads anew, however young the value is. */
  refresh(signal: AbortSignal): Promise<T>;
}

export interface CachedOptions<T> {
  readonly read: (signal: AbortSignal) => Promise<T>;
  /** How long one read may take. */
  readonly timeoutMs: number;
  /** How long a value is taken as it is; zero reads every time. */
  readonly ttlMs: number;
  /** How old a value may be that stands in while reading fails. */
  readonly maxStaleMs: number;
  /** Failures that the value kept may stand in for; any other rejects. */
  readonly isTransient: (error: unknown) => boolean;
  readonly now: () => number;
}

/** While the value kept stands in, a failing source is asked no more often than this. */
const restMs = 5_000;

/** One read at a time serves all who wait. A failure is never kept. */
export function createCached<T>(options: CachedOptions<T>): Cached<T> {
  const { read, timeoutMs, ttlMs, maxStaleMs, isTransient, now } = options;
  let kept: { readonly value: T; readonly readAtMs: number } | undefined;
  let askAgainAtMs = 0;

  const refresh = createSharedWork(
    async (signal) => {
      const readAtMs = now();
      const value = await read(signal);
      kept = { value, readAtMs };
      askAgainAtMs = readAtMs + ttlMs;
      return value;
    },
    { timeoutMs },
  );

  async function get(signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    if (kept !== undefined && now() < askAgainAtMs) return kept.value;
    try {
      return await refresh(signal);
    } catch (error) {
      if (kept === undefined || !isTransient(error)) throw error;
      const staleAtMs = kept.readAtMs + maxStaleMs;
      if (now() >= staleAtMs) throw error;
      askAgainAtMs = Math.min(now() + restMs, staleAtMs);
      return kept.value;
    }
  }

  return { get, refresh };
}
