/** Calls back when the signal aborts, which it has not done yet; what is returned takes that back. */
export type OnAbort = (signal: AbortSignal, callback: () => void) => () => void;

interface Watch {
  readonly callbacks: Set<() => void>;
  readonly listener: () => void;
}

/**
 * For any number who wait with the same signal. A signal walks over all its listeners to add another, and
 * warns of a leak from the eleventh on, so it gets one for all of them.
 */
export function createOnAbort(): OnAbort {
  const watches = new WeakMap<AbortSignal, Watch>();

  return (signal, callback) => {
    const watch = watches.get(signal) ?? begin(signal);
    watch.callbacks.add(callback);
    return () => {
      watch.callbacks.delete(callback);
      if (watch.callbacks.size === 0) end(signal, watch);
    };
  };

  function begin(signal: AbortSignal): Watch {
    const callbacks = new Set<() => void>();
    const listener = () => {
      for (const callback of callbacks) callback();
    };
    const watch = { callbacks, listener };
    watches.set(signal, watch);
    signal.addEventListener('abort', listener, { once: true });
    return watch;
  }

  function end(signal: AbortSignal, { listener }: Watch): void {
    watches.delete(signal);
    signal.removeEventListener('abort', listener);
  }
}
