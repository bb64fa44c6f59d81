import type { BulkResetFacts, KeptOrder } from './bulk-reset.js';
import type { BulkOrders } from './ports.js';

/**
 * The order of this job, or undefined while it is not there: what is there may be the order that had the same
 * id before, since a job that was refused makes room for another before the order of that is written.
 */
export async function readOrder(
  orders: Pick<BulkOrders, 'read'>,
  { bulkResetId, caller, fingerprint }: BulkResetFacts,
  signal: AbortSignal,
): Promise<KeptOrder | undefined> {
  const order = await orders.read(bulkResetId, signal);
  const isOfJob = order?.fingerprint === fingerprint && order.caller === caller;
  return isOfJob ? order : undefined;
}
