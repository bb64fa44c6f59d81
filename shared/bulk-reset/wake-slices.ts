import { type RowCounts, rowsPerSlice } from './bulk-reset.js';
import type { BulkResetStore, SliceWakeUps } from './ports.js';

export interface WakeSlicesDependencies {
  readonly bulkResets: Pick<BulkResetStore, 'nextSlice'>;
  readonly wakeUps: SliceWakeUps;
}

export type WakeSlices = ReturnType<typeof createWakeSlices>;

/**
 * As many slices of a job are awake at a time. Messages of one job never fill the queue, so jobs take
 * turns, however large one is.
 */
export const slicesAwake = 32;

/** Wakes the slices of a job one after the other; each once, whatever is delivered twice. */
export function createWakeSlices({ bulkResets, wakeUps }: WakeSlicesDependencies) {
  return { first, next };

  async function first(bulkResetId: string, counts: RowCounts): Promise<void> {
    for (let awake = 0; awake < Math.min(slicesAwake, sliceCount(counts)); awake += 1) {
      await next(bulkResetId, counts);
    }
  }

  async function next(bulkResetId: string, counts: RowCounts): Promise<void> {
    const slice = await bulkResets.nextSlice(bulkResetId);
    if (slice < sliceCount(counts)) {
      await wakeUps.send({ bulkResetId, slice, wakesNext: true }, 0);
    }
  }
}

function sliceCount({ lastRow }: RowCounts): number {
  return Math.ceil(lastRow / rowsPerSlice);
}
