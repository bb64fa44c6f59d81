import { CsvError, parse } from 'csv-parse';
import { Readable } from 'node:stream';
import type { RowFault, RowFields } from './bulk-reset.js';

export type CsvLine =
  | { readonly line: number; readonly row: number; readonly fields: RowFields }
  | { readonly fault: RowFault };

const columns = ['customer', 'user', 'forceChangePassword', 'reference'] as const;
type Column = (typeof columns)[number];

/** Longer records are no rows but a quote that was never closed. */
const maxRecordBytes = 16_384;

/**
 * The rows of a CSV file: UTF-8 with or without BOM, comma, LF or CRLF, quoted fields, a header with
 * exactly our columns in any order. A bad row is a fault and reading goes on; a fault of the file
 * itself is the last thing that comes.
 */
export async function* readCsvRows(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<CsvLine> {
  let header: readonly Column[] | undefined;
  let row = 0;
  let lastLine = 0;
  try {
    for await (const { record, line } of readRecords(bytes)) {
      lastLine = line;
      if (header === undefined) {
        const fault = findHeaderFault(record);
        if (fault !== undefined) {
          yield { fault: { line, code: 'InvalidRows', message: fault } };
          return;
        }
        header = record as readonly Column[];
        continue;
      }
      row += 1;
      const width = header.length;
      if (record.length !== width) {
        const message = `The row has ${record.length} fields, the header has ${width}`;
        yield { fault: { line, row, code: 'InvalidRows', message } };
        continue;
      }
      yield { line, row, fields: toFields(header, record) };
    }
  } catch (error) {
    yield { fault: toFileFault(error, lastLine) };
    return;
  }
  if (header === undefined) {
    yield { fault: { line: 1, code: 'InvalidRows', message: 'The file is empty' } };
  } else if (row === 0) {
    yield { fault: { line: 1, code: 'InvalidRows', message: 'The file has a header but no rows' } };
  }
}

interface CsvRecord {
  readonly record: readonly string[];
  readonly line: number;
}

async function* readRecords(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<CsvRecord> {
  const parser = parse({
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: maxRecordBytes,
    record_delimiter: ['\r\n', '\n'],
  });
  const source = Readable.from(decodeUtf8(bytes));
  source.on('error', (error) => parser.destroy(error));
  source.pipe(parser);
  try {
    for await (const parsed of parser) {
      const { record, info } = parsed as { record: string[]; info: { lines: number } };
      yield { record, line: info.lines };
    }
  } finally {
    source.destroy();
  }
}

/** A BOM is dropped, and anything that is not UTF-8 (a spreadsheet, an archive) is refused. */
async function* decodeUtf8(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for await (const chunk of bytes) {
    const text = decoder.decode(chunk, { stream: true });
    if (text.length > 0) yield text;
  }
  const rest = decoder.decode();
  if (rest.length > 0) yield rest;
}

/** The header's own words are not quoted: in a file without one they are somebody's sign-in name. */
function findHeaderFault(header: readonly string[]): string | undefined {
  const isKnown = (name: string): name is Column => (columns as readonly string[]).includes(name);
  const isPassword = (name: string) => !isKnown(name) && name.toLowerCase().includes('password');
  if (header.some(isPassword)) {
    return 'A file must not hold passwords: remove the column; every password is generated';
  }
  const unknown = header.findIndex((name) => !isKnown(name));
  if (unknown >= 0) {
    return `Column ${unknown + 1} of the header is none of ${columns.join(', ')} (written exactly so, and separated by commas)`;
  }
  if (new Set(header).size < header.length) return 'The header names a column twice';
  if (!header.includes('user')) return 'The header lacks the column user';
  return undefined;
}

function toFields(header: readonly Column[], record: readonly string[]): RowFields {
  const value = (column: Column) => {
    const text = record[header.indexOf(column)];
    return text === '' ? undefined : text;
  };
  return {
    customer: value('customer'),
    user: value('user') ?? '',
    forceChangePassword: value('forceChangePassword'),
    reference: value('reference'),
  };
}

/** The libraries' messages quote the text, so only their codes are passed on. */
function toFileFault(error: unknown, lastLine: number): RowFault {
  const code = 'InvalidRows';
  const line = lastLine + 1;
  if (error instanceof CsvError) {
    if (error.code === 'CSV_MAX_RECORD_SIZE') {
      return { line, code, message: 'A row is too long, or a quote is never closed' };
    }
    return { line, code, message: 'A quoted field is not written as CSV wants it' };
  }
  if (isUndecodable(error)) {
    return { line, code, message: 'The file is not UTF-8 text from here on' };
  }
  throw error;
}

function isUndecodable(error: unknown): boolean {
  return (
    typeof error === 'object' &&
    error !== null &&
    'code' in error &&
    error.code === 'ERR_ENCODING_INVALID_ENCODED_DATA'
  );
}
