import type { HttpHandler } from '@azure/functions';
import { toReader } from '../callers/caller.js';
import { bulkRowNumber } from '../bulk-reset/bulk-reset.js';
import { type createReadBulkReset, maxPageSize } from '../bulk-reset/read-bulk-reset.js';
import { type Audit, revealEvents } from '../password-reset/audit.js';
import type { ReadablePassword, ReadPassword } from '../password-reset/read-password-reset.js';
import type { ResetRow } from '../password-reset/reset-row.js';
import { untilAborted } from '../platform/deadline.js';
import type { CallerDoor } from './caller-door.js';
import type { BulkResetLinks } from './bulk-reset-view.js';
import type { DoorResponse } from './http-door.js';
import { toPasswordResetView } from './password-reset-view.js';
import { bulkResetIdOf, wholeNumberIn } from './request-parameters.js';
import { type RowsFormat, rowsFormatOf, type RowView, toRowsText } from './rows-format.js';

export interface GetBulkResetRowsDependencies {
  readonly door: CallerDoor;
  readonly readBulkReset: Pick<ReturnType<typeof createReadBulkReset>, 'page'>;
  readonly readPassword: ReadPassword;
  /** Nothing is shown before it is kept that it will be. */
  readonly audit: Audit;
  readonly links: BulkResetLinks;
}

const pollSeconds = '5';
const defaultPageSize = 100;
/** Each password costs a read of its own. */
const concurrentReads = 16;

/**
 * `GET /bulk-resets/{id}/rows?afterRow=&limit=&format=`: the rows in order, a page at a time. In JSON
 * `nextLink` leads to the next page, in NDJSON and CSV the header `Link`; it is missing on the last. A page
 * is empty while its rows are still to come.
 */
export function createGetBulkResetRowsHandler(
  dependencies: GetBulkResetRowsDependencies,
): HttpHandler {
  const { door, readBulkReset, readPassword, audit, links } = dependencies;

  return door(async (caller, request, signal, { invocationId: requestId }) => {
    const bulkResetId = bulkResetIdOf(request);
    const afterRow = wholeNumberIn(request, 'afterRow', { fallback: 0, min: 0, max: 9_999_999 });
    const range = { fallback: defaultPageSize, min: 1, max: maxPageSize };
    const limit = wholeNumberIn(request, 'limit', range);
    const format = rowsFormatOf(request);

    const from = { bulkResetId, afterRow, limit };
    const { job, rows, nextAfterRow } = await readBulkReset.page(from, caller.name);
    const passwords =
      job.acknowledgedAtMs === undefined
        ? await inOrder(rows, (row) => readPassword(row, toReader(caller), signal))
        : [];
    const shown = rows.map((row, index) => ({ row, readable: passwords[index] }));
    const by = { caller: caller.name, requestId };
    await untilAborted(audit(revealEvents(shown, by)), signal);
    const items = shown.map(({ row, readable }) => toRowView(row, readable));
    const nextLink =
      nextAfterRow === undefined
        ? undefined
        : `${links.rows(bulkResetId)}?afterRow=${nextAfterRow}&limit=${limit}`;
    return toResponse(format, items, nextLink);
  });
}

function toRowView(row: ResetRow, readable: ReadablePassword | undefined): RowView {
  return { row: bulkRowNumber(row), ...toPasswordResetView(row, readable) };
}

function toResponse(
  format: RowsFormat,
  items: readonly RowView[],
  nextLink: string | undefined,
): DoorResponse {
  const isEarly = items.length === 0 && nextLink !== undefined;
  const headers = isEarly ? { 'Retry-After': pollSeconds } : {};
  if (format === 'json') {
    const jsonBody = { items, ...(nextLink !== undefined && { nextLink }) };
    return { status: 200, headers, jsonBody };
  }
  const { type, body } = toRowsText(format, items);
  const link = nextLink && { Link: `<${nextLink}&format=${format}>; rel="next"` };
  return { status: 200, headers: { ...headers, ...link, 'Content-Type': type }, body };
}

/** What becomes of each row, in their order, of a few at a time. */
async function inOrder<T>(
  rows: readonly ResetRow[],
  read: (row: ResetRow) => Promise<T>,
): Promise<readonly T[]> {
  const results: T[] = [];
  const waiting = rows.entries();
  const readNext = async () => {
    for (const [index, row] of waiting) results[index] = await read(row);
  };
  await Promise.all(Array.from({ length: concurrentReads }, readNext));
  return results;
}
