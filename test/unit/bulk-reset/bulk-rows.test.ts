import { describe, expect, it } from '@jest/globals';
import { aCallerList } from '../../builders/a-caller-list.js';
import type { BulkResetOrder, RowFields } from '../../../shared/bulk-reset/bulk-reset.js';
import type { BulkLine } from '../../../shared/bulk-reset/bulk-lines.js';
import { type CheckedRow, createReadBulkRows } from '../../../shared/bulk-reset/bulk-rows.js';
import { createAuthorize } from '../../../shared/callers/authorize.js';
import type { Caller } from '../../../shared/callers/caller.js';
import {
  type CustomerTenantId,
  parseCustomerReference,
} from '../../../shared/password-reset/ids.js';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import { aBulkResetOrder, aRow } from '../../builders/a-bulk-reset.js';
import { aCaller } from '../../builders/a-caller.js';
import { customerTenantId as contoso, userId } from '../../builders/a-reset-row.js';
import { FakeCustomers } from '../../fakes/fake-customers.js';

const signal = new AbortController().signal;
const fabrikam = '9d8e7f60-1a2b-4c3d-8e4f-5a6b7c8d9e0f' as CustomerTenantId;
const domains = { 'contoso.com': contoso, 'fabrikam.com': fabrikam };

describe('createReadBulkRows()', () => {
  it('reads a row as it may be carried out', async () => {
    const row = aRow({ user: 'Adele@Contoso.com', forceChangePassword: false, reference: 'INC-7' });

    expect(await readRows([row])).toEqual([
      {
        row: 1,
        customerTenantId: contoso,
        user: { kind: 'signInName', userPrincipalName: 'Adele@Contoso.com' },
        forceChangePassword: false,
        reference: 'INC-7',
      },
    ]);
  });

  it('says on which line of a file a fault is', async () => {
    const { read } = aReader();
    const lines = streamOf([{ line: 4, row: 2, fields: aRow({ user: 'nobody' }) }]);

    expect(await collect(read(aBulkResetOrder())(lines, signal))).toMatchObject([
      { fault: { line: 4, row: 2, target: 'user' } },
    ]);
  });

  it('hands on a fault of the file', async () => {
    const { read } = aReader();
    const fault = { line: 1, code: 'InvalidRows', message: 'The file is empty' } as const;

    expect(await collect(read(aBulkResetOrder())(streamOf([{ fault }]), signal))).toEqual([
      { fault },
    ]);
  });

  it.each([
    ['true', true],
    ['false', false],
    [true, true],
    [false, false],
  ])('takes %p for forceChangePassword', async (forceChangePassword, expected) => {
    const order = aBulkResetOrder({
      forceChangePassword: !expected,
      source: { kind: 'rows', rows: [aRow({ forceChangePassword })] },
    });

    expect(await readOrder(order)).toMatchObject([{ forceChangePassword: expected }]);
  });

  it.each([true, false])('takes the %p of the job where a row says nothing', async (ofJob) => {
    const order = aBulkResetOrder({ forceChangePassword: ofJob });

    expect(await readOrder(order)).toMatchObject([{ forceChangePassword: ofJob }]);
  });

  it.each<[string, Partial<RowFields>, string, string]>([
    ['no user', { user: '' }, 'user', 'user must be the GUID of a user or a sign-in name'],
    ['a user without domain', { user: 'adele' }, 'user', 'user must be'],
    ['a user with two @', { user: 'adele@x@contoso.com' }, 'user', 'user must be'],
    ['a user of 114 characters', { user: `${'a'.repeat(60)}@${'b.'.repeat(25)}com` }, 'user', ''],
    ['a formula', { user: `=cmd|' /C calc'!A0` }, 'user', 'user must be'],
    ['an emoji', { user: '😀@contoso.com' }, 'user', 'user must be'],
    ['a path', { user: '..' }, 'user', 'user must be'],
    ['a NUL', { user: `${userId}\u0000` }, 'user', 'user must be'],
    ['a customer that is a word', { customer: 'contoso' }, 'customer', 'customer must be'],
    ['an empty customer', { customer: '' }, 'customer', 'customer must be'],
    ['a customer with a path', { customer: '../customers' }, 'customer', 'customer must be'],
    [
      'another flag',
      { forceChangePassword: 'yes' },
      'forceChangePassword',
      'forceChangePassword must be true, false or empty',
    ],
    ['a flag in another case', { forceChangePassword: 'TRUE' }, 'forceChangePassword', ''],
    [
      'a reference of 101 characters',
      { reference: 'x'.repeat(101) },
      'reference',
      'reference must have at most 100 characters',
    ],
  ])('refuses a row with %s', async (_, fields, target, message) => {
    const rows = await readRows([aRow(fields)]);

    expect(rows).toEqual([
      { fault: { row: 1, code: 'InvalidRows', message: expect.stringContaining(message), target } },
    ]);
  });

  it('takes a reference of 100 characters', async () => {
    const reference = 'x'.repeat(100);

    expect(await readRows([aRow({ reference })])).toMatchObject([{ reference }]);
  });

  it('quotes nothing of a row in its fault', async () => {
    const canary = 'canary-7f3a';
    const rows = await readRows([
      aRow({ user: canary }),
      aRow({ customer: canary }),
      aRow({ customer: `${canary}.com` }),
      aRow({ forceChangePassword: canary }),
      aRow({ reference: canary.repeat(10) }),
    ]);

    expect(rows).toHaveLength(5);
    expect(JSON.stringify(rows)).not.toContain('canary');
  });

  describe('twice the same user', () => {
    it.each([
      ['as written before', { user: 'adele@contoso.com' }],
      ['in another case', { user: 'ADELE@Contoso.COM' }],
      ["under the customer's domain", { user: 'adele@contoso.com', customer: 'contoso.com' }],
      ['under the domain in another case', { user: 'adele@contoso.com', customer: 'CONTOSO.com' }],
    ])('is refused %s', async (_, second) => {
      const rows = await readRows([aRow({ user: 'adele@contoso.com' }), aRow(second)]);

      expect(rows).toMatchObject([
        { row: 1 },
        {
          fault: {
            row: 2,
            code: 'InvalidRows',
            message: 'The user is in row 1 already',
            target: 'user',
          },
        },
      ]);
    });

    it('is refused by id in another case', async () => {
      const rows = await readRows([aRow({ user: userId }), aRow({ user: userId.toUpperCase() })]);

      expect(rows).toMatchObject([{ row: 1 }, { fault: { row: 2 } }]);
    });

    it('is two users under two customers', async () => {
      const rows = await readRows([
        aRow({ user: userId }),
        aRow({ user: userId, customer: fabrikam }),
      ]);

      expect(rows).toMatchObject([{ row: 1 }, { row: 2 }]);
    });

    it('is once where the first could not be used', async () => {
      const rows = await readRows([aRow({ forceChangePassword: 'yes' }), aRow(), aRow()]);

      expect(rows).toMatchObject([
        { fault: { row: 1 } },
        { row: 2 },
        { fault: { row: 3, message: 'The user is in row 2 already' } },
      ]);
    });
  });

  describe('the customer', () => {
    it('is that of the job where a row names none', async () => {
      const rows = [aRow({ customer: undefined }), aRow({ user: userId, customer: fabrikam })];
      const order = aBulkResetOrder({
        customer: parseCustomerReference('contoso.com'),
        source: { kind: 'rows', rows },
      });

      expect(await readOrder(order)).toMatchObject([
        { customerTenantId: contoso },
        { customerTenantId: fabrikam },
      ]);
    });

    it('is missing where neither names one', async () => {
      expect(await readRows([aRow({ customer: undefined })])).toMatchObject([
        {
          fault: {
            code: 'InvalidRows',
            message: 'customer is given neither here nor for the job',
            target: 'customer',
          },
        },
      ]);
    });

    it('is looked up once a job, however often the job is read', async () => {
      const { read, customers, authorized } = aReader();
      const rows = [
        aRow({ user: 'adele@contoso.com', customer: 'contoso.com' }),
        aRow({ user: 'noah@contoso.com', customer: 'Contoso.com' }),
        aRow({ user: 'zoe@contoso.com', customer: 'nowhere.com' }),
        aRow({ user: 'yan@contoso.com', customer: 'nowhere.com' }),
      ];
      const readAgain = read(aBulkResetOrder());

      const first = await collect(readAgain(streamOf(linesOf(rows)), signal));
      const second = await collect(readAgain(streamOf(linesOf(rows)), signal));

      expect(second).toEqual(first);
      expect(customers.asked).toEqual(['contoso.com', 'nowhere.com']);
      expect(authorized).toEqual([contoso]);
    });

    it('is told to be unknown in the same words whether unknown or out of scope', async () => {
      const caller = aCaller({ permissions: mayAll, customers: new Set([contoso]) });
      const order = aBulkResetOrder({
        source: {
          kind: 'rows',
          rows: [aRow({ customer: 'nowhere.com' }), aRow({ customer: 'fabrikam.com' }), aRow()],
        },
      });

      const [unknown, outOfScope, known] = await readOrder(order, aReader({ caller }));

      const fault = {
        code: 'CustomerNotFound',
        message: 'Cannot reset password: there is no such customer',
        target: 'customer',
      };
      expect(unknown).toEqual({ fault: { row: 1, ...fault } });
      expect(outOfScope).toEqual({ fault: { row: 2, ...fault } });
      expect(known).toMatchObject({ row: 3 });
    });
  });

  it.each([
    ['Partner Center is away', new ResetError('PartnerCenterUnavailable', 'is away')],
    ['our sign-in is refused', new ResetError('ReconsentRequired', 'consent again')],
    ['there is a bug', new TypeError('is not a function')],
  ])('rejects when %s, rather than blame the row', async (_, failure) => {
    const reader = aReader();
    reader.customers.failure = failure;
    const rows = [aRow({ customer: 'contoso.com' })];

    const reading = readOrder(aBulkResetOrder({ source: { kind: 'rows', rows } }), reader);

    await expect(reading).rejects.toBe(failure);
  });

  it('rejects when the caller may not do bulk resets at all', async () => {
    const reader = aReader({ caller: aCaller({ permissions: new Set(['reset']) }) });

    await expect(readOrder(aBulkResetOrder(), reader)).rejects.toMatchObject({
      code: 'PermissionDenied',
    });
  });
});

const mayAll = new Set(['bulkReset', 'readPassword'] as const);

function aReader({
  caller = aCaller({ permissions: mayAll, customers: 'all' }),
}: { readonly caller?: Caller } = {}) {
  const customers = new FakeCustomers(domains);
  const authorized: (CustomerTenantId | undefined)[] = [];
  const authorizeCaller = createAuthorize(() => Promise.resolve(aCallerList([caller])));
  const read = createReadBulkRows({
    customers,
    authorize: (request, withSignal) => {
      authorized.push(request.customerTenantId);
      return authorizeCaller(request, withSignal);
    },
  });
  return { read, customers, authorized };
}

function readRows(rows: readonly RowFields[]): Promise<CheckedRow[]> {
  return readOrder(aBulkResetOrder({ source: { kind: 'rows', rows } }));
}

function readOrder(order: BulkResetOrder, { read } = aReader()): Promise<CheckedRow[]> {
  const rows = order.source.kind === 'rows' ? order.source.rows : [];
  return collect(read(order)(streamOf(linesOf(rows)), signal));
}

function linesOf(rows: readonly RowFields[]): BulkLine[] {
  return rows.map((fields, index) => ({ row: index + 1, fields }));
}

async function* streamOf(lines: readonly BulkLine[]): AsyncGenerator<BulkLine> {
  for (const line of lines) yield await Promise.resolve(line);
}

async function collect(rows: AsyncIterable<CheckedRow>): Promise<CheckedRow[]> {
  const collected: CheckedRow[] = [];
  for await (const row of rows) collected.push(row);
  return collected;
}
