import type { ResetStore, SingleResets } from './ports.js';
import { readableForMs } from './read-password-reset.js';
import { withoutPassword } from './reset-row.js';

export interface PurgeDependencies {
  readonly singles: Pick<SingleResets, 'withPassword' | 'deleteDay'>;
  readonly resets: Pick<ResetStore, 'replace'>;
  readonly now: () => number;
}

const dayMs = 24 * 3_600_000;
/** Rows without secrets stay longer than any message that may still point at them. */
export const keptForDays = 90;
/** So many days are looked at, so that no run is missed although some runs fail. */
const daysLookedAt = 7;

/** Removes passwords that can no longer be read, and rows that nobody needs any more, of single resets. */
export function createPurgePasswordResets({ singles, resets, now }: PurgeDependencies) {
  return async (signal: AbortSignal): Promise<{ readonly purged: number }> => {
    let purged = 0;
    for (const day of daysBefore(readableForMs / dayMs)) {
      for await (const { row, etag } of singles.withPassword(day)) {
        signal.throwIfAborted();
        if (now() < row.settledAtMs + readableForMs) continue;
        await resets.replace(withoutPassword(row), etag);
        purged += 1;
      }
    }
    for (const day of daysBefore(keptForDays)) {
      signal.throwIfAborted();
      await singles.deleteDay(day);
    }
    return { purged };
  };

  function daysBefore(age: number): number[] {
    return Array.from({ length: daysLookedAt }, (_, index) => now() - (age + index) * dayMs);
  }
}
