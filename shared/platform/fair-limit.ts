import { onAbort } from './on-abort.js';
import { createWaitingLine, type WaitingLine } from './waiting-line.js';

/** Bounded concurrency that is fair between keys, and learns how much each can bear. */
export interface FairLimit {
  /** Runs when it is this key's turn; rejects with the signal's reason if that aborts before. */
  run<T>(key: string, work: () => Promise<T>, signal: AbortSignal): Promise<T>;
  /** The other side asks this key, or without one everybody, to slow down: half as many at once, at least one. */
  slowDown(key?: string): void;
  /** The other side is content: one more at once after each round of as many as now. */
  speedUp(key: string): void;
}

interface Limited {
  /** Learned in fractions; as many at once as there are whole ones. */
  limit: number;
  running: number;
}

interface Lane extends Limited {
  readonly key: string;
  readonly waiting: WaitingLine<() => void>;
}

/** Keys take turns. What was learned about a key is forgotten once it is back at the maximum and idle. */
export function createFairLimit({ maxConcurrent }: { readonly maxConcurrent: number }): FairLimit {
  const all: Limited = { limit: maxConcurrent, running: 0 };
  const lanes = new Map<string, Lane>();
  /** Lanes that could start something, in the order of their turns. */
  const turns = createWaitingLine<Lane>();

  return {
    async run(key, work, signal) {
      signal.throwIfAborted();
      const lane = laneOf(key);
      await turnIn(lane, signal);
      try {
        return await work();
      } finally {
        all.running -= 1;
        lane.running -= 1;
        update(lane);
      }
    },

    slowDown(key) {
      if (key === undefined) {
        halve(all);
      } else {
        const lane = laneOf(key);
        halve(lane);
        update(lane);
      }
    },

    speedUp(key) {
      const lane = laneOf(key);
      for (const limited of [all, lane]) {
        limited.limit = Math.min(maxConcurrent, limited.limit + 1 / limited.limit);
      }
      update(lane);
    },
  };

  function turnIn(lane: Lane, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const start = () => {
        stopWatching();
        resolve();
      };
      const stopWatching = onAbort(signal, () => {
        lane.waiting.leave(start);
        update(lane);
        reject(signal.reason as Error);
      });
      lane.waiting.join(start);
      update(lane);
    });
  }

  /** Follows every change of a lane. */
  function update(lane: Lane): void {
    queue(lane);
    if (isIdle(lane) && lane.limit === maxConcurrent) lanes.delete(lane.key);
    while (isFree(all)) {
      const next = turns.takeFirst();
      if (next === undefined) return;
      startFirst(next);
    }
  }

  function startFirst(lane: Lane): void {
    const start = lane.waiting.takeFirst();
    lane.running += 1;
    all.running += 1;
    // Whoever had a turn goes to the end.
    queue(lane);
    start?.();
  }

  function queue(lane: Lane): void {
    if (lane.waiting.length > 0 && isFree(lane)) turns.join(lane);
    else turns.leave(lane);
  }

  function laneOf(key: string): Lane {
    let lane = lanes.get(key);
    if (lane === undefined) {
      lane = { key, limit: maxConcurrent, running: 0, waiting: createWaitingLine() };
      lanes.set(key, lane);
    }
    return lane;
  }
}

function halve(limited: Limited): void {
  limited.limit = Math.max(1, limited.limit / 2);
}

function isFree({ limit, running }: Limited): boolean {
  return running < Math.floor(limit);
}

function isIdle({ running, waiting }: Lane): boolean {
  return running + waiting.length === 0;
}
