import type { HttpHandler } from '@azure/functions';
import type { BulkResetRow } from '../bulk-reset/bulk-reset.js';
import type { createReadBulkReset } from '../bulk-reset/read-bulk-reset.js';
import { log } from '../platform/log.js';
import type { CallerDoor } from './caller-door.js';
import { toBulkResetView } from './bulk-reset-view.js';
import { bulkResetIdOf } from './request-parameters.js';

/** Rejects with `BulkResetNotFound` for an unknown job and somebody else's alike. */
export type ChangeBulkReset = (bulkResetId: string, caller: string) => Promise<BulkResetRow>;

export interface ChangeBulkResetDependencies {
  readonly door: CallerDoor;
  readonly readBulkReset: Pick<ReturnType<typeof createReadBulkReset>, 'progress'>;
}

/** `POST /bulk-resets/{id}/cancel`: starts no row of the job any more. */
export function createCancelBulkResetHandler({
  cancelBulkReset,
  ...dependencies
}: ChangeBulkResetDependencies & { readonly cancelBulkReset: ChangeBulkReset }): HttpHandler {
  return createHandler(cancelBulkReset, 'bulk reset cancelled', dependencies);
}

/** `POST /bulk-resets/{id}/acknowledge`: shows no password of the job any more. */
export function createAcknowledgeBulkResetHandler({
  acknowledgeBulkReset,
  ...dependencies
}: ChangeBulkResetDependencies & { readonly acknowledgeBulkReset: ChangeBulkReset }): HttpHandler {
  return createHandler(acknowledgeBulkReset, 'bulk reset acknowledged', dependencies);
}

function createHandler(
  change: ChangeBulkReset,
  done: string,
  { door, readBulkReset }: ChangeBulkResetDependencies,
): HttpHandler {
  return door(async (caller, request, signal, context) => {
    const bulkResetId = bulkResetIdOf(request);
    const { state } = await change(bulkResetId, caller.name);
    log(context, 'info', done, { bulkResetId, state });
    const progress = await readBulkReset.progress(bulkResetId, caller.name);
    return { status: 200, jsonBody: toBulkResetView(progress) };
  });
}
