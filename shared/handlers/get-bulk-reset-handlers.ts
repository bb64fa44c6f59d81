import type { HttpHandler, HttpRequest } from '@azure/functions';
import { bulkRowNumber, type RowFault } from '../bulk-reset/bulk-reset.js';
import {
  type BulkResetProgress,
  type createReadBulkReset,
  maxPageSize,
} from '../bulk-reset/read-bulk-reset.js';
import { toReader } from '../callers/caller.js';
import { isGuid } from '../password-reset/ids.js';
import type { createReadPassword } from '../password-reset/read-password-reset.js';
import { ResetError } from '../password-reset/reset-error.js';
import type { Authenticate } from './authenticate.js';
import type { HttpDoor } from './http-door.js';
import { toPasswordResetView } from './password-reset-view.js';

export interface GetBulkResetDependencies {
  readonly door: HttpDoor;
  readonly authenticate: Authenticate;
  readonly readBulkReset: ReturnType<typeof createReadBulkReset>;
  readonly readPassword: ReturnType<typeof createReadPassword>;
  readonly publicBaseUrl: string;
}

const pollSeconds = '5';
const defaultPageSize = 100;

/** `GET /bulk-resets/{id}`: how the job stands, always 200. */
export function createGetBulkResetHandler({
  door,
  authenticate,
  readBulkReset,
}: GetBulkResetDependencies): HttpHandler {
  return door(async (request, signal) => {
    const caller = await authenticate(request, signal);
    const progress = await readBulkReset.progress(bulkResetIdOf(request), caller.name);
    const view = toBulkResetView(progress);
    const isRunning = view.status === 'NotStarted' || view.status === 'Running';
    const headers = isRunning ? { 'Retry-After': pollSeconds } : {};
    return { status: 200, headers, jsonBody: view };
  });
}

/**
 * `GET /bulk-resets/{id}/rows?afterRow=&limit=`: the rows in order, a page at a time; `nextLink` leads
 * to the next page and is missing on the last. A page is empty while its rows are still to come.
 */
export function createGetBulkResetRowsHandler({
  door,
  authenticate,
  readBulkReset,
  readPassword,
  publicBaseUrl,
}: GetBulkResetDependencies): HttpHandler {
  return door(async (request, signal) => {
    const caller = await authenticate(request, signal);
    const bulkResetId = bulkResetIdOf(request);
    const afterRow = wholeNumberIn(request, 'afterRow', { fallback: 0, min: 0, max: 9_999_999 });
    const range = { fallback: defaultPageSize, min: 1, max: maxPageSize };
    const limit = wholeNumberIn(request, 'limit', range);

    const { rows, nextAfterRow } = await readBulkReset.page(
      { bulkResetId, afterRow, limit },
      caller.name,
    );
    const mayRead = caller.permissions.has('readPassword');
    const items = await Promise.all(
      rows.map(async (row) => {
        const password = mayRead ? await readPassword(row, toReader(caller), signal) : undefined;
        return { row: bulkRowNumber(row), ...toPasswordResetView(row, password) };
      }),
    );
    if (nextAfterRow === undefined) return { status: 200, jsonBody: { items } };
    const path = `${publicBaseUrl}/api/bulk-resets/${bulkResetId}/rows`;
    const nextLink = `${path}?afterRow=${nextAfterRow}&limit=${limit}`;
    const headers = items.length === 0 ? { 'Retry-After': pollSeconds } : {};
    return { status: 200, headers, jsonBody: { items, nextLink } };
  });
}

function toBulkResetView(progress: BulkResetProgress) {
  const { job, succeeded, failures, open, settled, faults } = progress;
  const counts = 'counts' in job ? job.counts : undefined;
  return {
    id: job.bulkResetId,
    status: toStatus(progress),
    delivery: job.delivery,
    ...(job.reference !== undefined && { reference: job.reference }),
    createdAt: new Date(job.acceptedAtMs).toISOString(),
    ...(counts !== undefined && {
      rows: { total: counts.valid + counts.invalid, invalid: counts.invalid },
    }),
    progress: { succeeded, failed: settled - succeeded, open },
    failures,
    ...(faults.length > 0 && { invalidRows: faults satisfies readonly RowFault[] }),
    ...('code' in job && { error: { code: job.code, message: job.message } }),
  };
}

function toStatus({ job, settled, open, succeeded }: BulkResetProgress) {
  if (job.state === 'validating') return 'NotStarted';
  if (job.state === 'refused') return 'Failed';
  if (job.state === 'splitting' || open > 0) return 'Running';
  if (succeeded === settled && job.state === 'split') return 'Succeeded';
  return succeeded === 0 ? 'Failed' : 'PartiallySucceeded';
}

function bulkResetIdOf({ params }: HttpRequest): string {
  const id = params['id'] ?? '';
  if (isGuid(id)) return id.toLowerCase();
  throw new ResetError('BulkResetNotFound', 'There is no such bulk reset');
}

function wholeNumberIn(
  { query }: HttpRequest,
  name: string,
  { fallback, min, max }: { readonly fallback: number; readonly min: number; readonly max: number },
): number {
  const text = query.get(name);
  if (text === null) return fallback;
  const value = /^\d{1,7}$/.test(text) ? Number(text) : NaN;
  if (value >= min && value <= max) return value;
  throw new ResetError('InvalidRequest', `must be a whole number from ${min} to ${max}`, {
    target: name,
  });
}
