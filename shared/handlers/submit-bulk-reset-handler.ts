import type { HttpHandler } from '@azure/functions';
import type { BulkResetOrder, BulkResetRow } from '../bulk-reset/bulk-reset.js';
import type { BulkResetProgress, createReadBulkReset } from '../bulk-reset/read-bulk-reset.js';
import { requireDelivery, requirePermission } from '../callers/authorize.js';
import { ResetError } from '../password-reset/reset-error.js';
import { log } from '../platform/log.js';
import type { CallerDoor } from './caller-door.js';
import { type BulkResetLinks, toBulkPollingResponse } from './bulk-reset-view.js';
import { bulkResetIdOfKey } from './bulk-reset-id.js';
import { readIdempotency } from './idempotency-key.js';
import { readBulkResetOrder } from './read-bulk-reset-order.js';

export interface SubmitBulkResetDependencies {
  readonly door: CallerDoor;
  /** Rejects with `BulkResetConflict` when another order has the id. */
  readonly submitBulkReset: (order: BulkResetOrder, signal: AbortSignal) => Promise<BulkResetRow>;
  readonly readBulkReset: Pick<ReturnType<typeof createReadBulkReset>, 'progress'>;
  readonly links: BulkResetLinks;
  readonly newBulkResetId: () => string;
}

/**
 * `POST /bulk-resets`: takes a job, and answers 202 as soon as it is kept.
 *
 * The same `bulkResetId` or, without one, the same idempotency key is the same job.
 */
export function createSubmitBulkResetHandler(
  dependencies: SubmitBulkResetDependencies,
): HttpHandler {
  const { door, submitBulkReset, readBulkReset, links } = dependencies;

  return door(async (caller, request, signal, context) => {
    requirePermission(caller, 'bulkReset');
    const { key, headers } = readIdempotency(request);
    const { bulkResetId: chosenId, ...asked } = await readBulkResetOrder(request);
    requireDelivery(caller, asked.delivery);

    const idOfKey = key === undefined ? undefined : bulkResetIdOfKey(caller.name, key);
    const bulkResetId = chosenId ?? idOfKey ?? dependencies.newBulkResetId();
    const order = { ...asked, bulkResetId, caller: caller.name };
    const submitting = submitBulkReset(order, signal);
    const job = await (bulkResetId === idOfKey ? submitting.catch(blameKey) : submitting);
    log(context, 'info', 'bulk reset accepted', { bulkResetId, state: job.state });
    // Of a new job all is known; a failure here would make the caller ask for it twice.
    const progress =
      job.state === 'validating'
        ? untouched(job)
        : await readBulkReset.progress(bulkResetId, caller.name);
    const response = toBulkPollingResponse(progress, links);
    return { ...response, headers: { ...response.headers, ...headers } };
  });
}

function blameKey(error: unknown): never {
  if (!(error instanceof ResetError) || error.code !== 'BulkResetConflict') throw error;
  throw new ResetError(
    'IdempotencyConflict',
    'Another request was sent with this idempotency key: choose a new key for a new request',
  );
}

function untouched(job: BulkResetRow): BulkResetProgress {
  return { job, settled: 0, open: 0, succeeded: 0, cancelled: 0, failures: {}, faults: [] };
}
