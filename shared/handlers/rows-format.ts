import type { HttpRequest } from '@azure/functions';
import { stringify } from 'csv-stringify/sync';
import { ResetError } from '../password-reset/reset-error.js';
import type { toPasswordResetView } from './password-reset-view.js';

const mediaTypes = {
  json: 'application/json',
  ndjson: 'application/x-ndjson',
  csv: 'text/csv',
} as const;

export type RowsFormat = keyof typeof mediaTypes;

export type RowView = ReturnType<typeof toPasswordResetView> & { readonly row: number };

/**
 * In which format rows are wanted: as the query `format` says or, without it, the first type in
 * `Accept` that is ours; JSON otherwise.
 *
 * @throws {@link ResetError} `InvalidRequest`
 */
export function rowsFormatOf({
  query,
  headers,
}: Pick<HttpRequest, 'query' | 'headers'>): RowsFormat {
  const formats = Object.keys(mediaTypes) as RowsFormat[];
  const asked = query.get('format');
  if (asked === null) {
    const types = (headers.get('accept') ?? '').split(',').map(withoutParameters);
    const accepted = types.flatMap((type) => formats.filter((name) => mediaTypes[name] === type));
    return accepted[0] ?? 'json';
  }
  const format = formats.find((name) => name === asked);
  if (format !== undefined) return format;
  throw new ResetError('InvalidRequest', `must be one of ${formats.join(', ')}`, {
    target: 'format',
  });
}

/** The rows as text, and the type of it. */
export function toRowsText(
  format: Exclude<RowsFormat, 'json'>,
  rows: readonly RowView[],
): { readonly type: string; readonly body: string } {
  return format === 'csv'
    ? { type: `${mediaTypes.csv}; charset=utf-8; header=present`, body: toCsv(rows) }
    : { type: mediaTypes.ndjson, body: rows.map((row) => `${JSON.stringify(row)}\n`).join('') };
}

const columns = [
  'row',
  'customerTenantId',
  'userId',
  'status',
  'code',
  'password',
  'encryptedPassword',
  'link',
  'linkExpiresAt',
  'openedAt',
  'revokedAt',
  'passwordWithheld',
  'reference',
  'completedAt',
];

/** With a header. Only a reference of the caller's can be text that a spreadsheet would calculate. */
function toCsv(rows: readonly RowView[]): string {
  const records = rows.map(({ error, ...row }) => ({ ...row, code: error?.code }));
  return stringify(records, {
    header: true,
    columns,
    record_delimiter: 'windows',
    // It would quote the whole delimiter only, and readers end a record at either half of it too.
    quoted_match: /[\r\n]/,
    cast: { string: withoutFormula },
  });
}

/**
 * A spreadsheet takes text with such a beginning for a formula, also in full-width characters, and
 * text with an apostrophe before it for text.
 *
 * @see https://owasp.org/www-community/attacks/CSV_Injection
 */
function withoutFormula(text: string): string {
  return /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(text) ? `'${text}` : text;
}

function withoutParameters(type: string): string | undefined {
  return type.split(';')[0]?.trim().toLowerCase();
}
