import { z } from 'zod';
import { deliveries } from '../password-reset/reset-row.js';
import { phaseOf } from '../bulk-reset/bulk-phase.js';
import type { BulkResetRow } from '../bulk-reset/bulk-reset.js';
import { parseCustomerTenantId } from '../password-reset/ids.js';
import { isResetErrorCode } from '../password-reset/reset-error.js';
import { createColumnsParser } from './entity-columns.js';

/** Of the columns of a job. */
export const bulkSchemaVersion = 2;

const rowTally = z.object({
  made: z.number(),
  settled: z.number(),
  succeeded: z.number(),
  failures: z.record(z.string(), z.number()),
});

const facts = z.object({
  bulkResetId: z.string(),
  caller: z.string(),
  delivery: z.enum(deliveries),
  reference: z.string().exactOptional(),
  fingerprint: z.string(),
  acceptedAtMs: z.number(),
  approval: jsonOf(
    z.object({ by: z.string(), atMs: z.number(), proof: z.string() }),
  ).exactOptional(),
  cancelledAtMs: z.number().exactOptional(),
  acknowledgedAtMs: z.number().exactOptional(),
  tally: jsonOf(
    z.object({ all: rowTally, settledShards: z.number(), settled: rowTally }),
  ).exactOptional(),
  finishedAtMs: z.number().exactOptional(),
  purgedAtMs: z.number().exactOptional(),
});

const counts = jsonOf(z.object({ valid: z.number(), invalid: z.number(), lastRow: z.number() }));

const largestCustomers = jsonOf(
  z.array(
    z.object({ customerTenantId: z.string().transform(parseCustomerTenantId), rows: z.number() }),
  ),
);

const rowSchema = z.discriminatedUnion('state', [
  facts.extend({ state: z.literal('validating') }),
  facts.extend({
    state: z.literal('awaitingApproval'),
    counts,
    checkedSha256: z.string(),
    customers: z.number(),
    largestCustomers,
  }),
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

export const parseBulkRow = createColumnsParser<BulkResetRow>(rowSchema, bulkSchemaVersion);

/** The phase is there to be searched for. */
export function toBulkColumns(row: BulkResetRow): object {
  return {
    ...row,
    phase: phaseOf(row),
    ...('counts' in row && { counts: JSON.stringify(row.counts) }),
    ...('largestCustomers' in row && { largestCustomers: JSON.stringify(row.largestCustomers) }),
    ...(row.approval && { approval: JSON.stringify(row.approval) }),
    ...(row.tally && { tally: JSON.stringify(row.tally) }),
  };
}

function jsonOf<Schema extends z.ZodType>(schema: Schema) {
  return z
    .string()
    .transform((text): unknown => JSON.parse(text))
    .pipe(schema);
}
