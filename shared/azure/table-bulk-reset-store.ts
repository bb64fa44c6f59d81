import { odata, type TableClient } from '@azure/data-tables';
import { z } from 'zod';
import { phaseOf } from '../bulk-reset/bulk-phase.js';
import type { BulkResetRow } from '../bulk-reset/bulk-reset.js';
import type { BulkResetStore } from '../bulk-reset/ports.js';
import { isResetErrorCode } from '../password-reset/reset-error.js';
import { createEntities } from './entities.js';
import { type Columns, createColumnsParser, type EntityKey } from './entity-columns.js';
import { queryEntities } from './entity-queries.js';

const schemaVersion = 1;

const rowTally = z.object({
  made: z.number(),
  settled: z.number(),
  succeeded: z.number(),
  failures: z.record(z.string(), z.number()),
});

const facts = z.object({
  bulkResetId: z.string(),
  caller: z.string(),
  delivery: z.enum(['response', 'none']),
  reference: z.string().exactOptional(),
  fingerprint: z.string(),
  acceptedAtMs: z.number(),
  cancelledAtMs: z.number().exactOptional(),
  acknowledgedAtMs: z.number().exactOptional(),
  tally: jsonOf(
    z.object({ all: rowTally, settledShards: z.number(), settled: rowTally }),
  ).exactOptional(),
  finishedAtMs: z.number().exactOptional(),
  purgedAtMs: z.number().exactOptional(),
});

const counts = jsonOf(z.object({ valid: z.number(), invalid: z.number(), lastRow: z.number() }));

const rowSchema = z.discriminatedUnion('state', [
  facts.extend({ state: z.literal('validating') }),
  facts.extend({
    state: z.literal('splitting'),
    counts,
    checkedSha256: z.string(),
    splitRows: z.number(),
  }),
  facts.extend({ state: z.literal('split'), counts }),
  facts.extend({
    state: z.literal('stopped'),
    code: z.string().refine(isResetErrorCode),
    message: z.string(),
    counts,
    splitRows: z.number(),
  }),
  facts.extend({
    state: z.literal('refused'),
    code: z.string().refine(isResetErrorCode),
    message: z.string(),
    counts: counts.exactOptional(),
  }),
]);

const parseRow = createColumnsParser<BulkResetRow>(rowSchema, schemaVersion);

export interface TableBulkResetStoreOptions {
  /** Told of jobs that are left out of a listing because they cannot be understood. */
  readonly onUnreadable?: (bulkResetId: string) => void;
}

/** One row a job, in a partition of its own. */
export function createTableBulkResetStore(
  table: TableClient,
  { onUnreadable }: TableBulkResetStoreOptions = {},
): BulkResetStore {
  const entities = createEntities(table, schemaVersion);

  return {
    async createOrRead(row) {
      const { columns, etag, isNew } = await entities.createOrRead(keyOf(row), toColumns(row));
      return { row: isNew ? row : parseRow(columns), etag };
    },

    async read(bulkResetId) {
      const found = await entities.read(keyOf({ bulkResetId }));
      return found && { row: parseRow(found.columns), etag: found.etag };
    },

    async replace(row, etag) {
      const stored = await entities.replace(keyOf(row), toColumns(row), etag);
      return stored === 'conflict' ? stored : { row, etag: stored.etag };
    },

    async *inPhase(phase) {
      const where = [odata`phase eq ${phase}`];
      for await (const { key, columns, etag } of queryEntities(table, { where })) {
        const row = readable(key, columns);
        if (row !== undefined) yield { row, etag };
      }
    },
  };

  /** Undefined when it is not: one such job must not keep the others from being carried out. */
  function readable(key: EntityKey, columns: Columns): BulkResetRow | undefined {
    try {
      return parseRow(columns);
    } catch {
      onUnreadable?.(key.partitionKey);
      return undefined;
    }
  }
}

function keyOf({ bulkResetId }: { readonly bulkResetId: string }): EntityKey {
  return { partitionKey: bulkResetId, rowKey: 'job' };
}

/** The phase is there to be searched for. */
function toColumns(row: BulkResetRow): object {
  return {
    ...row,
    phase: phaseOf(row),
    ...('counts' in row && { counts: JSON.stringify(row.counts) }),
    ...(row.tally && { tally: JSON.stringify(row.tally) }),
  };
}

function jsonOf<Schema extends z.ZodType>(schema: Schema) {
  return z
    .string()
    .transform((text): unknown => JSON.parse(text))
    .pipe(schema);
}
