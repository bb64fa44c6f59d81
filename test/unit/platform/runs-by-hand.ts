import type { FairLimit } from '../../../shared/platform/fair-limit.js';

const never = new AbortController().signal;

/** Runs under names, which end when the test says so. */
export function runs(limit: FairLimit) {
  const names: string[] = [];
  const ends = new Map<string, () => void>();
  const run = (key: string, name: string, signal = never) =>
    limit.run(
      key,
      () => {
        names.push(name);
        return new Promise<string>((resolve) => ends.set(name, () => resolve(name)));
      },
      signal,
    );
  return {
    run,
    start: (key: string, name: string) => void run(key, name),
    end: (name: string) => ends.get(name)?.(),
    started: async () => {
      await settled();
      return names;
    },
  };
}

/** Until everything has happened that needs no event from outside. */
export function settled(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
