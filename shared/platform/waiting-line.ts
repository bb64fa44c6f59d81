/** First in, first out; whoever waits may also leave. No step takes longer because the line is long. */
export interface WaitingLine<T> {
  readonly length: number;
  /** Who is in the line already keeps their place. */
  join(waiter: T): void;
  leave(waiter: T): void;
  /** Takes the first out of the line; undefined when it is empty. */
  takeFirst(): T | undefined;
}

export function createWaitingLine<T extends object>(): WaitingLine<T> {
  const waiters = new Set<T>();
  // One for all, since a new iterator would pass over the places of everybody who has left.
  const inOrder = waiters.values();

  return {
    get length() {
      return waiters.size;
    },
    join: (waiter) => void waiters.add(waiter),
    leave: (waiter) => void waiters.delete(waiter),

    takeFirst() {
      // An iterator that has once come to the end stays there.
      if (waiters.size === 0) return undefined;
      const first = inOrder.next().value;
      if (first !== undefined) waiters.delete(first);
      return first;
    },
  };
}
