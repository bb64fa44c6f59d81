import { isSettledState } from '../password-reset/reset-row.js';
import { type RowCounts, rowsPerShard, type RowTally } from './bulk-reset.js';
import type { RowOutcome } from './ports.js';

export const emptyTally: RowTally = { made: 0, settled: 0, succeeded: 0, failures: {} };

export function shardCount({ lastRow }: RowCounts): number {
  return Math.ceil(lastRow / rowsPerShard);
}

export function tallyOf(outcomes: readonly RowOutcome[]): RowTally {
  const failures: Record<string, number> = {};
  let settled = 0;
  let succeeded = 0;
  for (const { state, code = state } of outcomes) {
    if (!isSettledState(state)) continue;
    settled += 1;
    if (state === 'applied') succeeded += 1;
    else failures[code] = (failures[code] ?? 0) + 1;
  }
  return { made: outcomes.length, settled, succeeded, failures };
}

export function sumOf(left: RowTally, right: RowTally): RowTally {
  const failures = { ...left.failures };
  for (const [code, count] of Object.entries(right.failures)) {
    failures[code] = (failures[code] ?? 0) + count;
  }
  return {
    made: left.made + right.made,
    settled: left.settled + right.settled,
    succeeded: left.succeeded + right.succeeded,
    failures,
  };
}

/** Runs a few at a time, in order. */
export async function* inTurns<T>(
  count: number,
  first: number,
  read: (index: number) => Promise<T>,
): AsyncGenerator<readonly [number, T]> {
  for (let start = first; start < count; start += atOnce) {
    const indexes = Array.from(
      { length: Math.min(atOnce, count - start) },
      (_, index) => start + index,
    );
    const found = await Promise.all(indexes.map(read));
    for (const [index, one] of found.entries()) yield [start + index, one];
  }
}

const atOnce = 8;
