import type { ResetStore } from './ports.js';
import { countAttempt, isSettled, type ResetRow } from './reset-row.js';

export interface CountPoisonedDependencies {
  readonly resets: Pick<ResetStore, 'read' | 'replace'>;
}

/**
 * A wake-up that failed again and again, for a reason that nobody foresaw. It counts as an attempt, and the
 * sweeper wakes the row again; a row that only ever fails is given up like any other.
 */
export function createCountPoisoned({ resets }: CountPoisonedDependencies) {
  return async (resetId: string): Promise<ResetRow['state'] | 'unknown row'> => {
    const stored = await resets.read(resetId);
    if (stored === undefined) return 'unknown row';
    const { row, etag } = stored;
    // A claim counts by itself: when its lease is over, it was an attempt.
    if (!isSettled(row) && row.state !== 'claimed') await resets.replace(countAttempt(row), etag);
    return row.state;
  };
}
