import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  createTableBulkResetStore,
  type TableBulkResetStoreOptions,
} from '../../shared/azure/table-bulk-reset-store.js';
import type { BulkResetRow } from '../../shared/bulk-reset/bulk-reset.js';
import { acceptedAtMs } from '../builders/a-reset-row.js';
import { aBulkResetRow as aRow } from '../builders/a-bulk-reset.js';
import { FakeBulkResetStore } from '../fakes/fake-bulk-reset-store.js';
import { describeBulkResetStore } from './bulk-reset-store.contract.js';
import { startStorage, type StorageHarness } from './storage-harness.js';

const counts = { valid: 999_999, invalid: 1, lastRow: 1_000_000 };
let storage: StorageHarness;

beforeAll(async () => {
  storage = await startStorage();
});

afterAll(() => storage.stop());

describeBulkResetStore('FakeBulkResetStore', () => Promise.resolve(new FakeBulkResetStore()));
describeBulkResetStore('createTableBulkResetStore()', async () => (await openTable()).bulkResets);

describe('createTableBulkResetStore()', () => {
  it('knows its own writes, met again after a lost answer', async () => {
    const { bulkResets } = await openTable();
    const row = aBulkResetRow();

    storage.tables.loseNextAnswer('POST');
    const created = await bulkResets.createOrRead(row);
    storage.tables.loseNextAnswer('PUT');
    const replaced = await bulkResets.replace({ ...row, state: 'split', counts }, created.etag);

    expect(created.row).toStrictEqual(row);
    expect(replaced).toMatchObject({ row: { state: 'split', counts } });
    expect(await bulkResets.read(row.bulkResetId)).toStrictEqual(replaced);
  });

  it('gives each slice once when answers are lost', async () => {
    const { bulkResets } = await openTable();
    const { bulkResetId } = aBulkResetRow();
    const slices: number[] = [];

    for (const method of ['POST', 'PUT', 'PUT']) {
      storage.tables.loseNextAnswer(method);
      slices.push(await bulkResets.nextSlice(bulkResetId));
    }

    expect(slices).toEqual([0, 1, 2]);
  });

  it('keeps a job by its id, with dates as dates and the phase that it is in', async () => {
    const { bulkResets, table } = await openTable();
    const row = { ...aBulkResetRow(), cancelledAtMs: acceptedAtMs };

    await bulkResets.createOrRead(row);

    expect(await table.getEntity(row.bulkResetId, 'job')).toMatchObject({
      phase: 'open',
      acceptedAt: new Date(row.acceptedAtMs),
      cancelledAt: new Date(acceptedAtMs),
    });
  });

  it.each([{ fingerprint: 7 }, { state: 'done' }, { schemaVersion: 99 }, { tally: '{' }])(
    'refuses a job that cannot be understood, and leaves it out of lists: %j',
    async (columns) => {
      const onUnreadable = jest.fn();
      const { bulkResets, table } = await openTable({ onUnreadable });
      const [garbage, sound] = [aBulkResetRow(), aBulkResetRow()];
      await bulkResets.createOrRead(garbage);
      await bulkResets.createOrRead(sound);
      const key = { partitionKey: garbage.bulkResetId, rowKey: 'job' };
      await table.updateEntity({ ...key, ...columns }, 'Merge');

      const found: BulkResetRow[] = [];
      for await (const { row } of bulkResets.inPhase('open')) found.push(row);

      expect(found).toStrictEqual([sound]);
      expect(onUnreadable.mock.calls).toEqual([[garbage.bulkResetId]]);
      await expect(bulkResets.read(garbage.bulkResetId)).rejects.toThrow();
    },
  );

  it('lists more jobs than a page holds', async () => {
    const { bulkResets } = await openTable();
    for (let job = 0; job < 5; job += 1) await bulkResets.createOrRead(aBulkResetRow());
    storage.tables.shortenPages(2);

    const found: BulkResetRow[] = [];
    for await (const { row } of bulkResets.inPhase('open')) found.push(row);
    storage.tables.shortenPages(1_000);

    expect(found).toHaveLength(5);
  });
});

function aBulkResetRow(): BulkResetRow {
  return aRow({ state: 'validating' }, { bulkResetId: randomUUID() });
}

async function openTable(options: TableBulkResetStoreOptions = {}) {
  const table = storage.clients.table(`t${randomUUID().replaceAll('-', '')}`);
  await table.createTable();
  return { table, bulkResets: createTableBulkResetStore(table, options) };
}
