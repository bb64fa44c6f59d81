import { onAbort } from './on-abort.js';

/**
 * Runs with a signal that aborts after `timeoutMs`, or with the given signal if that is sooner.
 *
 * Node 20 forgets `AbortSignal.any([signal, AbortSignal.timeout(ms)])` when it collects garbage: the
 * combined signal then never aborts. Hence a timer of its own.
 *
 * @param run must end by the signal it is given
 */
export async function withTimeout<T>(
  run: (signal: AbortSignal) => Promise<T>,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<T> {
  signal?.throwIfAborted();
  const controller = new AbortController();
  const timer = setTimeout(
    () => controller.abort(new DOMException(`timed out after ${timeoutMs} ms`, 'TimeoutError')),
    timeoutMs,
  );
  const stopWatching = signal && onAbort(signal, () => controller.abort(signal.reason));
  try {
    return await run(controller.signal);
  } finally {
    clearTimeout(timer);
    stopWatching?.();
  }
}

/** For what nobody may call back: it ends by the deadlines of what it stands on. */
export const neverAborted = new AbortController().signal;

/** Waits for work that goes on without us; rejects with the signal's reason when it aborts first. */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    if (signal.aborted) abort();
    const stopWatching = onAbort(signal, abort);
    void work.then(resolve, reject).finally(stopWatching);
  });
}

/**
 * Whether the signal was aborted by somebody who no longer wants the answer. A deadline that passed
 * is another thing: then the other side was too slow, and the failure says so.
 */
export function isCancelled(signal: AbortSignal): boolean {
  return signal.aborted && (signal.reason as { name?: unknown } | null)?.name !== 'TimeoutError';
}
