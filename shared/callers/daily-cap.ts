import type { ReserveResets } from '../password-reset/ports.js';
import { ResetError } from '../password-reset/reset-error.js';
import type { ReadCallerList } from './authorize.js';
import { partsOfName } from './caller.js';

/** How many users were reset for a caller today. */
export interface DailyCounts {
  /**
   * Adds so many to the count of the day, unless it would exceed the most: false then, and nothing was
   * added. Of a job, only as many are added as were not counted for it on that day before.
   *
   * @throws {@link ResetError} `StorageUnavailable`
   */
  add(count: {
    readonly caller: string;
    /** UTC, as `2026-11-21`. */
    readonly day: string;
    readonly resets: number;
    readonly most: number;
    readonly bulkResetId?: string;
  }): Promise<boolean>;
}

const dayMs = 24 * 3_600_000;

/**
 * Keeps a caller, with all persons that sign in through it, within its daily cap. What was counted for a
 * request that fails later stays counted.
 */
export function createReserveResets({
  readCallerList,
  counts,
  now,
}: {
  readonly readCallerList: ReadCallerList;
  readonly counts: DailyCounts;
  readonly now: () => number;
}): ReserveResets {
  return async ({ caller, ...reservation }, signal) => {
    const most = (await readCallerList(signal)).findByName(caller)?.maxResetsPerDay ?? 0;
    const nowMs = now();
    const day = new Date(nowMs).toISOString().slice(0, 10);
    const { listed } = partsOfName(caller);
    if (await counts.add({ ...reservation, caller: listed, day, most })) return;
    throw new ResetError(
      'DailyCapReached',
      `Cannot reset ${reservation.resets} more: the daily cap of ${listed} (UTC) is ${most}`,
      { retryAfterMs: dayMs - (nowMs % dayMs) },
    );
  };
}
