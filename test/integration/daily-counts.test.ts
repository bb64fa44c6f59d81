import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DailyCounts } from '../../shared/callers/daily-cap.js';
import { createTableDailyCounts } from '../../shared/azure/table-daily-counts.js';
import { startStorage, type StorageHarness } from './storage-harness.js';

let storage: StorageHarness;

beforeAll(async () => {
  storage = await startStorage();
});

afterAll(() => storage.stop());

const today = { caller: 'helpdesk', day: '2026-01-01', most: 5 };

describe('createTableDailyCounts()', () => {
  it('counts up to the limit, and refuses what would exceed it without counting it', async () => {
    const counts = (await openTable())();

    expect(await counts.add({ ...today, resets: 3 })).toBe(true);
    expect(await counts.add({ ...today, resets: 3 })).toBe(false);
    expect(await counts.add({ ...today, resets: 2 })).toBe(true);
    expect(await counts.add({ ...today, resets: 1 })).toBe(false);
  });

  it('begins anew with each day, and for each caller', async () => {
    const counts = (await openTable())();
    await counts.add({ ...today, resets: 5 });

    expect(await counts.add({ ...today, caller: 'flow', resets: 5 })).toBe(true);
    expect(await counts.add({ ...today, day: '2026-01-02', resets: 5 })).toBe(true);
    expect(await counts.add({ ...today, day: '2026-01-02', resets: 1 })).toBe(false);
  });

  it('lets no more pass when many ask at once, in two processes', async () => {
    const process = await openTable();
    const [one, other] = [process(), process()];

    const passed = await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        (at % 2 === 0 ? one : other).add({ ...today, resets: 1 }),
      ),
    );

    expect(passed.filter(Boolean)).toHaveLength(5);
  });

  it('sees what another process has counted before it refuses, and after a limit was raised', async () => {
    const process = await openTable();
    const [one, other] = [process(), process()];
    await one.add({ ...today, resets: 1 });
    await other.add({ ...today, resets: 4 });

    expect(await one.add({ ...today, resets: 1 })).toBe(false);
    expect(await one.add({ ...today, most: 6, resets: 1 })).toBe(true);
  });

  it('goes on with the later day when the clocks of two processes stand on both sides of midnight', async () => {
    const process = await openTable();
    const [early, late] = [process(), process()];
    const tomorrow = { ...today, day: '2026-01-02' };
    const job = { ...today, bulkResetId: randomUUID() };

    expect(await late.add({ ...tomorrow, resets: 1 })).toBe(true);
    expect(await early.add({ ...today, resets: 1 })).toBe(true);
    expect(await late.add({ ...tomorrow, bulkResetId: job.bulkResetId, resets: 1 })).toBe(true);
    expect(await early.add({ ...job, resets: 2 })).toBe(true);
    expect(await late.add({ ...tomorrow, resets: 2 })).toBe(false);
    expect(await early.add({ ...today, resets: 1 })).toBe(true);
    expect(await early.add({ ...today, resets: 1 })).toBe(false);
  });

  it('counts once when the answer to the write is lost', async () => {
    const counts = (await openTable())();
    await counts.add({ ...today, resets: 1 });
    storage.tables.loseNextAnswer('PUT');

    expect(await counts.add({ ...today, resets: 3 })).toBe(true);
    expect(await counts.add({ ...today, resets: 1 })).toBe(true);
    expect(await counts.add({ ...today, resets: 1 })).toBe(false);
  });

  describe('a job', () => {
    const bulkResetId = randomUUID();
    const job = { ...today, bulkResetId };

    it('is counted once a day, however often and from wherever it is asked', async () => {
      const process = await openTable();
      const [one, other] = [process(), process()];

      expect(await one.add({ ...job, resets: 3 })).toBe(true);
      expect(await other.add({ ...job, resets: 3 })).toBe(true);
      expect(await one.add({ ...today, resets: 2 })).toBe(true);
      expect(await one.add({ ...today, resets: 1 })).toBe(false);
      expect(await one.add({ ...job, resets: 3 })).toBe(true);
    });

    it('is counted once when it is asked at the same time', async () => {
      const process = await openTable();

      const passed = await Promise.all(
        Array.from({ length: 8 }, () => process().add({ ...job, resets: 3 })),
      );

      expect(passed).not.toContain(false);
      expect(await process().add({ ...today, resets: 2 })).toBe(true);
    });

    it('is counted once when the answer to the write is lost', async () => {
      const counts = (await openTable())();
      await counts.add({ ...job, resets: 1 });
      storage.tables.loseNextAnswer('POST');

      expect(await counts.add({ ...job, resets: 3 })).toBe(true);
      expect(await counts.add({ ...today, resets: 2 })).toBe(true);
    });

    it('counts against the limit beside others', async () => {
      const counts = (await openTable())();
      await counts.add({ ...today, resets: 2 });

      expect(await counts.add({ ...job, resets: 4 })).toBe(false);
      expect(await counts.add({ ...job, bulkResetId: randomUUID(), resets: 3 })).toBe(true);
      expect(await counts.add({ ...today, resets: 1 })).toBe(false);
    });

    it('that has become larger is counted as far as it has', async () => {
      const counts = (await openTable())();
      await counts.add({ ...job, resets: 3 });

      expect(await counts.add({ ...job, resets: 6 })).toBe(false);
      expect(await counts.add({ ...job, resets: 5 })).toBe(true);
      expect(await counts.add({ ...today, resets: 1 })).toBe(false);
    });

    it.each<[string, Parameters<DailyCounts['add']>[0]]>([
      ['a single reset', { ...today, day: '2026-01-02', resets: 1 }],
      ['another job', { ...job, bulkResetId: randomUUID(), day: '2026-01-02', resets: 1 }],
    ])('is forgotten when %s begins another day', async (_what, next) => {
      const table = storage.clients.table(`t${randomUUID().replaceAll('-', '')}`);
      await table.createTable();
      const counts = createTableDailyCounts(table);
      await counts.add({ ...job, resets: 3 });

      await counts.add(next);

      const keys: unknown[] = [];
      for await (const { rowKey } of table.listEntities()) keys.push(rowKey);
      const { bulkResetId: id } = next;
      expect(keys).toEqual(['count', ...(id === undefined ? [] : [`job-${id}`])]);
      expect(await counts.add({ ...job, day: '2026-01-02', resets: 5 })).toBe(false);
    });
  });

  it('says StorageUnavailable when the table is not there', async () => {
    const table = storage.clients.table(`t${randomUUID().replaceAll('-', '')}`);

    await expect(createTableDailyCounts(table).add({ ...today, resets: 1 })).rejects.toMatchObject({
      code: 'StorageUnavailable',
    });
  });
});

/** Opens the same counts as another process would. */
async function openTable() {
  const table = storage.clients.table(`t${randomUUID().replaceAll('-', '')}`);
  await table.createTable();
  return () => createTableDailyCounts(table);
}
