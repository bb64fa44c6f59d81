import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createStorageClients } from '../../shared/azure/storage-clients.js';
import {
  createTableResetStore,
  type TableResetStoreOptions,
} from '../../shared/azure/table-reset-store.js';
import { bulkRowNumber, bulkRowResetId } from '../../shared/bulk-reset/bulk-reset.js';
import { acceptedAtMs, aResetRow } from '../builders/a-reset-row.js';
import { rowsOf } from './rows-of.js';
import { startStorage, type StorageHarness } from './storage-harness.js';

const someJob = '3c9f5a52-0b1e-4d7a-8a37-5e0f6b2d9c21';
let storage: StorageHarness;

beforeAll(async () => {
  storage = await startStorage();
});

afterAll(() => storage.stop());

describe('createTableResetStore(), as others see it', () => {
  it('keeps a single reset by its day, with dates as dates', async () => {
    const { resets, table } = await openTable();
    const resetId = '20260101-6f1f8a5e-9a64-4f4d-9c0a-2f9f0a6c1b11';
    await resets.create(aResetRow({ resetId }));

    expect(await table.getEntity('20260101-6f', resetId)).toMatchObject({
      schemaVersion: 3,
      state: 'queued',
      acceptedAt: new Date(acceptedAtMs),
      notBefore: new Date(acceptedAtMs),
      attempts: 0,
    });
  });

  it.each([
    [1, '0000', '0000001'],
    [1_000, '0000', '0001000'],
    [1_001, '0001', '0001001'],
    [1_000_000, '0999', '1000000'],
  ])('keeps row %d of a job in shard %s', async (row, shard, rowKey) => {
    const { resets, table } = await openTable();
    const bulkResetId = randomUUID();
    const resetId = bulkRowResetId(bulkResetId, row);

    await resets.createMany([aResetRow({ resetId })]);

    expect(await table.getEntity(`${bulkResetId}-${shard}`, rowKey)).toMatchObject({ resetId });
  });

  it.each([
    ['a state that there is not', { state: 'done' }],
    ['a claim without a lease', { state: 'claimed' }],
    ['a code that there is not', { state: 'rejected', settledAt: new Date(0), code: 'toString' }],
    ['a customer that is no GUID', { customerTenantId: '../partner' }],
    ['a text for a number', { attempts: 'many' }],
    ['a later version of the app', { schemaVersion: 99 }],
    ['no version', { schemaVersion: 'none' }],
  ])('refuses a row that was tampered with: %s', async (_what, columns) => {
    const { resets, table } = await openTable();
    const { resetId } = aResetRow();
    await resets.create(aResetRow());
    const key = { partitionKey: resetId.slice(0, 11), rowKey: resetId };
    await table.updateEntity({ ...key, ...columns }, 'Merge');

    await expect(resets.read(resetId)).rejects.toThrow();
    await expect(resets.read(resetId)).rejects.not.toMatchObject({ name: 'ResetError' });
  });

  it.each([
    ['a single reset', aResetRow().resetId, '20260101-6f1f8a5e-9a64-4f4d-9c0a-2f9f0a6c1b12'],
    ['a row of a job', bulkRowResetId(someJob, 1), bulkRowResetId(someJob, 2)],
  ])('takes no copy of another row for %s', async (_what, ours, another) => {
    const unreadable: string[] = [];
    const { resets, table } = await openTable({ onUnreadable: (id) => unreadable.push(id) });
    await resets.createMany([aResetRow({ resetId: ours })]);
    await resets.createMany([aResetRow({ resetId: another })]);
    const keys: { partitionKey: string; rowKey: string }[] = [];
    for await (const { partitionKey = '', rowKey = '', resetId } of table.listEntities()) {
      if (resetId === ours) keys.push({ partitionKey, rowKey });
    }
    await table.updateEntity({ ...keys[0], resetId: another } as (typeof keys)[0], 'Merge');

    await expect(resets.read(ours)).rejects.toThrow(
      `Cannot take the row of another reset for ${ours}`,
    );
    const days = { lastDayMs: acceptedAtMs, days: 1 };
    const slice = { bulkResetId: someJob, slice: 0 };
    const listed = (await resets.openRows(slice)).map(({ row }) => row.resetId);
    for await (const { row } of resets.open(days)) listed.push(row.resetId);
    expect(listed).toEqual([another]);
    expect(unreadable).toEqual([ours]);
  });

  it('reads a row that was written before passwords could be refused', async () => {
    const { resets, table } = await openTable();
    const row = aResetRow();
    const { acceptedAtMs: atMs, notBeforeMs, refusedPasswords, ...columns } = row;
    await table.createEntity({
      partitionKey: row.resetId.slice(0, 11),
      rowKey: row.resetId,
      ...columns,
      acceptedAt: new Date(atMs),
      notBefore: new Date(notBeforeMs),
      schemaVersion: 1,
    });

    expect(await resets.read(row.resetId)).toMatchObject({ row: { ...row, refusedPasswords } });
  });
});

describe('createTableResetStore() with rows that it cannot understand', () => {
  const garbage = [{ caller: 7, customerTenantId: 'contoso' }, { schemaVersion: 99 }];

  it.each(garbage)(
    'leaves a row of a job out of every list, and tells of it: %j',
    async (columns) => {
      const onUnreadable = jest.fn();
      const { resets, table } = await openTable({ onUnreadable });
      const bulkResetId = randomUUID();
      const resetId = bulkRowResetId(bulkResetId, 2);
      const sealed = [1, 2, 3].map((row) =>
        aResetRow({
          state: 'applied',
          seal: 'a seal',
          resetId: bulkRowResetId(bulkResetId, 100 + row),
        }),
      );
      await resets.createMany([...rowsOf(bulkResetId, [1, 2, 3]), ...sealed]);
      for (const rowKey of ['0000002', '0000102']) {
        await table.updateEntity(
          { partitionKey: `${bulkResetId}-0000`, rowKey, ...columns },
          'Merge',
        );
      }

      const page = await resets.page({ bulkResetId, afterRow: 0, limit: 2 });
      const open = await resets.openRows({ bulkResetId, slice: 0 });
      const outcomes = await resets.outcomes(bulkResetId, 0);
      const found = await resets.rowsWithPassword(bulkResetId, 0);

      expect(page.map(bulkRowNumber)).toEqual([1, 3]);
      expect(open.map(({ row }) => bulkRowNumber(row))).toEqual([1, 3]);
      expect(outcomes.map(bulkRowNumber)).toEqual([1, 3, 101, 103]);
      expect(found.map(({ row }) => bulkRowNumber(row))).toEqual([101, 103]);
      expect(onUnreadable.mock.calls).toEqual(
        [2, 2, 2, 102, 102].map((row) => [bulkRowResetId(bulkResetId, row)]),
      );
      await resets.deleteShard(bulkResetId, 0);
      expect(await resets.read(resetId)).toBeUndefined();
    },
  );

  it.each(garbage)('leaves a single reset out, and tells of it: %j', async (columns) => {
    const onUnreadable = jest.fn();
    const { resets, table } = await openTable({ onUnreadable });
    const [first, second] = ['20260101-a', '20260101-b'];
    await resets.create(aResetRow({ resetId: first }));
    await resets.create(aResetRow({ resetId: second }));
    await table.updateEntity({ partitionKey: first, rowKey: first, ...columns }, 'Merge');

    const found: string[] = [];
    for await (const { row } of resets.open({ lastDayMs: acceptedAtMs, days: 1 })) {
      found.push(row.resetId);
    }

    expect(found).toEqual([second]);
    expect(onUnreadable.mock.calls).toEqual([[first]]);
  });
});

describe('createTableResetStore() without a table service', () => {
  it('says of everything that the storage does not answer', async () => {
    const nobody = 'http://127.0.0.1:1/account';
    const connectionString = [
      'DefaultEndpointsProtocol=http;AccountName=account',
      `AccountKey=${Buffer.from('any key').toString('base64')}`,
      `BlobEndpoint=${nobody};QueueEndpoint=${nobody};TableEndpoint=${nobody}`,
    ].join(';');
    const connection = { kind: 'connectionString', connectionString } as const;
    const credential = { getToken: () => Promise.resolve(null) };
    const resets = createTableResetStore(
      createStorageClients(connection, credential).table('rows'),
    );
    const row = aResetRow({ seal: 'a telling seal' });
    const bulkResetId = randomUUID();

    const failures = await Promise.all(
      [
        resets.create(row),
        resets.createMany([row]),
        resets.read(row.resetId),
        resets.replace(row, '"1"'),
        resets.page({ bulkResetId, afterRow: 0, limit: 1 }),
        resets.replaceMany([{ row, etag: '"1"' }]),
        resets.outcomes(bulkResetId, 0),
        resets.openRows({ bulkResetId, slice: 0 }),
        resets.rowsWithPassword(bulkResetId, 0),
        resets.deleteShard(bulkResetId, 0),
        resets.deleteBefore(acceptedAtMs),
      ].map((work) => work.catch((error: unknown) => error)),
    );

    for (const failure of failures) {
      expect(failure).toMatchObject({ code: 'StorageUnavailable', recovery: 'later' });
      expect((failure as Error).message).toMatch(/^Cannot .+: no answer \(ECONNREFUSED\)$/);
    }
  });
});

async function openTable(options: TableResetStoreOptions = {}) {
  const table = storage.clients.table(`t${randomUUID().replaceAll('-', '')}`);
  await table.createTable();
  return { table, resets: createTableResetStore(table, options) };
}
