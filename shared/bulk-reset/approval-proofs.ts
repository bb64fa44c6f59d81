import { z } from 'zod';
import type { ApprovalProofs } from './ports.js';
import type { Envelopes } from '../delivery/envelopes.js';

const contentSchema = z.strictObject({
  by: z.string(),
  caller: z.string(),
  checkedSha256: z.string(),
});

/** Envelopes about one job, which name what was agreed to. */
export function createApprovalProofs({
  envelopes,
}: {
  readonly envelopes: Pick<Envelopes, 'seal' | 'open'>;
}): ApprovalProofs {
  return {
    prove({ bulkResetId, caller, checkedSha256 }, by, signal) {
      const content = JSON.stringify({ by, caller, checkedSha256 });
      return envelopes.seal(subjectOf(bulkResetId), new TextEncoder().encode(content), signal);
    },

    async approverOf({ bulkResetId, caller, checkedSha256 }, proof, signal) {
      const content = await envelopes.open(subjectOf(bulkResetId), proof, signal);
      if (content === undefined) return undefined;
      const found = contentSchema.parse(JSON.parse(new TextDecoder().decode(content)));
      const isThisJob = found.caller === caller && found.checkedSha256 === checkedSha256;
      return isThisJob ? found.by : undefined;
    },
  };
}

function subjectOf(bulkResetId: string): string {
  return `bulk-approval/${bulkResetId}`;
}
