import { keptForDays } from '../password-reset/purge-password-resets.js';
import { readableForMs } from '../password-reset/read-password-reset.js';
import type { ResetStore } from '../password-reset/ports.js';
import { withoutPassword } from '../password-reset/reset-row.js';
import { type BulkResetRow, rowsPerSlice } from './bulk-reset.js';
import type {
  BulkOrders,
  BulkResetRows,
  BulkResetStore,
  RowFaults,
  StoredBulkReset,
} from './ports.js';
import { shardCount } from './tally.js';

export interface PurgeBulkDependencies {
  readonly bulkResets: Pick<BulkResetStore, 'inPhase' | 'read' | 'replace' | 'delete'>;
  readonly rows: Pick<BulkResetRows, 'rowsWithPassword' | 'deleteShard'>;
  readonly resets: Pick<ResetStore, 'replaceMany'>;
  readonly orders: Pick<BulkOrders, 'delete'>;
  readonly rowFaults: Pick<RowFaults, 'delete'>;
  readonly now: () => number;
}

const keptForMs = keptForDays * 24 * 3_600_000;

/**
 * Removes what nobody may read any more: passwords, orders and faults once they were acknowledged or after
 * 72 hours, and the rest of a job after 90 days. It can be repeated from anywhere.
 */
export function createPurgeBulkResets(dependencies: PurgeBulkDependencies) {
  const { bulkResets, rows, resets, orders, rowFaults, now } = dependencies;

  return async (signal: AbortSignal): Promise<{ readonly purged: number }> => {
    let purged = 0;
    for await (const listed of bulkResets.inPhase('finished')) {
      signal.throwIfAborted();
      if (readableUntilMs(listed.row) > now() || !(await isAsListed(listed))) continue;
      await purge(listed, signal);
      purged += 1;
    }
    for await (const listed of bulkResets.inPhase('purged')) {
      signal.throwIfAborted();
      if (keptUntilMs(listed.row) > now() || !(await isAsListed(listed))) continue;
      await forget(listed.row);
    }
    return { purged };
  };

  /** A list may be minutes old, and a refused job may have given its id to another one since, which runs. */
  async function isAsListed({ row, etag }: StoredBulkReset): Promise<boolean> {
    const found = await bulkResets.read(row.bulkResetId);
    return found?.etag === etag;
  }

  function keptUntilMs({ purgedAtMs = now() }: BulkResetRow): number {
    return purgedAtMs + keptForMs;
  }

  function readableUntilMs({ acknowledgedAtMs, finishedAtMs, acceptedAtMs }: BulkResetRow): number {
    return acknowledgedAtMs ?? (finishedAtMs ?? acceptedAtMs) + readableForMs;
  }

  async function purge({ row, etag }: StoredBulkReset, signal: AbortSignal): Promise<void> {
    const { bulkResetId } = row;
    for (let shard = 0; shard < shardsOf(row); shard += 1) {
      signal.throwIfAborted();
      const held = await rows.rowsWithPassword(bulkResetId, shard);
      for (let first = 0; first < held.length; first += rowsPerSlice) {
        await resets.replaceMany(
          held
            .slice(first, first + rowsPerSlice)
            .map(({ row, etag }) => ({ row: withoutPassword(row), etag })),
        );
      }
    }
    await orders.delete(bulkResetId);
    await rowFaults.delete(bulkResetId);
    // On a conflict it is done again next time.
    await bulkResets.replace({ ...row, purgedAtMs: now() }, etag);
  }

  async function forget(row: BulkResetRow): Promise<void> {
    for (let shard = 0; shard < shardsOf(row); shard += 1) {
      await rows.deleteShard(row.bulkResetId, shard);
    }
    await bulkResets.delete(row.bulkResetId);
  }
}

/** Nothing of a refused job was made, however many rows were counted. */
function shardsOf(row: BulkResetRow): number {
  return 'counts' in row && row.state !== 'refused' ? shardCount(row.counts) : 0;
}
