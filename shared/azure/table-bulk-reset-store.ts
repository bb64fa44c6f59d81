import { odata, type TableClient } from '@azure/data-tables';
import { z } from 'zod';
import type { BulkResetRow } from '../bulk-reset/bulk-reset.js';
import type { BulkResetStore } from '../bulk-reset/ports.js';
import { bulkSchemaVersion, parseBulkRow, toBulkColumns } from './bulk-row-columns.js';
import { createEntities } from './entities.js';
import { type Columns, createColumnsParser, type EntityKey } from './entity-columns.js';
import { deleteEntities, queryEntities } from './entity-queries.js';

export interface TableBulkResetStoreOptions {
  /** Told of jobs that are left out of a listing because they cannot be understood. */
  readonly onUnreadable?: (bulkResetId: string) => void;
}

const parseCounter = createColumnsParser(z.object({ nextSlice: z.number() }), bulkSchemaVersion);

/** A partition a job: its row, and a counter apart from it, which many workers move at once. */
export function createTableBulkResetStore(
  table: TableClient,
  { onUnreadable }: TableBulkResetStoreOptions = {},
): BulkResetStore {
  const entities = createEntities(table, bulkSchemaVersion);

  return {
    async createOrRead(row) {
      const key = jobKey(row);
      const { columns, etag, isNew } = await entities.createOrRead(key, toBulkColumns(row));
      return { row: isNew ? row : parseOwn(key, columns), etag };
    },

    async read(bulkResetId) {
      const key = jobKey({ bulkResetId });
      const found = await entities.read(key);
      return found && { row: parseOwn(key, found.columns), etag: found.etag };
    },

    async replace(row, etag) {
      const stored = await entities.replace(jobKey(row), toBulkColumns(row), etag);
      return stored === 'conflict' ? stored : { row, etag: stored.etag };
    },

    async *inPhase(phase) {
      const where = [odata`phase eq ${phase}`];
      for await (const { key, columns, etag } of queryEntities(table, { where })) {
        const row = readable(key, columns);
        if (row !== undefined) yield { row, etag };
      }
    },

    async nextSlice(bulkResetId) {
      const key = counterKey(bulkResetId);
      for (;;) {
        const { columns, etag, isNew } = await entities.createOrRead(key, { nextSlice: 1 });
        if (isNew) return 0;
        const { nextSlice: slice } = parseCounter(columns);
        const replaced = await entities.replace(key, { nextSlice: slice + 1 }, etag);
        if (replaced !== 'conflict') return slice;
      }
    },

    delete: (bulkResetId) => deleteEntities(table, [odata`PartitionKey eq ${bulkResetId}`]),
  };

  /** Undefined when it is not: one such job must not keep the others from being carried out. */
  function readable(key: EntityKey, columns: Columns): BulkResetRow | undefined {
    try {
      return parseOwn(key, columns);
    } catch {
      onUnreadable?.(key.partitionKey);
      return undefined;
    }
  }
}

/** @throws when the columns do not fit, or are those of another job that somebody copied to this key */
function parseOwn({ partitionKey }: EntityKey, columns: Columns): BulkResetRow {
  const row = parseBulkRow(columns);
  if (row.bulkResetId === partitionKey) return row;
  throw new Error(`Cannot take another bulk reset for ${partitionKey}`);
}

function jobKey({ bulkResetId }: { readonly bulkResetId: string }): EntityKey {
  return { partitionKey: bulkResetId, rowKey: 'job' };
}

function counterKey(bulkResetId: string): EntityKey {
  return { partitionKey: bulkResetId, rowKey: 'slices' };
}
