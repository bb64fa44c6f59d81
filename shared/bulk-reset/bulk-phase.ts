import type { BulkResetRow } from './bulk-reset.js';
import type { BulkPhase } from './ports.js';

/** A job that was refused has nothing to be carried out, but leaves an order and faults to be purged. */
export function phaseOf(row: BulkResetRow): BulkPhase {
  if (row.purgedAtMs !== undefined) return 'purged';
  return row.finishedAtMs !== undefined || row.state === 'refused' ? 'finished' : 'open';
}
