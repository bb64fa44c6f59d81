import { odata, type TableClient } from '@azure/data-tables';
import { z } from 'zod';
import { rowsPerShard } from '../bulk-reset/bulk-reset.js';
import type { BulkResetRows } from '../bulk-reset/ports.js';
import { parseCustomerTenantId, parseUserId } from '../password-reset/ids.js';
import type { ResetStore } from '../password-reset/ports.js';
import { isResetErrorCode } from '../password-reset/reset-error.js';
import type { ResetRow } from '../password-reset/reset-row.js';
import { createEntities, type EntityKey, toColumns } from './entities.js';
import { toStorageError } from './to-storage-error.js';

const code = z.string().refine(isResetErrorCode);
const seal = z.string();
const settledAtMs = z.number();

const facts = z.object({
  resetId: z.string(),
  caller: z.string(),
  customerTenantId: z.string().transform(parseCustomerTenantId),
  delivery: z.enum(['response', 'none']),
  forceChangePassword: z.boolean(),
  reference: z.string().exactOptional(),
  acceptedAtMs: z.number(),
  attempts: z.number(),
  definiteAnswers: z.number(),
  unknownAtMs: z.number().exactOptional(),
  userId: z.string().transform(parseUserId).exactOptional(),
});

const resetRowSchema = z.discriminatedUnion('state', [
  facts.extend({ state: z.literal('queued'), seal, notBeforeMs: z.number() }),
  facts.extend({
    state: z.literal('claimed'),
    seal,
    attemptId: z.string(),
    leaseExpiresAtMs: z.number(),
  }),
  facts.extend({ state: z.literal('uncertain'), seal, notBeforeMs: z.number() }),
  facts.extend({ state: z.literal('applied'), settledAtMs, seal: seal.exactOptional() }),
  facts.extend({ state: z.literal('rejected'), settledAtMs, code }),
  facts.extend({ state: z.literal('cancelled'), settledAtMs }),
  facts.extend({ state: z.literal('attention'), settledAtMs, code: z.literal('OutcomeUnknown') }),
]);

const outcomeSchema = z.object({
  state: z.enum([
    'queued',
    'claimed',
    'uncertain',
    'applied',
    'rejected',
    'cancelled',
    'attention',
  ]),
  code: z.string().exactOptional(),
});

const schemaVersion = 1;

/** The rows of all password resets, in one table. */
export function createTableResetStore(table: TableClient): ResetStore & BulkResetRows {
  const entities = createEntities(table, schemaVersion);

  return {
    async create(row) {
      const { etag, isNew } = await entities.createOrRead(keyOf(row.resetId), row);
      if (!isNew) throw new Error(`The password reset ${row.resetId} exists already`);
      return { row, etag };
    },

    async createMany(rows) {
      await entities.createMany(rows.map((row) => ({ ...keyOf(row.resetId), columns: row })));
    },

    async read(resetId) {
      const found = await entities.read(keyOf(resetId));
      return found && { row: resetRowSchema.parse(found.columns), etag: found.etag };
    },

    async replace(row, etag) {
      const stored = await entities.replace(keyOf(row.resetId), row, etag);
      return stored === 'conflict' ? stored : { row, etag: stored.etag };
    },

    async page({ bulkResetId, afterRow, limit }) {
      const partition = shardPartition(bulkResetId, Math.floor(afterRow / rowsPerShard));
      const filter = odata`PartitionKey eq ${partition} and RowKey gt ${rowKeyOf(afterRow)}`;
      const found = await listEntities(table, { filter }, limit);
      return found.map((entity): ResetRow => resetRowSchema.parse(toColumns(entity)));
    },

    async outcomes(bulkResetId, shard) {
      const filter = odata`PartitionKey eq ${shardPartition(bulkResetId, shard)}`;
      const select = ['state', 'code'];
      const found = await listEntities(table, { filter, select }, rowsPerShard);
      return found.map((entity) => outcomeSchema.parse(toColumns(entity)));
    },
  };
}

/**
 * The first entities, at most `limit` and no more than a page of the service holds (1,000). It may end a
 * page before that, and says then that more follow.
 *
 * @see https://learn.microsoft.com/rest/api/storageservices/query-timeout-and-pagination
 */
async function listEntities(
  table: TableClient,
  queryOptions: { readonly filter: string; readonly select?: string[] },
  limit: number,
): Promise<object[]> {
  const found: object[] = [];
  try {
    const pages = table.listEntities({ queryOptions }).byPage({ maxPageSize: limit });
    for await (const page of pages) {
      found.push(...page);
      if (found.length >= limit) break;
    }
  } catch (error) {
    throw toStorageError(error, 'read rows');
  }
  return found.slice(0, limit);
}

const bulkRowId = /^(?<bulkResetId>[0-9a-f-]{36})-(?<row>\d{7,})$/;

/**
 * A job's rows lie in partitions of 1,000. A single reset is found by the day and the first digits
 * of its id, which spreads a day over many partitions and lets whole days be cleaned up.
 */
function keyOf(resetId: string): EntityKey {
  const groups = bulkRowId.exec(resetId)?.groups;
  const { bulkResetId, row } = groups ?? {};
  if (bulkResetId !== undefined && row !== undefined) {
    const shard = Math.floor((Number(row) - 1) / rowsPerShard);
    return { partitionKey: shardPartition(bulkResetId, shard), rowKey: row };
  }
  return { partitionKey: resetId.slice(0, '20260101-00'.length), rowKey: resetId };
}

function shardPartition(bulkResetId: string, shard: number): string {
  return `${bulkResetId}-${String(shard).padStart(4, '0')}`;
}

function rowKeyOf(row: number): string {
  return String(row).padStart(7, '0');
}
