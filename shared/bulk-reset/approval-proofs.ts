import { z } from 'zod';
import { parseCustomerTenantId } from '../password-reset/ids.js';
import { deliveries } from '../password-reset/reset-row.js';
import type { ApprovalProofs, Envelopes } from './ports.js';

const agreementSchema = z.strictObject({
  by: z.string(),
  atMs: z.number(),
  subject: z.strictObject({
    bulkResetId: z.string(),
    caller: z.string(),
    acceptedAtMs: z.number(),
    delivery: z.enum(deliveries),
    recipientKeyId: z.string().exactOptional(),
    reference: z.string().exactOptional(),
    forceChangePassword: z.boolean(),
    rows: z.number(),
    customers: z.number(),
    largestCustomers: z.array(
      z.strictObject({
        customerTenantId: z.string().transform(parseCustomerTenantId),
        rows: z.number(),
      }),
    ),
    checkedSha256: z.string(),
  }),
});

/** Envelopes about one job, which hold all that was agreed to. */
export function createApprovalProofs({
  envelopes,
}: {
  readonly envelopes: Envelopes;
}): ApprovalProofs {
  return {
    prove(agreement, signal) {
      const content = new TextEncoder().encode(JSON.stringify(agreement));
      return envelopes.seal(subjectOf(agreement.subject), content, signal);
    },

    async agreementIn(proof, job, signal) {
      const content = await envelopes.open(subjectOf(job), proof, signal);
      if (content === undefined) return undefined;
      const found = agreementSchema.safeParse(JSON.parse(new TextDecoder().decode(content)));
      return found.data;
    },
  };
}

function subjectOf({ bulkResetId }: { readonly bulkResetId: string }): string {
  return `bulk-approval/${bulkResetId}`;
}
