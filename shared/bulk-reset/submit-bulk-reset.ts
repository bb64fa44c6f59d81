import { createHash } from 'node:crypto';
import { ResetError } from '../password-reset/reset-error.js';
import type { BulkResetOrder, BulkResetRow } from './bulk-reset.js';
import type { BulkOrders, BulkResetStore, BulkWakeUps, StoredBulkReset } from './ports.js';

export interface SubmitDependencies {
  readonly bulkResets: Pick<BulkResetStore, 'createOrRead' | 'replace'>;
  readonly orders: Pick<BulkOrders, 'write'>;
  readonly wakeUps: BulkWakeUps;
  readonly now: () => number;
}

/**
 * Keeps an order, so that anybody can go on with it from here. It can be repeated: the same order under the
 * same id is the same job.
 *
 * Rejects with `BulkResetConflict` when another order was given the same id.
 */
export function createSubmitBulkReset({ bulkResets, orders, wakeUps, now }: SubmitDependencies) {
  return async (order: BulkResetOrder, signal: AbortSignal): Promise<BulkResetRow> => {
    const job = await takeUp(order);
    if (job.state !== 'validating') return job;
    await orders.write(order, signal);
    await wakeUps.send(order.bulkResetId, 0);
    return job;
  };

  async function takeUp(order: BulkResetOrder): Promise<BulkResetRow> {
    const accepted = acceptedRow(order, now());
    const stored = await bulkResets.createOrRead(accepted);
    const { row } = stored;
    // Nothing of a refused job was started, so a mended order may take its place.
    const isMended = row.state === 'refused' && row.fingerprint !== accepted.fingerprint;
    if (isMended && row.caller === accepted.caller) return replace(stored, accepted);
    if (row.fingerprint === accepted.fingerprint && row.caller === accepted.caller) return row;
    throw new ResetError(
      'BulkResetConflict',
      `Cannot take the bulk reset ${order.bulkResetId}: another one has that id`,
    );
  }

  async function replace({ etag }: StoredBulkReset, accepted: BulkResetRow): Promise<BulkResetRow> {
    const stored = await bulkResets.replace(accepted, etag);
    if (stored !== 'conflict') return stored.row;
    throw new ResetError('StorageUnavailable', 'The bulk reset was changed at the same time');
  }
}

function acceptedRow(order: BulkResetOrder, acceptedAtMs: number): BulkResetRow {
  const { bulkResetId, caller, delivery, reference } = order;
  return {
    bulkResetId,
    caller,
    delivery,
    ...(reference !== undefined && { reference }),
    fingerprint: createHash('sha256').update(JSON.stringify(order)).digest('hex'),
    acceptedAtMs,
    state: 'validating',
  };
}
