/** Bounded concurrency that is fair between keys, and learns how much each can bear. */
export interface FairLimit {
  /** Runs when it is this key's turn; rejects with the signal's reason if that aborts before. */
  run<T>(key: string, work: () => Promise<T>, signal: AbortSignal): Promise<T>;
  /** The other side asks this key, or without one everybody, to slow down: half as many at once. */
  slowDown(key?: string): void;
  /** The other side is content: one more at once after each round of as many as now. */
  speedUp(key: string): void;
}

interface Limited {
  limit: number;
  running: number;
}

interface Lane extends Limited {
  /** First in, first out. */
  readonly waiting: Set<() => void>;
}

/** Keys take turns. What was learned about a key is forgotten once it is back at the maximum and idle. */
export function createFairLimit({ maxConcurrent }: { readonly maxConcurrent: number }): FairLimit {
  const all: Limited = { limit: maxConcurrent, running: 0 };
  const lanes = new Map<string, Lane>();
  /** Keys that could start something, in the order of their turns. */
  const ready = new Set<string>();

  return {
    async run(key, work, signal) {
      await turnOf(key, signal);
      try {
        return await work();
      } finally {
        leave(key);
      }
    },

    slowDown(key) {
      const limited = key === undefined ? all : laneOf(key);
      limited.limit = Math.max(1, limited.limit / 2);
      if (key !== undefined) look(key);
    },

    speedUp(key) {
      for (const limited of [all, laneOf(key)]) {
        limited.limit = Math.min(maxConcurrent, limited.limit + 1 / limited.limit);
      }
      look(key);
    },
  };

  function turnOf(key: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const { waiting } = laneOf(key);
      const start = () => {
        signal.removeEventListener('abort', abort);
        resolve();
      };
      const abort = () => {
        waiting.delete(start);
        look(key);
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', abort, { once: true });
      waiting.add(start);
      look(key);
    });
  }

  function leave(key: string): void {
    all.running -= 1;
    laneOf(key).running -= 1;
    look(key);
  }

  /** Something about this key has changed. */
  function look(key: string): void {
    const lane = laneOf(key);
    if (lane.waiting.size > 0 && isFree(lane)) ready.add(key);
    else ready.delete(key);
    if (lane.waiting.size + lane.running === 0 && lane.limit === maxConcurrent) lanes.delete(key);
    for (const next of ready) {
      if (!isFree(all)) return;
      // Back to the end of the line, if it has more.
      ready.delete(next);
      startNext(next);
    }
  }

  function startNext(key: string): void {
    const lane = laneOf(key);
    const [start] = lane.waiting;
    if (start === undefined) return;
    lane.waiting.delete(start);
    lane.running += 1;
    all.running += 1;
    if (lane.waiting.size > 0 && isFree(lane)) ready.add(key);
    start();
  }

  function laneOf(key: string): Lane {
    let lane = lanes.get(key);
    if (lane === undefined) {
      lane = { limit: maxConcurrent, running: 0, waiting: new Set() };
      lanes.set(key, lane);
    }
    return lane;
  }
}

function isFree({ limit, running }: Limited): boolean {
  return running < Math.floor(limit);
}
