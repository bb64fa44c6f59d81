import type { TableClient } from '@azure/data-tables';
import { z } from 'zod';
import type { BulkResetRow } from '../bulk-reset/bulk-reset.js';
import type { BulkResetStore } from '../bulk-reset/ports.js';
import { isResetErrorCode } from '../password-reset/reset-error.js';
import { createEntities, type EntityKey } from './entities.js';

const schemaVersion = 1;

const facts = z.object({
  bulkResetId: z.string(),
  caller: z.string(),
  delivery: z.enum(['response', 'none']),
  reference: z.string().exactOptional(),
  fingerprint: z.string(),
  acceptedAtMs: z.number(),
});

const countsText = z
  .string()
  .transform((text): unknown => JSON.parse(text))
  .pipe(z.object({ valid: z.number(), invalid: z.number(), lastRow: z.number() }));

const bulkResetRowSchema = z.discriminatedUnion('state', [
  facts.extend({ state: z.literal('validating') }),
  facts.extend({
    state: z.literal('splitting'),
    counts: countsText,
    checkedSha256: z.string(),
    splitRows: z.number(),
  }),
  facts.extend({ state: z.literal('split'), counts: countsText }),
  facts.extend({
    state: z.literal('stopped'),
    code: z.string().refine(isResetErrorCode),
    message: z.string(),
    counts: countsText,
    splitRows: z.number(),
  }),
  facts.extend({
    state: z.literal('refused'),
    code: z.string().refine(isResetErrorCode),
    message: z.string(),
    counts: countsText.exactOptional(),
  }),
]);

/** One row a job, in a partition of its own. */
export function createTableBulkResetStore(table: TableClient): BulkResetStore {
  const entities = createEntities(table, schemaVersion);

  return {
    async createOrRead(row) {
      const { columns, etag, isNew } = await entities.createOrRead(keyOf(row), toTable(row));
      return { row: isNew ? row : bulkResetRowSchema.parse(columns), etag };
    },

    async read(bulkResetId) {
      const found = await entities.read(keyOf({ bulkResetId }));
      return found && { row: bulkResetRowSchema.parse(found.columns), etag: found.etag };
    },

    async replace(row, etag) {
      const stored = await entities.replace(keyOf(row), toTable(row), etag);
      return stored === 'conflict' ? stored : { row, etag: stored.etag };
    },
  };
}

function keyOf({ bulkResetId }: { readonly bulkResetId: string }): EntityKey {
  return { partitionKey: bulkResetId, rowKey: 'job' };
}

function toTable(row: BulkResetRow): object {
  return 'counts' in row ? { ...row, counts: JSON.stringify(row.counts) } : row;
}
