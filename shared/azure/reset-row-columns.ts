import { z } from 'zod';
import type { RowOutcome } from '../bulk-reset/ports.js';
import { parseCustomerTenantId, parseUserId } from '../password-reset/ids.js';
import { isResetErrorCode } from '../password-reset/reset-error.js';
import { deliveries, type ResetRow } from '../password-reset/reset-row.js';
import { createColumnsParser } from './entity-columns.js';

/** Of the columns of a password reset. */
export const resetSchemaVersion = 3;

const code = z.string().refine(isResetErrorCode);
const customerTenantId = z.string().transform(parseCustomerTenantId);
const seal = z.string();
const settledAtMs = z.number();

const facts = z.object({
  resetId: z.string(),
  caller: z.string(),
  customerTenantId,
  delivery: z.enum(deliveries),
  forceChangePassword: z.boolean(),
  reference: z.string().exactOptional(),
  acceptedAtMs: z.number(),
  attempts: z.number(),
  attemptId: z.string().exactOptional(),
  definiteAnswers: z.number(),
  refusedPasswords: z.number().default(0),
  unknownAtMs: z.number().exactOptional(),
  userId: z.string().transform(parseUserId).exactOptional(),
});

const rowSchema = z.discriminatedUnion('state', [
  facts.extend({ state: z.literal('queued'), seal, notBeforeMs: z.number() }),
  facts.extend({
    state: z.literal('claimed'),
    seal,
    attemptId: z.string(),
    leaseExpiresAtMs: z.number(),
  }),
  facts.extend({ state: z.literal('uncertain'), seal, notBeforeMs: z.number() }),
  facts.extend({
    state: z.literal('applied'),
    settledAtMs,
    seal: seal.exactOptional(),
    openedAtMs: z.number().exactOptional(),
    openingId: z.string().exactOptional(),
    revokedAtMs: z.number().exactOptional(),
  }),
  facts.extend({ state: z.literal('rejected'), settledAtMs, code }),
  facts.extend({ state: z.literal('cancelled'), settledAtMs }),
  facts.extend({ state: z.literal('attention'), settledAtMs, code: z.literal('OutcomeUnknown') }),
]);

const outcomeSchema = z
  .object({
    resetId: z.string(),
    customerTenantId,
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
    attemptId: z.string().exactOptional(),
    notBeforeMs: z.number().exactOptional(),
    leaseExpiresAtMs: z.number().exactOptional(),
  })
  .transform(({ attemptId, ...outcome }) => ({ ...outcome, isTried: attemptId !== undefined }));

/** The columns that {@link parseOutcome} reads. */
export const outcomeColumns = [
  'PartitionKey',
  'RowKey',
  'schemaVersion',
  'resetId',
  'customerTenantId',
  'state',
  'code',
  'attemptId',
  'notBefore',
  'leaseExpiresAt',
];

export const parseRow = createColumnsParser<ResetRow>(rowSchema, resetSchemaVersion);
export const parseOutcome = createColumnsParser<RowOutcome>(outcomeSchema, resetSchemaVersion);
