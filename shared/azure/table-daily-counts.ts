import { odata, type TableClient } from '@azure/data-tables';
import { z } from 'zod';
import type { DailyCounts } from '../callers/daily-cap.js';
import { createColumnsParser, type EntityKey } from './entity-columns.js';
import { createEntities, type StoredEntity } from './entities.js';
import { deleteEntities } from './entity-queries.js';

const schemaVersion = 1;

interface Count {
  readonly day: string;
  readonly resets: number;
}

const parseCount = createColumnsParser<Count>(
  z.object({ day: z.string(), resets: z.number() }),
  schemaVersion,
);

/**
 * A partition a caller: one row that counts all its resets, and one a job that says how many of them are the
 * job's. Each holds the newest day alone, and the jobs of the days before are forgotten when a day begins.
 */
export function createTableDailyCounts(table: TableClient): DailyCounts {
  const entities = createEntities(table, schemaVersion);
  /** As written last by this process: mostly nobody else has written since. */
  const written = new Map<string, StoredEntity>();

  return {
    add: ({ bulkResetId, ...addition }) =>
      bulkResetId === undefined ? add(addition) : addJob(addition, bulkResetId),
  };

  async function add({ caller, day, resets, most }: Addition): Promise<boolean> {
    const key = totalKey(caller);
    for (;;) {
      const known = written.get(caller);
      const stored = known ?? (await entities.createOrRead(key, { day, resets: 0 }));
      const total = await begin(day, caller, stored);
      const count: Count = { ...total, resets: total.resets + resets };
      if (count.resets <= most) {
        const replaced = await entities.replace(key, count, stored.etag);
        if (replaced !== 'conflict') {
          written.set(caller, { columns: { ...count }, etag: replaced.etag });
          return true;
        }
      } else if (known === undefined) {
        return false;
      }
      written.delete(caller);
    }
  }

  /** Both rows change together, so whoever asks once more finds the job counted, or not. */
  async function addJob(
    { caller, day, resets, most }: Addition,
    bulkResetId: string,
  ): Promise<boolean> {
    const [key, keyOfJob] = [totalKey(caller), jobKey(caller, bulkResetId)];
    written.delete(caller);
    for (;;) {
      const stored = await entities.createOrRead(key, { day, resets: 0 });
      const total = await begin(day, caller, stored);
      const job = await entities.createOrRead(keyOfJob, { day: total.day, resets: 0 });
      const missing = resets - resetsOn(total.day, job);
      if (missing <= 0) return true;
      if (total.resets + missing > most) return false;
      const replaced = await entities.replaceTogether([
        { key, columns: { ...total, resets: total.resets + missing }, etag: stored.etag },
        { key: keyOfJob, columns: { ...total, resets }, etag: job.etag },
      ]);
      if (replaced !== 'conflict') return true;
    }
  }

  /**
   * What was counted on this day, or on a later one that another clock has reached: a day that is over never
   * comes back, or each turn of two clocks around midnight would begin both days anew.
   */
  async function begin(day: string, caller: string, stored: StoredEntity): Promise<Count> {
    const count = parse(stored);
    if (count.day >= day) return count;
    const ofEarlierDays = [
      odata`PartitionKey eq ${caller}`,
      odata`RowKey ge ${jobPrefix}`,
      odata`day lt ${day}`,
    ];
    await deleteEntities(table, ofEarlierDays);
    return { day, resets: 0 };
  }
}

type Addition = Omit<Parameters<DailyCounts['add']>[0], 'bulkResetId'>;

/** After the row of the total in the order of keys. */
const jobPrefix = 'job-';

function totalKey(caller: string): EntityKey {
  return { partitionKey: caller, rowKey: 'count' };
}

function jobKey(caller: string, bulkResetId: string): EntityKey {
  return { partitionKey: caller, rowKey: `${jobPrefix}${bulkResetId}` };
}

function resetsOn(day: string, stored: StoredEntity): number {
  const count = parse(stored);
  return count.day === day ? count.resets : 0;
}

function parse({ columns }: StoredEntity): Count {
  return parseCount({ schemaVersion, ...columns });
}
