import type { TableClient } from '@azure/data-tables';
import { rowsPerShard, rowsPerSlice } from '../bulk-reset/bulk-reset.js';
import type { BulkResetRows, RowOutcome } from '../bulk-reset/ports.js';
import type { ResetStore, SingleResets, Stored } from '../password-reset/ports.js';
import {
  type AppliedRow,
  isSettled,
  type OpenRow,
  type ResetRow,
} from '../password-reset/reset-row.js';
import { createEntities } from './entities.js';
import type { Columns, EntityKey } from './entity-columns.js';
import { deleteEntities, type EntityQuery, queryEntities } from './entity-queries.js';
import {
  beforeDay,
  inRows,
  inShard,
  isSingleKey,
  keyOfReset,
  onDay,
  resetIdOfKey,
} from './reset-keys.js';
import { outcomeColumns, parseOutcome, parseRow, resetSchemaVersion } from './reset-row-columns.js';

export interface TableResetStoreOptions {
  /** Told of rows that are left out of a listing because they cannot be understood. */
  readonly onUnreadable?: (resetId: string) => void;
}

const isOpen = "(state eq 'queued' or state eq 'claimed' or state eq 'uncertain')";
const holdsPassword = "state eq 'applied' and seal gt ''";
const dayMs = 24 * 3_600_000;

/** The rows of all password resets, in one table. */
export function createTableResetStore(
  table: TableClient,
  { onUnreadable }: TableResetStoreOptions = {},
): ResetStore & BulkResetRows & SingleResets {
  const entities = createEntities(table, resetSchemaVersion);

  return {
    async create(row) {
      const { etag, isNew } = await entities.createOrRead(keyOfReset(row.resetId), row);
      return isNew ? { row, etag } : 'exists';
    },

    async createMany(rows) {
      await entities.createMany(
        rows.map((row) => ({ key: keyOfReset(row.resetId), columns: row })),
      );
    },

    async read(resetId) {
      const key = keyOfReset(resetId);
      const found = await entities.read(key);
      return found && { row: parseOwn(key, found.columns, parseRow), etag: found.etag };
    },

    async replace(row, etag) {
      const stored = await entities.replace(keyOfReset(row.resetId), row, etag);
      return stored === 'conflict' ? stored : { row, etag: stored.etag };
    },

    async replaceMany(rows) {
      const isReplaced = await entities.replaceMany(
        rows.map(({ row, etag }) => ({ key: keyOfReset(row.resetId), columns: row, etag })),
      );
      return rows.filter((_row, index) => isReplaced[index]).map(({ row }) => row);
    },

    async page({ bulkResetId, afterRow, limit }) {
      const shard = Math.floor(afterRow / rowsPerShard);
      const where = [inShard(bulkResetId, shard), inRows(afterRow + 1, (shard + 1) * rowsPerShard)];
      const page: ResetRow[] = [];
      for await (const { row } of rows({ where, pageSize: limit })) {
        page.push(row);
        if (page.length === limit) break;
      }
      return page;
    },

    async outcomes(bulkResetId, shard) {
      const query = { where: [inShard(bulkResetId, shard)], select: outcomeColumns };
      const outcomes: RowOutcome[] = [];
      for await (const { key, columns } of queryEntities(table, query)) {
        const outcome = readable(key, columns, parseOutcome);
        if (outcome !== undefined) outcomes.push(outcome);
      }
      return outcomes;
    },

    openRows({ bulkResetId, slice }) {
      const first = slice * rowsPerSlice + 1;
      const last = first + rowsPerSlice - 1;
      const shard = Math.floor(first / rowsPerShard);
      return toArray(open([inShard(bulkResetId, shard), inRows(first, last)]));
    },

    rowsWithPassword: (bulkResetId, shard) => toArray(withPassword([inShard(bulkResetId, shard)])),
    deleteShard: (bulkResetId, shard) => deleteEntities(table, [inShard(bulkResetId, shard)]),

    async *open({ lastDayMs, days }) {
      for (let age = days - 1; age >= 0; age -= 1) yield* open([onDay(lastDayMs - age * dayMs)]);
    },

    withPassword: (day) => withPassword([onDay(day)]),
    deleteBefore: (day) => deleteEntities(table, [beforeDay(day)], isSingleKey),
  };

  async function* open(where: readonly string[]): AsyncGenerator<Stored<OpenRow>> {
    for await (const { row, etag } of rows({ where: [...where, isOpen] })) {
      if (!isSettled(row)) yield { row, etag };
    }
  }

  async function* withPassword(where: readonly string[]): AsyncGenerator<Stored<AppliedRow>> {
    for await (const { row, etag } of rows({ where: [...where, holdsPassword] })) {
      if (row.state === 'applied') yield { row, etag };
    }
  }

  async function* rows(query: EntityQuery): AsyncGenerator<Stored> {
    for await (const { key, columns, etag } of queryEntities(table, query)) {
      const row = readable(key, columns, parseRow);
      if (row !== undefined) yield { row, etag };
    }
  }

  /** Undefined when it is not: one such row must not keep the others from being worked off. */
  function readable<Value extends Identified>(
    key: EntityKey,
    columns: Columns,
    parse: (columns: Columns) => Value,
  ): Value | undefined {
    try {
      return parseOwn(key, columns, parse);
    } catch {
      onUnreadable?.(resetIdOfKey(key));
      return undefined;
    }
  }
}

type Identified = Pick<ResetRow, 'resetId'>;

/** @throws when the columns do not fit, or are those of another row that somebody copied to this key */
function parseOwn<Value extends Identified>(
  key: EntityKey,
  columns: Columns,
  parse: (columns: Columns) => Value,
): Value {
  const value = parse(columns);
  const { partitionKey, rowKey } = keyOfReset(value.resetId);
  if (partitionKey === key.partitionKey && rowKey === key.rowKey) return value;
  throw new Error(`Cannot take the row of another reset for ${resetIdOfKey(key)}`);
}

async function toArray<Value>(values: AsyncIterable<Value>): Promise<Value[]> {
  const array: Value[] = [];
  for await (const value of values) array.push(value);
  return array;
}
