import { describe, expect, it } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import type { BulkResetOrder, BulkResetRow } from '../../../shared/bulk-reset/bulk-reset.js';
import type { Permission } from '../../../shared/callers/caller.js';
import { createBulkResetLinks } from '../../../shared/handlers/bulk-reset-view.js';
import { createSubmitBulkResetHandler } from '../../../shared/handlers/submit-bulk-reset-handler.js';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import { bulkResetIdOfKey } from '../../../shared/handlers/bulk-reset-id.js';
import { aBulkResetRow, aCsv, bulkResetId, someRows } from '../../builders/a-bulk-reset.js';
import { aCaller } from '../../builders/a-caller.js';
import { customerTenantId, userId } from '../../builders/a-reset-row.js';
import { aBulkProgress } from './a-bulk-progress.js';
import { aCallerDoor } from './a-caller-door.js';
import { call, expectRefusal, type RequestValues } from './invocation.js';

const newId = '11111111-2222-4333-8444-555555555555';
const another = '22222222-3333-4444-8555-666666666666';
const sha256 = 'AB'.repeat(32);
const canary = ['canary', '7f3a'].join('-');
const rows = [{ customer: customerTenantId, user: userId }];
const body = { delivery: 'none', rows };
const address = (id: string) => `https://resets.example/api/bulk-resets/${id}`;

describe('createSubmitBulkResetHandler()', () => {
  it('hands a job with rows on as the caller asked for it', async () => {
    const { orders } = await submit({
      body: {
        bulkResetId: bulkResetId.toUpperCase(),
        delivery: 'response',
        customer: 'Contoso.com',
        forceChangePassword: false,
        onInvalidRows: 'skip',
        reference: 'INC-7',
        rows,
      },
    });

    expect(orders).toEqual([
      {
        bulkResetId,
        caller: 'helpdesk',
        delivery: 'response',
        customer: { kind: 'domain', domain: 'contoso.com' },
        forceChangePassword: false,
        onInvalidRows: 'skip',
        reference: 'INC-7',
        source: { kind: 'rows', rows },
      },
    ]);
  });

  it.each<[string, object, BulkResetOrder['source']]>([
    [
      'a file in the inbox',
      { blob: { name: 'a/b.csv', sha256 } },
      { kind: 'blob', name: 'a/b.csv', sha256: sha256.toLowerCase() },
    ],
    [
      'the failed rows of a job',
      { retryOf: another.toUpperCase() },
      { kind: 'failedRows', of: another },
    ],
    ['1,000 rows', { rows: someRows(1_000) }, { kind: 'rows', rows: someRows(1_000) }],
  ])('hands a job with %s on, with the careful choices unless told', async (_, given, source) => {
    const { orders } = await submit({ body: { delivery: 'none', ...given } });

    expect(orders).toEqual([
      {
        bulkResetId: newId,
        caller: 'helpdesk',
        delivery: 'none',
        forceChangePassword: true,
        onInvalidRows: 'refuse',
        source,
      },
    ]);
  });

  it('hands a job in CSV on, with its options from the query', async () => {
    const { orders } = await submitCsv(aCsv(2), {
      delivery: 'none',
      customer: customerTenantId,
      forceChangePassword: 'false',
      onInvalidRows: 'skip',
      reference: 'INC-7',
    });

    expect(orders).toEqual([
      {
        bulkResetId: newId,
        caller: 'helpdesk',
        delivery: 'none',
        customer: { kind: 'id', customerTenantId },
        forceChangePassword: false,
        onInvalidRows: 'skip',
        reference: 'INC-7',
        source: { kind: 'csv', csv: aCsv(2) },
      },
    ]);
  });

  it.each<[string, string | Uint8Array, string]>([
    ['with BOM', `\ufeff${aCsv(1)}`, aCsv(1)],
    ['with a bad row, which the job reports', 'user\n""\n', 'user\n""\n'],
    ['with a row of another width', 'user\na,b\n', 'user\na,b\n'],
    ['of 1,000 rows', aCsv(1_000), aCsv(1_000)],
  ])('takes a CSV %s, and asks for the careful choices unless told', async (_, csv, taken) => {
    const { orders } = await submitCsv(csv);

    expect(orders).toEqual([
      expect.objectContaining({
        forceChangePassword: true,
        onInvalidRows: 'refuse',
        source: { kind: 'csv', csv: taken },
      }),
    ]);
  });

  it('answers 202, and where the job is to be found', async () => {
    const { answer } = await submit({ body: { ...body, reference: 'INC-7' } });

    expect(answer).toMatchObject({
      status: 202,
      headers: {
        location: `${address(newId)}/result`,
        'operation-location': address(newId),
        'retry-after': '5',
      },
      body: {
        id: newId,
        status: 'NotStarted',
        progress: { succeeded: 0, failed: 0, cancelled: 0, open: 0 },
      },
    });
    expect(answer.logged).toEqual([
      {
        level: 'information',
        args: ['bulk reset accepted', { bulkResetId: newId, state: 'validating' }],
      },
    ]);
  });

  it('answers how a job stands that was taken before', async () => {
    const job = aBulkResetRow();

    const { answer, read } = await submit({ body }, { result: job });

    expect(read).toEqual([[newId, 'helpdesk']]);
    expect(answer).toMatchObject({
      status: 202,
      headers: { location: `${address(bulkResetId)}/result` },
      body: { status: 'Succeeded', progress: { succeeded: 1 } },
    });
  });

  it('does not read a job that it just took: a failure would have it asked for twice', async () => {
    expect((await submit({ body })).read).toEqual([]);
  });

  describe('the id of the job', () => {
    const key = (value: string) => ({ 'idempotency-key': value });

    it('is a new one without a key', async () => {
      expect((await submit({ body })).orders).toMatchObject([{ bulkResetId: newId }]);
    });

    it('is the one that the caller chose, whatever the key', async () => {
      const asked = { body: { ...body, bulkResetId }, headers: key('key-1') };

      expect((await submit(asked)).orders).toMatchObject([{ bulkResetId }]);
    });

    it('follows from the key and the caller, now and in every later version', async () => {
      const { orders, answer } = await submit({ body, headers: key('key-1') });

      expect(orders).toMatchObject([{ bulkResetId: '22b2877d-3b10-5990-9447-276994b7d2cb' }]);
      expect(answer.headers).not.toHaveProperty('repeatability-result');
    });

    it('is the same for the same key in the other header', async () => {
      const one = await submit({ body, headers: key('key-1') });
      const headers = { 'repeatability-request-id': 'key-1' };

      const other = await submit({ body, headers });

      expect(other.orders).toEqual(one.orders);
      expect(other.answer.headers).toMatchObject({ 'repeatability-result': 'accepted' });
    });

    it('is another for another key or another caller', async () => {
      const ids = await Promise.all([
        submit({ body, headers: key('key-1') }),
        submit({ body, headers: key('key-2') }),
        submit({ body, headers: key('key-1') }, { name: 'automation' }),
      ]);

      expect(new Set(ids.map(({ orders }) => orders[0]?.bulkResetId)).size).toBe(3);
    });

    it('is a new one for the text of an expression', async () => {
      const { orders } = await submit({ body, headers: key('@{guid()}') });

      expect(orders).toMatchObject([{ bulkResetId: newId }]);
    });

    it.each<[string, RequestValues, 'IdempotencyConflict' | 'BulkResetConflict']>([
      ['under a key', { body, headers: key('key-1') }, 'IdempotencyConflict'],
      ['under an id', { body: { ...body, bulkResetId } }, 'BulkResetConflict'],
      [
        'under an id, beside a key',
        { body: { ...body, bulkResetId }, headers: key('key-1') },
        'BulkResetConflict',
      ],
    ])('cannot stand for another job: %s', async (_, asked, code) => {
      const failure = new ResetError('BulkResetConflict', 'another one has that id');

      const { answer } = await submit(asked, { result: failure });

      expectRefusal(answer, { status: 409, code });
    });

    it('is not blamed for another failure', async () => {
      const failure = new ResetError('StorageUnavailable', 'is away');

      const { answer } = await submit({ body, headers: key('key-1') }, { result: failure });

      expectRefusal(answer, { status: 503, code: 'StorageUnavailable' });
    });
  });

  describe('refuses, before anything is kept,', () => {
    it.each<[string, object, string | undefined]>([
      ['no recipient', { ...body, delivery: 'recipientKey' }, 'recipientKeyId'],
      ['a recipient for another delivery', { ...body, recipientKeyId: '2026' }, 'recipientKeyId'],
      ['an unknown delivery', { ...body, delivery: canary }, 'delivery'],
      ['nothing to reset', { delivery: 'none' }, undefined],
      ['rows and a file', { ...body, blob: { name: 'a.csv', sha256 } }, undefined],
      ['rows and a job', { ...body, retryOf: another }, undefined],
      ['no rows', { ...body, rows: [] }, 'rows'],
      ['a row without user', { ...body, rows: [{ customer: canary }] }, 'rows.0.user'],
      [
        'a row with a password',
        { ...body, rows: [{ ...rows[0], password: canary }] },
        'rows.0.password',
      ],
      [
        'a flag as text',
        { ...body, rows: [{ ...rows[0], forceChangePassword: 'true' }] },
        'rows.0.forceChangePassword',
      ],
      ['a file without hash', { delivery: 'none', blob: { name: 'a.csv' } }, 'blob.sha256'],
      [
        'a file in another place',
        { delivery: 'none', blob: { name: '../a.csv', sha256 } },
        'blob.name',
      ],
      ['a job that is none', { delivery: 'none', retryOf: canary }, 'retryOf'],
      ['an id that is no GUID', { ...body, bulkResetId: canary }, 'bulkResetId'],
      [
        "an id that is computed from somebody's idempotency key",
        { ...body, bulkResetId: bulkResetIdOfKey('flow', 'monday') },
        'bulkResetId',
      ],
      ['an unknown field', { ...body, caller: canary }, 'caller'],
      ['a customer that is none', { ...body, customer: canary }, 'customer'],
      ['a reference of 101 characters', { ...body, reference: 'x'.repeat(101) }, 'reference'],
      ['onInvalidRows in other words', { ...body, onInvalidRows: canary }, 'onInvalidRows'],
    ])('a body with %s', async (_, wrong, target) => {
      const { answer, orders } = await submit({ body: wrong });

      const refusal = { status: 400, code: 'InvalidRequest' } as const;
      expectRefusal(answer, { ...refusal, ...(target !== undefined && { target }) });
      expect(answer.text).not.toContain(canary);
      expect(orders).toEqual([]);
    });

    it.each<[string, Record<string, string>, string]>([
      ['no recipient', { delivery: 'recipientKey' }, 'recipientKeyId'],
      [
        'an unknown option',
        { delivery: 'none', forcechangepassword: 'false' },
        'forcechangepassword',
      ],
      ['an id', { delivery: 'none', bulkResetId }, 'bulkResetId'],
      [
        'a flag in other words',
        { delivery: 'none', forceChangePassword: '0' },
        'forceChangePassword',
      ],
      ['an option that is given twice', { delivery: 'none,response' }, 'delivery'],
      ['an empty customer', { delivery: 'none', customer: '' }, 'customer'],
      ['a long reference', { delivery: 'none', reference: 'x'.repeat(101) }, 'reference'],
    ])('a CSV with %s', async (_, query, target) => {
      const { answer, orders } = await submitCsv(aCsv(1), query);

      expectRefusal(answer, { status: 400, code: 'InvalidRequest', target });
      expect(orders).toEqual([]);
    });

    it.each<[string, string | Uint8Array]>([
      ['with a password column', `user,password\nadele@contoso.com,${canary}\n`],
      ['without a header', `${canary}@contoso.com\n`],
      ['that is empty', ''],
      ['with no more than a header', 'user\n'],
      ['with a quote that is never closed', `user\n"${canary}\n`],
      ['that is not UTF-8', Buffer.from(`user\n${canary}\u00fc@contoso.com\n`, 'latin1')],
    ])('a CSV %s, and quotes none of it', async (_, csv) => {
      const { answer, orders } = await submitCsv(csv);

      expectRefusal(answer, { status: 422, code: 'InvalidRows' });
      expect(answer.body).toMatchObject({
        error: { details: [{ code: 'InvalidRows', line: expect.any(Number) }] },
      });
      expect(answer.text).not.toContain(canary);
      expect(orders).toEqual([]);
    });

    it.each<[string, () => ReturnType<typeof submit>]>([
      ['1,001 rows in JSON', () => submit({ body: { ...body, rows: someRows(1_001) } })],
      ['1,001 rows in CSV', () => submitCsv(aCsv(1_001))],
      ['1,001 rows in CSV, the last of them bad', () => submitCsv(`${aCsv(1_000)},,,\n`)],
      [
        'a JSON that is too large',
        () => submit({ body: { ...body, reference: 'x'.repeat(1_048_576) } }),
      ],
      ['a CSV that is too large', () => submitCsv('x'.repeat(1_048_577))],
    ])('%s', async (_, submitting) => {
      const { answer, orders } = await submitting();

      expectRefusal(answer, { status: 413, code: 'RequestTooLarge' });
      expect(orders).toEqual([]);
    });

    it.each<[string, Record<string, string>]>([
      ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
      ['nothing', { 'content-type': '' }],
      ['a spreadsheet', { 'content-type': 'application/vnd.ms-excel' }],
      ['compressed JSON', { 'content-encoding': 'gzip' }],
      ['compressed CSV', { 'content-type': 'text/csv', 'content-encoding': 'gzip' }],
    ])('a body sent as %s', async (_, headers) => {
      const query = { delivery: 'none' };

      const { answer, orders } = await submit({ body: gzipSync(aCsv(1)), headers, query });

      expectRefusal(answer, { status: 415, code: 'UnsupportedMediaType' });
      expect(orders).toEqual([]);
    });

    it.each<[string, readonly Permission[], unknown]>([
      ['bulkReset', ['reset', 'readPassword'], 'not JSON'],
      ['readPassword', ['bulkReset'], { ...body, delivery: 'response' }],
    ])('a caller without the permission %s', async (missing, permissions, asked) => {
      const { answer, orders } = await submit({ body: asked }, { permissions });

      expectRefusal(answer, {
        status: 403,
        code: 'PermissionDenied',
        message: `The caller helpdesk lacks the permission ${missing}`,
      });
      expect(orders).toEqual([]);
    });

    it('a key that cannot be one', async () => {
      const { answer, orders } = await submit({ body, headers: { 'idempotency-key': '' } });

      expectRefusal(answer, { status: 400, code: 'InvalidRequest', target: 'Idempotency-Key' });
      expect(orders).toEqual([]);
    });
  });

  it.each(['text/csv', 'Text/CSV; charset=utf-8; header=present'])(
    'takes %s for CSV',
    async (type) => {
      const asked = {
        body: aCsv(1),
        headers: { 'content-type': type },
        query: { delivery: 'none' },
      };

      expect((await submit(asked)).orders).toHaveLength(1);
    },
  );
});

interface DoorValues {
  readonly result?: BulkResetRow | Error;
  readonly permissions?: readonly Permission[];
  readonly name?: string;
}

function submitCsv(csv: string | Uint8Array, query: RequestValues['query'] = { delivery: 'none' }) {
  return submit({ body: csv, headers: { 'content-type': 'text/csv' }, query });
}

/** One request through the door, and the orders that came of it. */
async function submit(request: RequestValues, values: DoorValues = {}) {
  const { result, permissions = ['bulkReset', 'readPassword'], name = 'helpdesk' } = values;
  const orders: BulkResetOrder[] = [];
  const read: string[][] = [];
  const handler = createSubmitBulkResetHandler({
    door: aCallerDoor(() => Promise.resolve(aCaller({ name, permissions: new Set(permissions) }))),
    submitBulkReset: (order) => {
      orders.push(order);
      if (result instanceof Error) return Promise.reject(result);
      const { bulkResetId } = order;
      return Promise.resolve(result ?? aBulkResetRow({ state: 'validating' }, { bulkResetId }));
    },
    readBulkReset: {
      progress: (...job) => {
        read.push(job);
        return Promise.resolve(aBulkProgress());
      },
    },
    links: createBulkResetLinks('https://resets.example'),
    newBulkResetId: () => newId,
  });
  return { answer: await call(handler, request), orders, read };
}
