import { untilAborted, withTimeout } from './deadline.js';

/** Joins the run in flight, or starts one. A waiter ends by its own signal; the run goes on. */
export type SharedWork<T> = (signal?: AbortSignal) => Promise<T>;

/**
 * Work that many want and one run serves. It ends by its own deadline and not by the signal of
 * whoever came first, for the others still wait for it.
 */
export function createSharedWork<T>(
  run: (signal: AbortSignal) => Promise<T>,
  { timeoutMs }: { readonly timeoutMs: number },
): SharedWork<T> {
  let inFlight: Promise<T> | undefined;

  function start(): Promise<T> {
    return withTimeout(run, timeoutMs).finally(() => {
      inFlight = undefined;
    });
  }

  return async (signal) => {
    signal?.throwIfAborted();
    inFlight ??= start();
    return signal === undefined ? inFlight : untilAborted(inFlight, signal);
  };
}
