import { describe, expect, it } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import { type CsvLine, readCsvRows } from '../../../shared/bulk-reset/csv-rows.js';

const header = 'customer,user';
const mia = { customer: 'contoso.com', user: 'mia@contoso.com' };
const noah = { customer: 'contoso.com', user: 'noah@contoso.com' };
const miaLine = 'contoso.com,mia@contoso.com';
const noahLine = 'contoso.com,noah@contoso.com';

const unknownColumn = (number: number) =>
  `Column ${number} of the header is none of customer, user, forceChangePassword, reference (written exactly so, and separated by commas)`;
const passwordColumn =
  'A file must not hold passwords: remove the column; every password is generated';
const badQuote = 'A quoted field is not written as CSV wants it, or the file is no CSV';
const tooLong = 'A row is too long, a quote is never closed, or the file is no CSV';
const notUtf8 = 'The file is not UTF-8 text from here on';

describe('readCsvRows()', () => {
  it.each([
    ['LF', `${header}\n${miaLine}\n${noahLine}\n`],
    ['CRLF', `${header}\r\n${miaLine}\r\n${noahLine}\r\n`],
    ['CR', `${header}\r${miaLine}\r${noahLine}\r`],
    ['both', `${header}\r\n${miaLine}\n${noahLine}\r\n`],
    ['no final newline', `${header}\n${miaLine}\n${noahLine}`],
    ['no final newline after CRLF', `${header}\r\n${miaLine}\r\n${noahLine}`],
    ['a BOM', `\ufeff${header}\n${miaLine}\n${noahLine}\n`],
    ['a BOM before a quote', `\ufeff"customer","user"\n${miaLine}\n${noahLine}\n`],
    ['every field quoted', `"customer","user"\n${quoted(miaLine)}\n${quoted(noahLine)}\n`],
  ])('reads a file with %s', async (_, text) => {
    expect(await read(text)).toEqual([
      { line: 2, row: 1, fields: mia },
      { line: 3, row: 2, fields: noah },
    ]);
  });

  it('reads the columns in any order', async () => {
    const text =
      'reference,user,forceChangePassword,customer\nINC-7,mia@contoso.com,false,contoso.com';

    expect(await read(text)).toEqual([
      { line: 2, row: 1, fields: { ...mia, forceChangePassword: 'false', reference: 'INC-7' } },
    ]);
  });

  it('reads a file with users only', async () => {
    expect(await read('user\nmia@contoso.com\n')).toEqual([
      { line: 2, row: 1, fields: { user: 'mia@contoso.com' } },
    ]);
  });

  it('takes an empty field for an absent one, but leaves the user empty', async () => {
    expect(await read(`${header},reference\n,,\n`)).toEqual([
      { line: 2, row: 1, fields: { user: '' } },
    ]);
  });

  it.each([
    ['a comma', '"Doe, Mia"', 'Doe, Mia'],
    ['a doubled quote', '"Mia ""M"" Doe"', 'Mia "M" Doe'],
    ['a newline', '"Mia\nDoe"', 'Mia\nDoe'],
    ['a CRLF', '"Mia\r\nDoe"', 'Mia\nDoe'],
    ['a formula', `=cmd|' /C calc'!A0`, `=cmd|' /C calc'!A0`],
    ['an emoji', '😀', '😀'],
    ['a NUL', 'a\u0000b', 'a\u0000b'],
    ['blanks around it', ' Mia ', ' Mia '],
  ])('leaves a field with %s as it is', async (_, written, value) => {
    expect(await read(`user\n${written}\n`)).toEqual([
      { line: 2, row: 1, fields: { user: value } },
    ]);
  });

  it.each([
    ['zero bytes', '', 1, 'The file is empty'],
    ['a BOM only', '\ufeff', 1, 'The file is empty'],
    ['blank lines only', '\n\n\r\n', 1, 'The file is empty'],
    ['a header only', `${header}\n`, 1, 'The file has a header but no rows'],
    ['a header without newline', header, 1, 'The file has a header but no rows'],
    ['no header', `${miaLine}\n${noahLine}\n`, 1, unknownColumn(1)],
    ['a header in another case', `customer,User\n${miaLine}\n`, 1, unknownColumn(2)],
    ['a header with blanks', `customer, user\n${miaLine}\n`, 1, unknownColumn(2)],
    ['an unknown column', `customer,user,name\n${miaLine},x\n`, 1, unknownColumn(3)],
    ['an unnamed column', `customer,user,\n${miaLine},\n`, 1, unknownColumn(3)],
    ['a column twice', `user,user\n${miaLine}\n`, 1, 'The header names a column twice'],
    ['no column user', 'customer\ncontoso.com\n', 1, 'The header lacks the column user'],
    ['semicolons', 'customer;user\ncontoso.com;mia@contoso.com\n', 1, unknownColumn(1)],
    ['tabs', 'customer\tuser\ncontoso.com\tmia@contoso.com\n', 1, unknownColumn(1)],
    ['a password column', `customer,user,password\n${miaLine},x\n`, 1, passwordColumn],
    ['a password column in another case', `user,PassWord\nmia,x\n`, 1, passwordColumn],
    ['a column for new passwords', `user,newPassword\nmia,x\n`, 1, passwordColumn],
    ['a bad header after blank lines', `\n\r\nname\nmia\n`, 3, unknownColumn(1)],
  ])('refuses a file with %s', async (_, text, line, message) => {
    expect(await read(text)).toEqual([{ fault: { line, code: 'InvalidRows', message } }]);
  });

  it.each([
    ['a .zip', Buffer.concat([Buffer.from('PK\u0003\u0004\u0014\u0000\b\u0000'), noise()])],
    ['an .xlsx', Buffer.concat([Buffer.from('PK\u0003\u0004\u0014\u0000\u0006\u0000'), noise()])],
    ['a .gz', gzipSync(`${header}\n${miaLine}\n`)],
    ['a text in UTF-16', Buffer.from(`\ufeff${header}\n${miaLine}\n`, 'utf16le')],
  ])('refuses the bytes of %s as a whole', async (_, bytes) => {
    const lines = await read(bytes);

    expect(lines).toHaveLength(1);
    expect(lines).toMatchObject([{ fault: { line: 1, code: 'InvalidRows' } }]);
    expect(lines).not.toMatchObject([{ fault: { row: 1 } }]);
  });

  it.each([
    ['too few fields', 'contoso.com', 'The row has 1 fields, the header has 2'],
    ['too many fields', `${miaLine},x`, 'The row has 3 fields, the header has 2'],
    ['another separator', 'contoso.com;mia@contoso.com', 'The row has 1 fields, the header has 2'],
    ['spaces only', '   ', 'The row has 1 fields, the header has 2'],
    ['quotes around the whole of it', `"${miaLine}"`, 'The row has 1 fields, the header has 2'],
  ])('reports a row with %s and reads on', async (_, bad, message) => {
    expect(await read(`${header}\n${bad}\n${noahLine}\n`)).toEqual([
      { fault: { line: 2, row: 1, code: 'InvalidRows', message } },
      { line: 3, row: 2, fields: noah },
    ]);
  });

  it.each([
    ['a quote that is never closed', `contoso.com,"mia`, badQuote],
    ['a quote that is never closed, and much after it', `contoso.com,"mia\n${long(2)}`, tooLong],
    ['a quote inside a field', 'contoso.com,mia"m"@contoso.com', badQuote],
    ['text after a quote', 'contoso.com,"mia"@contoso.com', badQuote],
    ['a field of 1 MiB', `contoso.com,${long(64)}`, tooLong],
    ['a quoted field of 1 MiB', `contoso.com,"${long(64)}"`, tooLong],
    ['an encoding that is not UTF-8', Buffer.from('contoso.com,m\u00fcller', 'latin1'), notUtf8],
    ['a character that was lost before', 'contoso.com,m\ufffdller', notUtf8],
  ])('ends at %s, after the rows before it', async (_, bad, message) => {
    const good = Buffer.from(`${header}\ncontoso.com\n\n${miaLine}\n`);
    const text = Buffer.concat([good, Buffer.from(bad), Buffer.from(`\n${noahLine}\n`)]);

    expect(await read(text)).toEqual([
      { fault: expect.objectContaining({ line: 2, row: 1 }) },
      { line: 4, row: 2, fields: mia },
      { fault: { line: 5, code: 'InvalidRows', message } },
    ]);
  });

  it('ends at a last character that is cut off', async () => {
    const bytes = Buffer.from('user\nmia\n😀').subarray(0, -1);

    expect(await read(bytes)).toEqual([
      { line: 2, row: 1, fields: { user: 'mia' } },
      { fault: { line: 3, code: 'InvalidRows', message: notUtf8 } },
    ]);
  });

  it('refuses a line that never ends without reading all of it', async () => {
    let chunks = 0;
    async function* nearlyEndless() {
      while (chunks < 100) {
        chunks += 1;
        yield Buffer.from(await Promise.resolve('x'.repeat(65_536)));
      }
    }

    const lines = await collect(readCsvRows(nearlyEndless()));

    expect(lines).toEqual([{ fault: { line: 1, code: 'InvalidRows', message: tooLong } }]);
    expect(chunks).toBeLessThan(3);
  });

  it.each([
    ['takes', 16_384, 'row 1'],
    ['ends at', 16_386, 'fault in line 2'],
  ])('%s a row of %d bytes', async (_, size, expected) => {
    const lines = await read(`user\n${'x'.repeat(size)}\n`);

    const told = lines.map((line) =>
      'fault' in line ? `fault in line ${line.fault.line ?? 'none'}` : `row ${line.row}`,
    );
    expect(told).toEqual([expected]);
  });

  it.each([
    ['blank lines', `${header}\n\n${miaLine}\n\n\n${noahLine}\n`, [3, 6]],
    ['blank lines in CRLF', `${header}\r\n\r\n${miaLine}\r\n\r\n\r\n${noahLine}\r\n`, [3, 6]],
    ['blank lines before the header', `\n\n${header}\n${miaLine}\n${noahLine}\n`, [4, 5]],
    ['a quoted newline', `user\n"mia\n\nm"\nnoah\n`, [2, 5]],
    ['a quoted CRLF', `user\r\n"mia\r\n\r\nm"\r\nnoah\r\n`, [2, 5]],
    ['a quoted newline in the header', `"user"\n"\nmia"\n\nnoah`, [2, 5]],
  ])('gives the line where a row starts, with %s', async (_, text, expected) => {
    const lines = await read(text);

    expect(lines.map((read) => 'line' in read && read.line)).toEqual(expected);
  });

  it.each([
    ['LF', '\n'],
    ['CRLF', '\r\n'],
  ])('reads the same wherever a file with %s is cut', async (_, newline) => {
    const text = ['\ufeffuser,reference', 'mia,"a', '""b"', '', '😀,é', 'x', 'noah,"x'];
    const bytes = Buffer.from(text.join(newline));
    const whole = await read(bytes);
    const cuts = Array.from({ length: bytes.length - 1 }, (_unused, index) => index + 1);

    const cutOnce = await Promise.all(
      cuts.map((cut) => read(bytes.subarray(0, cut), bytes.subarray(cut))),
    );
    const cutEverywhere = await read(...Array.from(bytes, (byte) => Uint8Array.of(byte)));

    expect(whole).toMatchObject([
      { line: 2, row: 1, fields: { user: 'mia', reference: 'a\n"b' } },
      { line: 5, row: 2, fields: { user: '😀', reference: 'é' } },
      { fault: { line: 6, row: 3 } },
      { fault: { line: 7, message: badQuote } },
    ]);
    expect(cutOnce).toEqual(cuts.map(() => whole));
    expect(cutEverywhere).toEqual(whole);
  });

  it.each([
    ['the header', (canary: string) => `${canary},user\n${miaLine}\n`],
    ['a password column', (canary: string) => `user,password${canary}\nmia,x\n`],
    ['a row that is too short', (canary: string) => `${header}\n${canary}\n`],
    ['a row that is too long', (canary: string) => `${header}\n${miaLine},${canary}\n`],
    ['a stray quote', (canary: string) => `user\n${canary}"\n`],
    ['a closed quote', (canary: string) => `user\n"mia"${canary}\n`],
    ['an open quote', (canary: string) => `user\n"${canary}\n`],
    ['a huge field', (canary: string) => `user\n${canary.repeat(5_000)}\n`],
    ['a lost character', (canary: string) => `user\n${canary}\ufffd\n`],
  ])('quotes nothing of the file in a fault of %s', async (_, textWith) => {
    const lines = await read(textWith('canary-7f3a'));

    expect(lines).toMatchObject([{ fault: { code: 'InvalidRows' } }]);
    expect(JSON.stringify(lines)).not.toContain('canary');
  });

  it('rejects with what the reading of the bytes rejects with, after the rows before it', async () => {
    const failure = new Error('The file is gone');
    async function* failing() {
      yield Buffer.from(`${header}\n${miaLine}\n${noahLine}\n`);
      await Promise.reject(failure);
    }
    const lines: CsvLine[] = [];

    const reading = (async () => {
      for await (const line of readCsvRows(failing())) lines.push(line);
    })();

    await expect(reading).rejects.toBe(failure);
    expect(lines).toHaveLength(1);
  });

  it('lets go of the bytes when nobody wants more rows', async () => {
    let isOpen = true;
    async function* endless() {
      try {
        yield Buffer.from(`${header}\n`);
        for (;;) yield Buffer.from(await Promise.resolve(`${miaLine}\n`));
      } finally {
        isOpen = false;
      }
    }

    for await (const line of readCsvRows(endless())) {
      expect(line).toMatchObject({ row: 1 });
      break;
    }

    expect(isOpen).toBe(false);
  });
});

function read(...chunks: readonly (string | Uint8Array)[]): Promise<CsvLine[]> {
  return collect(readCsvRows(streamOf(chunks.map((chunk) => Buffer.from(chunk)))));
}

async function* streamOf(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield await Promise.resolve(chunk);
}

async function collect(lines: AsyncIterable<CsvLine>): Promise<CsvLine[]> {
  const collected: CsvLine[] = [];
  for await (const line of lines) collected.push(line);
  return collected;
}

function quoted(line: string): string {
  return line
    .split(',')
    .map((field) => `"${field}"`)
    .join(',');
}

/** Bytes as compression leaves them: no text, and the same in every run. */
function noise(): Uint8Array {
  return gzipSync('mia@contoso.com\n'.repeat(500));
}

function long(timesSixteenKib: number): string {
  return 'x'.repeat(16_384 * timesSixteenKib);
}
