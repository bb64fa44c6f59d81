/** Waits; rejects with the signal's reason when it aborts first. */
export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>;

/** A number in [0, 1), as `Math.random` gives. Never a source of secrets. */
export type Random = () => number;

/**
 * Exponential back-off with full jitter: anything between nothing and the ceiling, so that callers
 * who failed together do not come back together.
 *
 * @param attempt the one that failed, from 1
 */
export function backoffMs(
  attempt: number,
  limits: { readonly baseMs: number; readonly capMs: number },
  random: Random,
): number {
  const ceilingMs = Math.min(limits.capMs, limits.baseMs * 2 ** (attempt - 1));
  return Math.round(random() * ceilingMs);
}

export interface RetryOptions {
  /** The wait before the next attempt, or undefined to give up. `attempt` is the one that failed, from 1. */
  readonly nextDelayMs: (error: unknown, attempt: number) => number | undefined;
  readonly onRetry?: (error: unknown, attempt: number) => void;
  readonly sleep: Sleep;
}

/**
 * Runs until it succeeds, `nextDelayMs` gives up or the signal aborts; rejects with the last error,
 * which says more than that the time was over.
 */
export async function retry<T>(
  run: (attempt: number) => Promise<T>,
  { nextDelayMs, onRetry, sleep }: RetryOptions,
  signal: AbortSignal,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run(attempt);
    } catch (error) {
      const delayMs = signal.aborted ? undefined : nextDelayMs(error, attempt);
      if (delayMs === undefined) throw error;
      onRetry?.(error, attempt);
      await sleep(delayMs, signal).catch(() => {
        throw error;
      });
    }
  }
}
