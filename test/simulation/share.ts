import type { Run } from './simulate.js';

/** What one thread of several does: every so-many-th run. */
export interface Share {
  readonly index: number;
  readonly of: number;
}

export const everything: Share = { index: 0, of: 1 };

export function isInShare(number: number, { index, of }: Share): boolean {
  return number % of === index;
}

/** What the runs of one share came to. */
export interface Tally {
  /** How many there were of each kind. */
  readonly runs: Readonly<Record<string, number>>;
  readonly calls: number;
  readonly faults: number;
  /** Runs that violate an invariant. */
  readonly failed: number;
}

export const nothingRun: Tally = { runs: {}, calls: 0, faults: 0, failed: 0 };

export function sumOf(left: Tally, right: Tally): Tally {
  const runs = { ...left.runs };
  for (const [kind, count] of Object.entries(right.runs)) runs[kind] = (runs[kind] ?? 0) + count;
  return {
    runs,
    calls: left.calls + right.calls,
    faults: left.faults + right.faults,
    failed: left.failed + right.failed,
  };
}

/** What one run came to. */
export function tallyOf(kind: string, { effects, faults, violations }: Run): Tally {
  return {
    runs: { [kind]: 1 },
    calls: effects,
    faults: faults.length,
    failed: violations.length > 0 ? 1 : 0,
  };
}

export type Print = (line: string) => void;
