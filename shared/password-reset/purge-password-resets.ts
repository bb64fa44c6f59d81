import type { ResetStore, SingleResets } from './ports.js';
import { readableForMs } from './read-password-reset.js';
import { withoutPassword } from './reset-row.js';

export interface PurgeDependencies {
  readonly singles: Pick<SingleResets, 'withPassword' | 'deleteBefore'>;
  readonly resets: Pick<ResetStore, 'replace'>;
  readonly now: () => number;
}

const dayMs = 24 * 3_600_000;
/** Rows without secrets stay longer than any message that may still point at them. */
export const keptForDays = 90;

/**
 * Removes passwords that can no longer be read, and rows that nobody needs any more, of single resets. However long the
 * app stood still, the next run removes what the others would have.
 */
export function createPurgePasswordResets({ singles, resets, now }: PurgeDependencies) {
  return async (signal: AbortSignal): Promise<{ readonly purged: number }> => {
    let purged = 0;
    for (let age = keptForDays - 1; age >= readableForMs / dayMs; age -= 1) {
      signal.throwIfAborted();
      for await (const { row, etag } of singles.withPassword(now() - age * dayMs)) {
        signal.throwIfAborted();
        if (now() < row.settledAtMs + readableForMs) continue;
        await resets.replace(withoutPassword(row), etag);
        purged += 1;
      }
    }
    await singles.deleteBefore(now() - (keptForDays - 1) * dayMs);
    return { purged };
  };
}
