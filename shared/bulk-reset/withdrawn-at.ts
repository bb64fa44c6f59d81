import type { WithdrawnAt } from '../password-reset/ports.js';
import { bulkResetIdOfRow } from './bulk-reset.js';
import type { BulkResetStore } from './ports.js';

/** Whoever acknowledges a job takes back the passwords of its rows. */
export function createWithdrawnAt({
  bulkResets,
}: {
  readonly bulkResets: Pick<BulkResetStore, 'read'>;
}): WithdrawnAt {
  return async (resetId) => {
    const bulkResetId = bulkResetIdOfRow(resetId);
    const job = bulkResetId === undefined ? undefined : await bulkResets.read(bulkResetId);
    return job?.row.acknowledgedAtMs;
  };
}
