import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { toPasswordResetView } from '../../../shared/handlers/password-reset-view.js';
import { type RowView, toRowsText } from '../../../shared/handlers/rows-format.js';
import { generatePassword } from '../../../shared/password-reset/password.js';
import { aResetRow } from '../../builders/a-reset-row.js';

// The same rows in every run, but for their passwords: a test that turns red was broken by a change.
fc.configureGlobal({ seed: 20_260_101, numRuns: 300 });

/** What a spreadsheet takes for the start of a formula. */
const formula = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;

describe('toRowsText()', () => {
  it('writes CSV of which any reader gets the same records: a header, and each row', () => {
    fc.assert(
      fc.property(someRows(), (rows) => {
        const [header = [], ...records] = readCsv(toRowsText('csv', rows).body);

        const valueOf = (record: readonly string[], name: string) => record[header.indexOf(name)];
        expect(records.filter((record) => record.length !== header.length)).toEqual([]);
        expect(records.map((record) => valueOf(record, 'row'))).toEqual(
          rows.map(({ row }) => String(row)),
        );
        expect(records.map((record) => valueOf(record, 'password'))).toEqual(
          rows.map(({ password = '' }) => password),
        );
        expect(records.map((record) => valueOf(record, 'reference'))).toEqual(
          rows.map(({ reference = '' }) => (formula.test(reference) ? `'${reference}` : reference)),
        );
      }),
    );
  });

  it('writes no cell into CSV that a spreadsheet would calculate', () => {
    fc.assert(
      fc.property(someRows(), (rows) => {
        const cells = readCsv(toRowsText('csv', rows).body).flat();

        expect(cells.filter((cell) => formula.test(cell))).toEqual([]);
      }),
    );
  });

  it('writes NDJSON of one line a row, which holds all of it', () => {
    fc.assert(
      fc.property(someRows(), (rows) => {
        const lines = toRowsText('ndjson', rows).body.split('\n');

        expect(lines.pop()).toBe('');
        expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(rows);
      }),
    );
  });
});

function someRows(): fc.Arbitrary<RowView[]> {
  const aPiece = fc.constantFrom(
    '=',
    '+',
    '-',
    '@',
    '\t',
    '\r',
    '\n',
    '"',
    "'",
    ',',
    ' ',
    '\uff1d',
  );
  const aReference = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(fc.oneof(aPiece, fc.string())).map((pieces) => pieces.join('')),
  );
  const aRow = fc.record({
    reference: fc.option(aReference, { nil: undefined }),
    style: fc.constantFrom(
      { kind: 'random' as const, length: 12 },
      { kind: 'passphrase' as const, words: 5 },
      undefined,
    ),
  });
  return fc.array(aRow, { maxLength: 6 }).map((rows) =>
    rows.map(({ reference, style }, index) => {
      const row = aResetRow({ state: 'applied', ...(reference !== undefined && { reference }) });
      return {
        row: index + 1,
        ...toPasswordResetView(
          row,
          style && { kind: 'password', password: generatePassword(style) },
        ),
      };
    }),
  );
}

/**
 * As strict as RFC 4180 and as lax about newlines as a spreadsheet: outside of quotes each of CRLF, LF
 * and CR ends a record.
 */
function readCsv(text: string): string[][] {
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\r|\n|$)/y;
  const records: string[][] = [];
  let record: string[] = [];
  while (field.lastIndex < text.length) {
    const at = field.lastIndex;
    const [, quoted, plain = '', end] = field.exec(text) ?? [];
    if (end === undefined) throw new Error(`This is no CSV from character ${at} on`);
    record.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === ',') continue;
    records.push(record);
    record = [];
  }
  return records;
}
