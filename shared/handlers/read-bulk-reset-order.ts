import type { HttpRequest } from '@azure/functions';
import type { BulkResetOrder, RowFault } from '../bulk-reset/bulk-reset.js';
import { readCsvRows } from '../bulk-reset/csv-rows.js';
import { ResetError } from '../password-reset/reset-error.js';
import { mediaTypeOf, readBytes } from './read-body.js';
import { readJsonBody } from './read-json-body.js';
import { bulkResetBody, bulkResetQuery, parseRequest } from './schemas.js';

/** What comes with the request itself; a file in the inbox may be larger. */
const maxRows = 1_000;

/** The id is there only if the caller chose it. */
export type RequestedBulkReset = Omit<BulkResetOrder, 'bulkResetId' | 'caller'> &
  Partial<Pick<BulkResetOrder, 'bulkResetId'>>;

/**
 * Reads a job from a JSON body, or from a CSV body with its options in the query.
 *
 * @throws {@link ResetError} `UnsupportedMediaType`, `RequestTooLarge`, `InvalidRequest`; `InvalidRows` for a
 * body that is no CSV of ours
 */
export async function readBulkResetOrder(request: HttpRequest): Promise<RequestedBulkReset> {
  const type = mediaTypeOf(request);
  if (type === 'application/json') {
    const order = parseRequest(bulkResetBody, await readJsonBody(request));
    if (order.source.kind === 'rows') requireFewRows(order.source.rows.length);
    return order;
  }
  if (type === 'text/csv') {
    const options = parseRequest(bulkResetQuery, Object.fromEntries(request.query));
    return { ...options, source: { kind: 'csv', csv: await readCsv(request) } };
  }
  throw new ResetError(
    'UnsupportedMediaType',
    'The body must be sent as application/json or text/csv',
  );
}

/** A file that is to be refused whole, maybe for its passwords, is not even kept; rows are checked later. */
async function readCsv(request: HttpRequest): Promise<string> {
  const bytes = await readBytes(request);
  let lastRow = 0;
  for await (const line of readCsvRows(inOneChunk(bytes))) {
    const row = 'fault' in line ? line.fault.row : line.row;
    if (row !== undefined) lastRow = row;
    else if ('fault' in line) throw refusalFor(line.fault);
  }
  requireFewRows(lastRow);
  return new TextDecoder().decode(bytes);
}

async function* inOneChunk(bytes: ArrayBuffer): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(new Uint8Array(bytes));
}

function refusalFor(fault: RowFault): ResetError {
  return new ResetError(fault.code, fault.message, { details: [fault] });
}

function requireFewRows(rows: number): void {
  if (rows <= maxRows) return;
  throw new ResetError(
    'RequestTooLarge',
    `A request may hold ${maxRows} rows: put a larger file into the bulk inbox`,
  );
}
