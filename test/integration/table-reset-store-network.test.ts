import { randomUUID } from 'node:crypto';
import type { TableClient, TransactionAction } from '@azure/data-tables';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTableResetStore } from '../../shared/azure/table-reset-store.js';
import type { ResetStore, Stored } from '../../shared/password-reset/ports.js';
import type { OpenRow } from '../../shared/password-reset/reset-row.js';
import { aResetRow } from '../builders/a-reset-row.js';
import { rowsOf } from './rows-of.js';
import { startStorage, type StorageHarness } from './storage-harness.js';

let storage: StorageHarness;

beforeAll(async () => {
  storage = await startStorage();
});

afterAll(() => storage.stop());

describe('createTableResetStore() when the answer to a write is lost', () => {
  it('knows the row that it created, met again', async () => {
    const { resets } = await openTable();
    const row = aResetRow();
    loseNextAnswer('POST');

    const created = await resets.create(row);

    expect(requestsFor('POST')).toBe(2);
    expect(created).toMatchObject({ row });
    expect(await resets.read(row.resetId)).toStrictEqual(created);
  });

  it('knows a row that somebody else had created from its own', async () => {
    const { resets } = await openTable();
    await resets.create(aResetRow({ reference: 'theirs' }));
    loseNextAnswer('POST');

    expect(await resets.create(aResetRow({ reference: 'ours' }))).toBe('exists');
    expect(requestsFor('POST')).toBe(2);
  });

  it('knows the row that it replaced, met again', async () => {
    const { resets } = await openTable();
    const { row, etag } = await createRow(resets);
    loseNextAnswer('PUT');

    const replaced = await resets.replace({ ...row, attempts: 1 }, etag);

    expect(requestsFor('PUT')).toBe(2);
    expect(replaced).toMatchObject({ row: { attempts: 1 } });
    expect(await resets.read(row.resetId)).toStrictEqual(replaced);
  });

  it('can go on with the ETag of the row that it met again', async () => {
    const { resets } = await openTable();
    const { row, etag } = await createRow(resets);
    loseNextAnswer('PUT');
    const replaced = await resets.replace({ ...row, attempts: 1 }, etag);
    if (replaced === 'conflict') throw new Error('It took its own write for a conflict');

    expect(await resets.replace({ ...row, attempts: 2 }, replaced.etag)).toMatchObject({
      row: { attempts: 2 },
    });
  });

  it('knows a row that somebody else had replaced from its own', async () => {
    const { resets } = await openTable();
    const { row, etag } = await createRow(resets);
    await resets.replace({ ...row, attempts: 1 }, etag);
    loseNextAnswer('PUT');

    expect(await resets.replace({ ...row, attempts: 1 }, etag)).toBe('conflict');
    expect(requestsFor('PUT')).toBe(2);
  });

  it('creates the rows of a job once', async () => {
    const { resets } = await openTable();
    const bulkResetId = randomUUID();
    const rows = rowsOf(bulkResetId, [1, 2, 3]);
    loseNextAnswer('POST');

    await resets.createMany(rows);

    expect(requestsFor('POST')).toBeGreaterThan(1);
    expect(await resets.page({ bulkResetId, afterRow: 0, limit: 10 })).toStrictEqual(rows);
  });

  it('replaces the rows of a job once', async () => {
    const { resets } = await openTable();
    const bulkResetId = randomUUID();
    await resets.createMany(rowsOf(bulkResetId, [1, 2, 3]));
    const stored = await resets.openRows({ bulkResetId, slice: 0 });
    loseNextAnswer('POST');

    const answered = await resets.replaceMany(
      stored.map(({ row, etag }) => ({ row: { ...row, attempts: 1 }, etag })),
    );

    expect(requestsFor('POST')).toBe(2);
    expect(answered).toHaveLength(3);
    const replaced = await resets.page({ bulkResetId, afterRow: 0, limit: 10 });
    expect(replaced.map(({ attempts }) => attempts)).toEqual([1, 1, 1]);
  });

  it('deletes the rows of a job', async () => {
    const { resets } = await openTable();
    const bulkResetId = randomUUID();
    await resets.createMany(rowsOf(bulkResetId, [1, 2, 3]));
    loseNextAnswer('POST');

    await resets.deleteShard(bulkResetId, 0);

    expect(requestsFor('POST')).toBe(2);
    expect(await resets.outcomes(bulkResetId, 0)).toEqual([]);
  });
});

describe('createTableResetStore() when somebody else deletes, too', () => {
  it('deletes the rows that are left', async () => {
    const { resets, table } = await openTable();
    const bulkResetId = randomUUID();
    await resets.createMany(rowsOf(bulkResetId, [1, 2, 3]));
    const crowded = Object.assign(Object.create(table) as TableClient, {
      submitTransaction: async (actions: TransactionAction[]) => {
        await table.deleteEntity(`${bulkResetId}-0000`, '0000002');
        return table.submitTransaction(actions);
      },
    });

    await createTableResetStore(crowded).deleteShard(bulkResetId, 0);

    expect(await resets.outcomes(bulkResetId, 0)).toEqual([]);
  });
});

describe('createTableResetStore() when pages are shorter than asked for', () => {
  it('reads on until it has all, or as many as it was asked for', async () => {
    const { resets } = await openTable();
    const bulkResetId = randomUUID();
    const rows = rowsOf(bulkResetId, [1, 2, 3, 4, 5]);
    await resets.createMany(rows);
    storage.tables.shortenPages(2);

    const all = await resets.page({ bulkResetId, afterRow: 0, limit: 1_000 });
    const three = await resets.page({ bulkResetId, afterRow: 1, limit: 3 });
    const outcomes = await resets.outcomes(bulkResetId, 0);
    const open = await resets.openRows({ bulkResetId, slice: 0 });
    await resets.deleteShard(bulkResetId, 0);
    const left = await resets.outcomes(bulkResetId, 0);
    storage.tables.shortenPages(1_000);

    expect(all).toStrictEqual(rows);
    expect(three).toStrictEqual(rows.slice(1, 4));
    expect(outcomes).toHaveLength(5);
    expect(open.map(({ row }) => row)).toStrictEqual(rows);
    expect(left).toEqual([]);
  });
});

async function openTable() {
  const table = storage.clients.table(`t${randomUUID().replaceAll('-', '')}`);
  await table.createTable();
  return { table, resets: createTableResetStore(table) };
}

async function createRow(resets: ResetStore): Promise<Stored<OpenRow>> {
  const created = await resets.create<OpenRow>(aResetRow());
  if (created === 'exists') throw new Error('It took a new row for one that exists');
  return created;
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
