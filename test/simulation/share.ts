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
  readonly runs: number;
  readonly calls: number;
  readonly faults: number;
  /** Runs that violate an invariant. */
  readonly failed: number;
}

export const nothingRun: Tally = { runs: 0, calls: 0, faults: 0, failed: 0 };

export function sumOf(left: Tally, right: Tally): Tally {
  return {
    runs: left.runs + right.runs,
    calls: left.calls + right.calls,
    faults: left.faults + right.faults,
    failed: left.failed + right.failed,
  };
}

export type Print = (line: string) => void;
