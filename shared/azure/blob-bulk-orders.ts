import type { ContainerClient } from '@azure/storage-blob';
import { deliveries } from '../password-reset/reset-row.js';
import { z } from 'zod';
import type { KeptOrder } from '../bulk-reset/bulk-reset.js';
import type { BulkOrders, Envelopes } from '../bulk-reset/ports.js';
import { type CustomerReference, parseCustomerReference } from '../password-reset/ids.js';
import { readBlobBytes } from './blob-bytes.js';
import { hasStatus, toStorageError } from './to-storage-error.js';

const rowFields = z.strictObject({
  customer: z.string().optional(),
  user: z.string(),
  forceChangePassword: z.union([z.string(), z.boolean()]).optional(),
  reference: z.string().optional(),
});

const orderSchema = z.strictObject({
  bulkResetId: z.string(),
  caller: z.string(),
  delivery: z.enum(deliveries),
  recipientKeyId: z.string().exactOptional(),
  customer: z.string().transform(parseCustomerReference).exactOptional(),
  forceChangePassword: z.boolean(),
  onInvalidRows: z.enum(['refuse', 'skip']),
  reference: z.string().exactOptional(),
  source: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('rows'), rows: z.array(rowFields) }),
    z.strictObject({ kind: z.literal('csv'), csv: z.string() }),
    z.strictObject({ kind: z.literal('blob'), name: z.string(), sha256: z.string() }),
    z.strictObject({ kind: z.literal('failedRows'), of: z.string() }),
  ]),
  fingerprint: z.string(),
  acceptedAtMs: z.number(),
});

/** One sealed blob a job, named after it. */
export function createBlobBulkOrders({
  container,
  envelopes,
}: {
  readonly container: ContainerClient;
  readonly envelopes: Envelopes;
}): BulkOrders {
  return {
    async write(order, signal) {
      const sealed = await envelopes.seal(subjectOf(order.bulkResetId), encode(order), signal);
      try {
        const blob = container.getBlockBlobClient(order.bulkResetId);
        await blob.upload(sealed, Buffer.byteLength(sealed), { abortSignal: signal });
      } catch (error) {
        throw toStorageError(error, 'write the order of a job', signal);
      }
    },

    async read(bulkResetId, signal) {
      const sealed = await readSealed(bulkResetId, signal);
      if (sealed === undefined) return undefined;
      const content = await envelopes.open(subjectOf(bulkResetId), sealed, signal);
      return content && decode(content);
    },

    async delete(bulkResetId) {
      try {
        await container.getBlobClient(bulkResetId).deleteIfExists();
      } catch (error) {
        throw toStorageError(error, 'delete the order of a job');
      }
    },
  };

  async function readSealed(bulkResetId: string, signal: AbortSignal): Promise<string | undefined> {
    try {
      return String(await readBlobBytes(container.getBlobClient(bulkResetId), { signal }));
    } catch (error) {
      if (hasStatus(error, 404)) return undefined;
      throw toStorageError(error, 'read the order of a job', signal);
    }
  }
}

/** Tells it from the seals of password resets, which are made with the same keys. */
function subjectOf(bulkResetId: string): string {
  return `bulk-orders/${bulkResetId}`;
}

function encode({ customer, ...order }: KeptOrder): Uint8Array {
  const text = JSON.stringify({ ...order, ...(customer && { customer: customerText(customer) }) });
  return new TextEncoder().encode(text);
}

/** Undefined when it is not what this release writes. */
function decode(content: Uint8Array): KeptOrder | undefined {
  try {
    return orderSchema.parse(JSON.parse(new TextDecoder().decode(content)));
  } catch {
    return undefined;
  }
}

function customerText(customer: CustomerReference): string {
  return customer.kind === 'id' ? customer.customerTenantId : customer.domain;
}
