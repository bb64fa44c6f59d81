import { CsvError, parse } from 'csv-parse';
import { finished } from 'node:stream/promises';
import type { RowFault, RowFields } from './bulk-reset.js';

export type CsvLine =
  | { readonly line: number; readonly row: number; readonly fields: RowFields }
  | { readonly fault: RowFault };

const columns = ['customer', 'user', 'forceChangePassword', 'reference'] as const;
type Column = (typeof columns)[number];

/** Longer records are no rows but a quote that was never closed. */
const maxRecordBytes = 16_384;

/**
 * The rows of a CSV file: UTF-8 with or without BOM, comma, LF, CRLF or CR, quoted fields, a header with
 * exactly our columns in any order. A bad row is a fault and reading goes on; a fault of the file
 * itself is the last thing that comes. A row's line is the one it starts on.
 */
export async function* readCsvRows(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<CsvLine> {
  let header: readonly Column[] | undefined;
  let row = 0;
  for await (const read of readRecords(bytes)) {
    if ('fault' in read) {
      yield read;
      return;
    }
    const { record, line } = read;
    if (record.some((field) => field.includes(replacementCharacter))) {
      yield fileFault(line, 'The file is not UTF-8 text from here on');
      return;
    }
    if (header === undefined) {
      const fault = findHeaderFault(record);
      if (fault !== undefined) {
        yield fileFault(line, fault);
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
  if (header === undefined) yield fileFault(1, 'The file is empty');
  else if (row === 0) yield fileFault(1, 'The file has a header but no rows');
}

interface FileFault {
  readonly fault: RowFault;
}

function fileFault(line: number, message: string): FileFault {
  return { fault: { line, code: 'InvalidRows', message } };
}

interface CsvRecord {
  readonly record: readonly string[];
  readonly line: number;
}

/** Ends with a fault if the text cannot be told apart into records any further. */
async function* readRecords(
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<CsvRecord | FileFault> {
  const records: CsvRecord[] = [];
  let last = { lines: 0, empty_lines: 0 };
  const startLine = (emptyLines: number) => last.lines + 1 + emptyLines - last.empty_lines;
  const parser = parse({
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: maxRecordBytes,
    record_delimiter: '\n',
    // Taken here: as a stream, a parser that fails drops the records that nobody has read yet.
    on_record: (record: string[], info) => {
      records.push({ record, line: startLine(info.empty_lines) });
      last = info;
      return null;
    },
  });
  // A failure also comes to whoever writes.
  parser.on('error', () => undefined);
  try {
    for await (const text of readText(bytes)) {
      await new Promise<void>((resolve, reject) => {
        parser.write(text, (error) => (error ? reject(error) : resolve()));
      });
      yield* records.splice(0);
    }
    parser.end();
    await finished(parser, { readable: false });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    yield* records.splice(0);
    yield fileFault(startLine(Number(error['empty_lines'])), explain(error));
    return;
  }
  yield* records.splice(0);
}

/** The parser's own message quotes the text, so only its code is passed on. */
function explain({ code }: CsvError): string {
  return code === 'CSV_MAX_RECORD_SIZE'
    ? 'A row is too long, a quote is never closed, or the file is no CSV'
    : 'A quoted field is not written as CSV wants it, or the file is no CSV';
}

/** What stands where bytes were no UTF-8. */
const replacementCharacter = '\ufffd';

/** Without BOM, and every line ending in LF: the parser counts a CRLF inside quotes twice. */
async function* readText(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let held = '';
  for await (const chunk of bytes) {
    const text = held + decoder.decode(chunk, { stream: true });
    held = text.endsWith('\r') ? '\r' : '';
    yield toLf(text.slice(0, text.length - held.length));
  }
  yield toLf(held + decoder.decode());
}

function toLf(text: string): string {
  return text.replaceAll(/\r\n?/g, '\n');
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
