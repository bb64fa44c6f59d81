import { odata } from '@azure/data-tables';
import { rowsPerShard } from '../bulk-reset/bulk-reset.js';
import type { EntityKey } from './entity-columns.js';

const bulkRowId = /^(?<bulkResetId>[0-9a-f-]{36})-(?<row>\d{7,})$/;
const singlePartitionLength = '20260101-00'.length;
const shardSuffixLength = '-0000'.length;

/**
 * A job's rows lie in partitions of 1,000. A single reset is found by the day and the first digits
 * of its id, which spreads a day over many partitions and lets whole days be cleaned up.
 */
export function keyOfReset(resetId: string): EntityKey {
  const { bulkResetId, row } = bulkRowId.exec(resetId)?.groups ?? {};
  if (bulkResetId !== undefined && row !== undefined) {
    const shard = Math.floor((Number(row) - 1) / rowsPerShard);
    return { partitionKey: shardPartition(bulkResetId, shard), rowKey: row };
  }
  return { partitionKey: resetId.slice(0, singlePartitionLength), rowKey: resetId };
}

/** The reset that lies under this key, whatever its columns say. */
export function resetIdOfKey(key: EntityKey): string {
  const { partitionKey, rowKey } = key;
  if (isSingleKey(key)) return rowKey;
  return `${partitionKey.slice(0, -shardSuffixLength)}-${rowKey}`;
}

export function isSingleKey({ partitionKey }: EntityKey): boolean {
  return partitionKey.length <= singlePartitionLength;
}

export function inShard(bulkResetId: string, shard: number): string {
  return odata`PartitionKey eq ${shardPartition(bulkResetId, shard)}`;
}

/** The rows of a shard with these numbers, both included. */
export function inRows(first: number, last: number): string {
  return odata`RowKey ge ${rowKeyOf(first)} and RowKey le ${rowKeyOf(last)}`;
}

/**
 * The single resets that were accepted on that day (UTC). The row key tells them from the rows of a job
 * whose id begins like that day.
 */
export function onDay(dayMs: number): string {
  const day = dayOf(dayMs);
  // The full stop follows the hyphen in the order of characters.
  const [first, end] = [`${day}-`, `${day}.`];
  return [
    odata`PartitionKey ge ${first} and PartitionKey lt ${end}`,
    odata`RowKey ge ${first} and RowKey lt ${end}`,
  ].join(' and ');
}

/**
 * The single resets that were accepted before that day (UTC). Among them are the rows of a few jobs whose ids begin like such
 * a day: {@link isSingleKey} tells them apart.
 */
export function beforeDay(dayMs: number): string {
  return odata`PartitionKey ge ${firstDay} and PartitionKey lt ${`${dayOf(dayMs)}-`}`;
}

/** Nothing was reset before. */
const firstDay = '20260101';

function dayOf(dayMs: number): string {
  return new Date(dayMs).toISOString().slice(0, '2026-01-01'.length).replaceAll('-', '');
}

function shardPartition(bulkResetId: string, shard: number): string {
  return `${bulkResetId}-${String(shard).padStart(4, '0')}`;
}

function rowKeyOf(row: number): string {
  return String(row).padStart(7, '0');
}
