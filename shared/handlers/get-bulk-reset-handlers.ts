import type { HttpHandler } from '@azure/functions';
import type { createReadBulkReset } from '../bulk-reset/read-bulk-reset.js';
import type { CallerDoor } from './caller-door.js';
import {
  type BulkResetLinks,
  bulkPollSeconds,
  isRunning,
  toBulkResetView,
  toBulkResultResponse,
} from './bulk-reset-view.js';
import { bulkResetIdOf } from './request-parameters.js';

export interface GetBulkResetDependencies {
  readonly door: CallerDoor;
  readonly readBulkReset: Pick<ReturnType<typeof createReadBulkReset>, 'progress'>;
  readonly links: BulkResetLinks;
}

/** `GET /bulk-resets/{id}`: how the job stands, always 200. */
export function createGetBulkResetHandler({
  door,
  readBulkReset,
}: Omit<GetBulkResetDependencies, 'links'>): HttpHandler {
  return door(async (caller, request) => {
    const progress = await readBulkReset.progress(bulkResetIdOf(request), caller.name);
    const view = toBulkResetView(progress);
    const headers = isRunning(view.status) ? { 'Retry-After': bulkPollSeconds(progress) } : {};
    return { status: 200, headers, jsonBody: view };
  });
}

/** `GET /bulk-resets/{id}/result`: 202 until the job is over, then what it came to. */
export function createGetBulkResetResultHandler({
  door,
  readBulkReset,
  links,
}: GetBulkResetDependencies): HttpHandler {
  return door(async (caller, request) => {
    const progress = await readBulkReset.progress(bulkResetIdOf(request), caller.name);
    return toBulkResultResponse(progress, links);
  });
}
