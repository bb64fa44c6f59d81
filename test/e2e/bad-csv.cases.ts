import { beforeAll, describe, expect, it } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import { sendBulkJob, uploadCsv } from '../../infra/local/api-client.js';
import { aPlainPerson } from './people.js';
import type { TestStack } from './start-test-stack.js';
import { readBulkRows, waitForBulkReset } from './wait-for-bulk-reset.js';

interface Good {
  readonly customer: string;
  readonly user: string;
  /** Of another customer. */
  readonly stranger: string;
}

const header = 'customer,user,reference';
const mebibyte = 1_048_576;
const lineOf = ({ customer, user }: Good) => `${customer},${user},`;
/** A file that is right but for the line after the good one. */
const after = (line: (good: Good) => string) => (good: Good) =>
  `${header}\n${lineOf(good)}\n${line(good)}\n`;
/** A file that is right but for its header. */
const under = (wrong: string) => (good: Good) => `${wrong}\n${lineOf(good)}\n`;
const thousandOf = ({ customer }: Good) =>
  Array.from({ length: 1_000 }, (_, index) => `${customer},u${index}@${customer},`).join('\n');

/** Each with the line that the refusal names. */
const files: readonly (readonly [string, (good: Good) => string | Buffer, number])[] = [
  ['zero bytes', () => '', 1],
  ['a BOM alone', () => '\ufeff', 1],
  ['a header alone', () => header, 1],
  ['no header', lineOf, 1],
  ['a header in another case', under('Customer,User,Reference'), 1],
  ['a header with blanks', under('customer, user, reference'), 1],
  ['an unknown column', under('customer,user,name'), 1],
  ['a column twice', under('customer,user,user'), 1],
  ['a password column', under('customer,user,password'), 1],
  ['semicolons', (good) => `${header}\n${lineOf(good)}`.replaceAll(',', ';'), 1],
  ['tabs', (good) => `${header}\n${lineOf(good)}`.replaceAll(',', '\t'), 1],
  ['the bytes of a .gz', (good) => gzipSync(after(lineOf)(good)), 1],
  ['the bytes of a .zip', () => Buffer.from('PK\x03\x04\x14\0\b\0\b\0\xff\xfe\x80', 'latin1'), 1],
  ['the bytes of an .xlsx', () => Buffer.from('PK\x03\x04\x14\0\x06\0\b\0\xff\xfe', 'latin1'), 1],
  ['UTF-16', (good) => Buffer.from(`\ufeff${after(lineOf)(good)}`, 'utf16le'), 1],
  [
    'bytes that are not UTF-8',
    (good) => Buffer.from(after(() => 'm\u00fcller')(good), 'latin1'),
    3,
  ],
  ['too few fields', after(() => 'contoso.com'), 3],
  ['too many fields', after(() => 'contoso.com,a@contoso.com,,,'), 3],
  ['a line with spaces only', after(() => '   '), 3],
  ['an unclosed quote at the end', after(() => 'contoso.com,"a@contoso.com'), 3],
  [
    'an unclosed quote and 1 MiB after it',
    after(() => `contoso.com,"${'a\n'.repeat(mebibyte / 2)}`),
    3,
  ],
  ['a quote inside a field', after(() => 'contoso.com,a"b"@contoso.com,'), 3],
  ['a field of 1 MiB', after(() => `contoso.com,${'x'.repeat(mebibyte)},`), 3],
  ['a line of 1 MiB and no newline', () => 'x'.repeat(mebibyte), 1],
  ['a comma in a user', after(() => 'contoso.com,"Doe, Mia",'), 3],
  ['a newline in a user', after(() => 'contoso.com,"mia\n@contoso.com",'), 3],
  ['an emoji for a user', after(() => 'contoso.com,😀@contoso.com,'), 3],
  ['a formula for a user', after(() => `contoso.com,=cmd|' /C calc'!A0,`), 3],
  ['a user ..', after(() => 'contoso.com,..,'), 3],
  ['a user with NUL', after(({ user }) => `contoso.com,${user}\0,`), 3],
  ['a customer ..', after(({ user }) => `..,${user},`), 3],
  [
    'a reference of 101 characters',
    after(({ customer }) => `${customer},a@${customer},${'x'.repeat(101)}`),
    3,
  ],
  ['the same user twice', after(lineOf), 3],
  ['the same user in another case', after((good) => lineOf(good).toUpperCase()), 3],
  [
    'a bad customer after 1,000 good rows',
    after((good) => `${thousandOf(good)}\n..,${good.user},`),
    1_003,
  ],
  [
    'an unknown one after them',
    after((good) => `${thousandOf(good)}\nno.invalid,${good.user},`),
    1_003,
  ],
];

// eslint-disable-next-line jest/no-export -- all of bad input goes to one stack
export function describeBadCsv(theStack: () => TestStack): void {
  describe('a file in the bulk inbox', () => {
    let jobs: ReadonlyMap<string, string>;
    let good: Good;

    /** All at once: each test waits for the end of its own. */
    beforeAll(async () => {
      const { facts, partnerCenter } = theStack();
      const [person, other] = [aPlainPerson(theStack(), 2), otherThan(theStack(), 2)];
      good = {
        customer: person.customer.domain,
        user: person.user.userPrincipalName,
        stranger: other.user.userPrincipalName,
      };
      partnerCenter.clearRequests();
      const sent = files.map(async ([name, contentFor], index) => {
        const blob = await uploadCsv(facts, `bad-${index}.csv`, contentFor(good));
        return [name, await sendBulkJob(facts, { delivery: 'none', blob })] as const;
      });
      jobs = new Map(await Promise.all(sent));
    });

    it.each(files)('is refused with %s', async (name, _contentFor, line) => {
      const job = await waitForBulkReset(theStack().facts, jobs.get(name) ?? '');

      expect(job).toMatchObject({
        status: 'Failed',
        error: { code: 'InvalidRows' },
        invalidRows: [{ line }],
      });
    });

    it.each<[string, object]>([
      ['that is not there', { name: 'nothing.csv', sha256: '0'.repeat(64) }],
      ['with another hash', { name: 'bad-0.csv', sha256: '0'.repeat(64) }],
    ])('%s is refused', async (_, blob) => {
      const { facts } = theStack();

      const job = await waitForBulkReset(
        facts,
        await sendBulkJob(facts, { delivery: 'none', blob }),
      );

      expect(job).toMatchObject({ status: 'Failed' });
    });

    it('fails the row of a user of another customer', async () => {
      const { facts } = theStack();
      const csv = `${header}\n${good.customer},${good.stranger},=1+1\n`;
      const blob = await uploadCsv(facts, 'stranger.csv', csv);

      const id = await sendBulkJob(facts, { delivery: 'none', blob });
      const { status } = await waitForBulkReset(facts, id);
      const rows = await readBulkRows(facts, id);

      expect(status).toBe('Failed');
      expect(rows).toMatchObject([{ status: 'Failed', error: { code: 'UserNotFound' } }]);
    });

    it('resets nobody while it is refused', () => {
      const resets = theStack().partnerCenter.requests.filter(
        ({ operation }) => operation === 'resetPassword',
      );

      expect(resets).toEqual([]);
    });
  });
}

function otherThan(stack: TestStack, index: number) {
  const { customer } = aPlainPerson(stack, index);
  for (let other = 0; ; other += 1) {
    const person = aPlainPerson(stack, other);
    if (person.customer !== customer) return person;
  }
}
