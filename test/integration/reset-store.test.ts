import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createStorageClients } from '../../shared/azure/storage-clients.js';
import { createTableResetStore } from '../../shared/azure/table-reset-store.js';
import { bulkRowResetId } from '../../shared/bulk-reset/bulk-reset.js';
import { acceptedAtMs, aResetRow } from '../builders/a-reset-row.js';
import { FakeResetStore } from '../fakes/fake-reset-store.js';
import { describeResetStore } from './reset-store.contract.js';
import { startStorage, type StorageHarness } from './storage-harness.js';

let storage: StorageHarness;

beforeAll(async () => {
  storage = await startStorage();
});

afterAll(() => storage.stop());

describeResetStore('FakeResetStore', () => Promise.resolve(new FakeResetStore()));
describeResetStore('createTableResetStore()', async () => (await openTable()).resets);

describe('createTableResetStore() when the answer to a write is lost', () => {
  it('knows the row that it created, met again', async () => {
    const { resets } = await openTable();
    const row = aResetRow();
    loseNextAnswer('POST');

    const created = await resets.create(row);

    expect(requestsFor('POST')).toBe(2);
    expect(created.row).toEqual(row);
    expect(await resets.read(row.resetId)).toStrictEqual(created);
  });

  it('knows a row that somebody else had created from its own', async () => {
    const { resets } = await openTable();
    await resets.create(aResetRow({ reference: 'theirs' }));
    loseNextAnswer('POST');

    await expect(resets.create(aResetRow({ reference: 'ours' }))).rejects.toThrow('exists already');
    expect(requestsFor('POST')).toBe(2);
  });

  it('knows the row that it replaced, met again', async () => {
    const { resets } = await openTable();
    const { row, etag } = await resets.create(aResetRow());
    loseNextAnswer('PUT');

    const replaced = await resets.replace({ ...row, attempts: 1 }, etag);

    expect(requestsFor('PUT')).toBe(2);
    expect(replaced).toMatchObject({ row: { attempts: 1 } });
    expect(await resets.read(row.resetId)).toStrictEqual(replaced);
  });

  it('can go on with the ETag of the row that it met again', async () => {
    const { resets } = await openTable();
    const { row, etag } = await resets.create(aResetRow());
    loseNextAnswer('PUT');
    const replaced = await resets.replace({ ...row, attempts: 1 }, etag);
    if (replaced === 'conflict') throw new Error('It took its own write for a conflict');

    expect(await resets.replace({ ...row, attempts: 2 }, replaced.etag)).toMatchObject({
      row: { attempts: 2 },
    });
  });

  it('knows a row that somebody else had replaced from its own', async () => {
    const { resets } = await openTable();
    const { row, etag } = await resets.create(aResetRow());
    await resets.replace({ ...row, attempts: 1 }, etag);
    loseNextAnswer('PUT');

    expect(await resets.replace({ ...row, attempts: 1 }, etag)).toBe('conflict');
    expect(requestsFor('PUT')).toBe(2);
  });

  it('creates the rows of a job once', async () => {
    const { resets } = await openTable();
    const bulkResetId = randomUUID();
    const rows = [1, 2, 3].map((row) => aResetRow({ resetId: bulkRowResetId(bulkResetId, row) }));
    loseNextAnswer('POST');

    await resets.createMany(rows);

    expect(requestsFor('POST')).toBeGreaterThan(1);
    expect(await resets.page({ bulkResetId, afterRow: 0, limit: 10 })).toStrictEqual(rows);
  });
});

describe('createTableResetStore() when pages are shorter than asked for', () => {
  it('reads on until it has all, or as many as it was asked for', async () => {
    const { resets } = await openTable();
    const bulkResetId = randomUUID();
    const rows = [1, 2, 3, 4, 5].map((row) =>
      aResetRow({ resetId: bulkRowResetId(bulkResetId, row) }),
    );
    await resets.createMany(rows);
    storage.tables.shortenPages(2);

    const all = await resets.page({ bulkResetId, afterRow: 0, limit: 1_000 });
    const three = await resets.page({ bulkResetId, afterRow: 1, limit: 3 });
    const outcomes = await resets.outcomes(bulkResetId, 0);
    storage.tables.shortenPages(1_000);

    expect(all).toStrictEqual(rows);
    expect(three).toStrictEqual(rows.slice(1, 4));
    expect(outcomes).toHaveLength(5);
  });
});

describe('createTableResetStore(), as others see it', () => {
  it('keeps a single reset by its day, with dates as dates', async () => {
    const { resets, table } = await openTable();
    const resetId = '20260101-6f1f8a5e-9a64-4f4d-9c0a-2f9f0a6c1b11';
    await resets.create(aResetRow({ resetId }));

    expect(await table.getEntity('20260101-6f', resetId)).toMatchObject({
      schemaVersion: 1,
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
  ])('refuses a row that was tampered with: %s', async (_what, columns) => {
    const { resets, table } = await openTable();
    const { resetId } = aResetRow();
    await resets.create(aResetRow());
    const key = { partitionKey: resetId.slice(0, 11), rowKey: resetId };
    await table.updateEntity({ ...key, ...columns }, 'Merge');

    await expect(resets.read(resetId)).rejects.toThrow();
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
        resets.outcomes(bulkResetId, 0),
      ].map((work) => work.catch((error: unknown) => error)),
    );

    for (const failure of failures) {
      expect(failure).toMatchObject({ code: 'StorageUnavailable', recovery: 'later' });
      expect((failure as Error).message).toMatch(/^Cannot .+: no answer \(ECONNREFUSED\)$/);
    }
  });
});

async function openTable() {
  const table = storage.clients.table(`t${randomUUID().replaceAll('-', '')}`);
  await table.createTable();
  return { table, resets: createTableResetStore(table) };
}

let seenBefore = 0;

function loseNextAnswer(method: string): void {
  seenBefore = storage.tables.seen.length;
  storage.tables.loseNextAnswer(method);
}

/** Those since an answer was to be lost. */
function requestsFor(method: string): number {
  return storage.tables.seen.slice(seenBefore).filter((one) => one.startsWith(method)).length;
}
