import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type CsvLine, readCsvRows } from '../../../shared/bulk-reset/csv-rows.js';

// The same files in every run: a test that turns red was broken by a change, not by the draw.
fc.configureGlobal({ seed: 20_260_101, numRuns: 100 });

const canary = 'canary-7f3a';

/** A file as its rows and the choices of whoever writes it. */
interface CsvFile {
  readonly columns: readonly string[];
  readonly records: readonly CsvRecord[];
  readonly newline: string;
  readonly quotedNewline: string;
  readonly hasBom: boolean;
  readonly endsWithNewline: boolean;
}

interface CsvRecord {
  /** Sometimes more or fewer than there are columns. */
  readonly fields: readonly { readonly value: string; readonly isQuoted: boolean }[];
  readonly blankLinesBefore: number;
}

describe('readCsvRows()', () => {
  it('gives exactly the rows that were written, however they were written and arrive', async () => {
    await fc.assert(
      fc.asyncProperty(aFile(), someSizes(), async (file, sizes) => {
        const { text, lines } = write(file);

        expect(await read(cut(Buffer.from(text), sizes))).toEqual(lines);
      }),
    );
  });

  it('gives the same for the same bytes, wherever they are cut', async () => {
    await fc.assert(
      fc.asyncProperty(anyBytes(), someSizes(), async (bytes, sizes) => {
        expect(await read(cut(bytes, sizes))).toEqual(await read([bytes]));
      }),
    );
  });

  it('comes to an end of any bytes: rows in order, and then what is wrong with the rest', async () => {
    await fc.assert(
      fc.asyncProperty(anyBytes(), async (bytes) => {
        const places = (await read([bytes])).map((read) => ('fault' in read ? read.fault : read));
        const rows = places.filter(({ row }) => row !== undefined);
        const lines = places.map(({ line = 0 }) => line);

        expect(rows.map(({ row }) => row)).toEqual(rows.map((_, index) => index + 1));
        // Only the last can be about the file itself, and in a file without rows it is.
        expect(places.length).toBeGreaterThan(0);
        expect(rows.slice(0, places.length - 1)).toEqual(places.slice(0, -1));
        expect(lines).toEqual(Array.from(new Set(lines)).sort((one, other) => one - other));
        expect(lines.filter((line) => line < 1 || line > countLines(bytes))).toEqual([]);
      }),
    );
  });

  it('says the same of all files, quoting nothing of them', async () => {
    const said = new Set<string>();

    await fc.assert(
      fc.asyncProperty(anyBytes(), async (bytes) => {
        for (const line of await read([bytes])) {
          if ('fault' in line) said.add(line.fault.message.replaceAll(/\d+/g, 'n'));
        }
      }),
    );

    expect(Array.from(said).filter((message) => message.includes(canary))).toEqual([]);
    // As many as there are kinds of faults, however many files there are.
    expect(said.size).toBeLessThanOrEqual(10);
  });
});

function aFile(): fc.Arbitrary<CsvFile> {
  const aNewline = fc.constantFrom('\n', '\r\n', '\r');
  return fc
    .shuffledSubarray(['customer', 'forceChangePassword', 'reference'])
    .chain((others) => fc.shuffledSubarray(['user', ...others], { minLength: others.length + 1 }))
    .chain((columns) =>
      fc.record({
        columns: fc.constant(columns),
        records: fc.array(aRecord(columns.length), { minLength: 1, maxLength: 12 }),
        newline: aNewline,
        quotedNewline: aNewline,
        hasBom: fc.boolean(),
        endsWithNewline: fc.boolean(),
      }),
    );
}

function aRecord(width: number): fc.Arbitrary<CsvRecord> {
  const aField = fc.record({ value: aValue(), isQuoted: fc.boolean() });
  const fields = (minLength: number, maxLength: number) =>
    fc.array(aField, { minLength, maxLength, size: 'max' });
  return fc.record({
    fields: fc.oneof(
      { weight: 9, arbitrary: fields(width, width) },
      { weight: 1, arbitrary: fields(1, 6) },
    ),
    blankLinesBefore: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat({ max: 2 })),
  });
}

/** Any text whose newlines are LF, as rows have them, and which was never cut within a character. */
function aValue(): fc.Arbitrary<string> {
  const aPiece = fc.constantFrom(',', '"', '""', '\n', '\n\n', ' ', '=', ';', '\t', '\0', '\ufeff');
  return fc.oneof(
    fc.constantFrom('', 'mia@contoso.com', 'true', '😀', 'é', 'user'),
    fc.array(fc.oneof(aPiece, fc.string({ unit: 'grapheme' }))).map((pieces) => pieces.join('')),
    fc.string({ unit: 'binary' }).filter((text) => !/[\r\ufffd\p{Cs}]/u.test(text)),
  );
}

/** The text of a file and what is to be read of it. */
function write({ columns, records, newline, quotedNewline, hasBom, endsWithNewline }: CsvFile) {
  let text = `${hasBom ? '\ufeff' : ''}${columns.join(',')}`;
  let line = 1;
  const lines = records.map(({ fields, blankLinesBefore }, index) => {
    const written = fields.map(({ value, isQuoted }) =>
      isQuoted || /[",\n]/.test(value) || (value === '' && fields.length === 1)
        ? `"${value.replaceAll('"', '""').replaceAll('\n', quotedNewline)}"`
        : value,
    );
    text += newline.repeat(1 + blankLinesBefore) + written.join(',');
    const values = fields.map(({ value }) => value);
    const place = { line: line + 1 + blankLinesBefore, row: index + 1 };
    line = place.line + values.join('').split('\n').length - 1;
    return values.length === columns.length
      ? { ...place, fields: toFields(columns, values) }
      : { fault: { ...place, code: 'InvalidRows', message: expect.any(String) } };
  });
  return { text: text + (endsWithNewline ? newline : ''), lines };
}

/** An empty field is an absent one, but for the user. */
function toFields(columns: readonly string[], values: readonly string[]): object {
  const named = columns.map((column, index) => [column, values[index]] as const);
  return Object.fromEntries(named.filter(([column, value]) => column === 'user' || value !== ''));
}

/** Files of ours, what only begins as one, and what is none. */
function anyBytes(): fc.Arbitrary<Uint8Array> {
  const aStart = fc.constantFrom(
    '',
    'user\n',
    'customer,user\r\n',
    '\ufeffuser,reference\r',
    'user,',
    'user,user\n',
    'customer\n',
  );
  const aPiece = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.constantFrom(canary, `${canary},${canary}`, '😀', 'é', 'password', 'customer'),
    },
    { weight: 8, arbitrary: fc.constantFrom('\n', '\r\n', '\r', '\n\n', ',') },
    {
      weight: 1,
      arbitrary: fc.constantFrom('"', `"${canary}\n"`, '""', '"\r', '\ufffd', '\ufeff'),
    },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 8 }) },
  );
  const anEnd = fc.oneof(
    { weight: 19, arbitrary: fc.constant('') },
    { weight: 1, arbitrary: fc.constant(canary.repeat(2_000)) },
  );
  return fc
    .tuple(aStart, fc.array(aPiece, { maxLength: 24 }), anEnd)
    .map(([start, pieces, end]) =>
      Buffer.concat([start, ...pieces, end].map((piece) => Buffer.from(piece))),
    );
}

/** Sizes of chunks in turn. */
function someSizes(): fc.Arbitrary<number[]> {
  return fc.oneof(
    { weight: 1, arbitrary: fc.constant<number[]>([1]) },
    { weight: 4, arbitrary: fc.array(fc.nat({ max: 40 })) },
  );
}

function cut(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let from = 0, at = 0; from < bytes.length; at += 1) {
    // Whatever the sizes, it goes on.
    const size = sizes[at % (sizes.length + 1)] ?? 1;
    chunks.push(bytes.subarray(from, from + size));
    from += size;
  }
  return chunks;
}

async function read(chunks: readonly Uint8Array[]): Promise<CsvLine[]> {
  async function* streamed() {
    for (const chunk of chunks) yield await Promise.resolve(chunk);
  }
  const lines: CsvLine[] = [];
  for await (const line of readCsvRows(streamed())) lines.push(line);
  return lines;
}

function countLines(bytes: Uint8Array): number {
  return Buffer.from(bytes)
    .toString('latin1')
    .split(/\r\n?|\n/).length;
}
