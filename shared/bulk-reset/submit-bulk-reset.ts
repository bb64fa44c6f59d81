import type { Audit } from '../password-reset/audit.js';
import type { Fingerprints } from '../password-reset/delivery-ports.js';
import { ResetError } from '../password-reset/reset-error.js';
import type {
  BulkResetFacts,
  BulkResetOrder,
  BulkResetRow,
  BulkResetState,
  KeptOrder,
} from './bulk-reset.js';
import type { BulkOrders, BulkResetStore, BulkWakeUps, StoredBulkReset } from './ports.js';

export interface KeepDependencies {
  readonly bulkResets: Pick<BulkResetStore, 'createOrRead' | 'replace'>;
  readonly orders: Pick<BulkOrders, 'write'>;
  readonly fingerprints: Fingerprints;
  readonly audit: Audit;
  readonly now: () => number;
}

export type KeepBulkReset = ReturnType<typeof createKeepBulkReset>;

/**
 * Keeps an order, so that anybody can go on with it from here. It can be repeated: the same order under the
 * same id is the same job.
 *
 * Rejects with `BulkResetConflict` when another order was given the same id.
 */
export function createKeepBulkReset(dependencies: KeepDependencies) {
  const { bulkResets, orders, fingerprints, audit, now } = dependencies;

  return async (order: BulkResetOrder, signal: AbortSignal): Promise<BulkResetRow> => {
    const job = await takeUp(order, signal);
    if (job.row.state !== 'validating') return job.row;
    const { bulkResetId, caller, delivery, reference } = order;
    // Nothing is started without its order.
    await audit([{ action: 'job.accepted', bulkResetId, caller, delivery, reference }]);
    await orders.write(toKept(order, job.row), signal);
    // Whoever missed the order until now may be about to give up on it; the job is another one then.
    const kept = await bulkResets.replace(job.row, job.etag);
    return kept === 'conflict' ? (await takeUp(order, signal)).row : kept.row;
  };

  /** The row's own time, unless somebody wrote one there that is still to come. */
  function toKept(order: BulkResetOrder, { fingerprint, acceptedAtMs }: BulkResetRow): KeptOrder {
    return { ...order, fingerprint, acceptedAtMs: Math.min(acceptedAtMs, now()) };
  }

  /** Nothing of a refused job was started, so a mended order may take its place. */
  async function takeUp(order: BulkResetOrder, signal: AbortSignal): Promise<StoredBulkReset> {
    const text = JSON.stringify(order);
    const fingerprint = await fingerprints.fingerprint(text, signal);
    const accepted = acceptedRow(order, { fingerprint, acceptedAtMs: now() });
    const stored = await bulkResets.createOrRead(accepted);
    const { row } = stored;
    const isSame = await fingerprints.isFingerprintOf(text, row.fingerprint, signal);
    if (row.caller === accepted.caller) {
      if (row.state === 'refused' && (!isSame || isMendedElsewhere(row))) {
        return replace(stored, accepted);
      }
      if (isSame) return stored;
    }
    throw new ResetError(
      'BulkResetConflict',
      `Cannot take the bulk reset ${order.bulkResetId}: another one has that id`,
    );
  }

  async function replace(
    { etag }: StoredBulkReset,
    accepted: BulkResetRow,
  ): Promise<StoredBulkReset> {
    const stored = await bulkResets.replace(accepted, etag);
    if (stored !== 'conflict') return stored;
    throw new ResetError('StorageUnavailable', 'The bulk reset was changed at the same time');
  }
}

export interface SubmitDependencies {
  readonly keepBulkReset: KeepBulkReset;
  readonly wakeUps: BulkWakeUps;
  readonly onNotWoken: (error: unknown) => void;
}

/** Keeps an order and wakes whoever goes on with it. */
export function createSubmitBulkReset(dependencies: SubmitDependencies) {
  const { keepBulkReset, wakeUps, onNotWoken } = dependencies;

  return async (order: BulkResetOrder, signal: AbortSignal): Promise<BulkResetRow> => {
    const job = await keepBulkReset(order, signal);
    // The job is kept: where this fails the sweeper wakes it, and nobody must ask for it twice.
    if (job.state === 'validating') await wakeUps.send(job.bulkResetId, 0).catch(onNotWoken);
    return job;
  };
}

/** Nothing was wrong with the order itself: its file may be there by now, or it never arrived. */
function isMendedElsewhere({ code }: Extract<BulkResetState, { state: 'refused' }>): boolean {
  return code === 'InvalidRequest';
}

function acceptedRow(
  order: BulkResetOrder,
  taken: Pick<BulkResetFacts, 'fingerprint' | 'acceptedAtMs'>,
): BulkResetRow {
  const { bulkResetId, caller, delivery, reference } = order;
  return {
    bulkResetId,
    caller,
    delivery,
    ...(reference !== undefined && { reference }),
    ...taken,
    state: 'validating',
  };
}
