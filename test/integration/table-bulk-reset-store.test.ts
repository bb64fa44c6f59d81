import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createTableBulkResetStore } from '../../shared/azure/table-bulk-reset-store.js';
import type {
  BulkResetFacts,
  BulkResetRow,
  BulkResetState,
} from '../../shared/bulk-reset/bulk-reset.js';
import type { BulkResetStore } from '../../shared/bulk-reset/ports.js';
import { startStorage, type StorageHarness } from './storage-harness.js';

const counts = { valid: 999_999, invalid: 1, lastRow: 1_000_000 };

describe('createTableBulkResetStore()', () => {
  let storage: StorageHarness;
  let bulkResets: BulkResetStore;

  beforeAll(async () => {
    storage = await startStorage();
  });

  afterAll(() => storage.stop());

  beforeEach(async () => {
    const table = storage.clients.table(`t${randomUUID().replaceAll('-', '')}`);
    await table.createTable();
    bulkResets = createTableBulkResetStore(table);
  });

  it.each<BulkResetState>([
    { state: 'validating' },
    { state: 'splitting', counts, checkedSha256: 'of the rows', splitRows: 0 },
    { state: 'stopped', code: 'InvalidRows', message: 'No more', counts, splitRows: 7 },
    { state: 'split', counts },
    { state: 'refused', code: 'InvalidRows', message: 'Nothing was started', counts },
    { state: 'refused', code: 'InvalidRequest', message: "It isn't a CSV: “;” 🔑" },
  ])('keeps a job as it is: $state', async (state) => {
    const row = aBulkResetRow(state);

    const stored = await bulkResets.createOrRead(row);

    expect(stored.row).toStrictEqual(row);
    expect(await bulkResets.read(row.bulkResetId)).toStrictEqual(stored);
  });

  it('keeps what a job may have', async () => {
    const row = aBulkResetRow(
      { state: 'validating' },
      { reference: 'INC-7', delivery: 'response' },
    );

    await bulkResets.createOrRead(row);

    expect((await bulkResets.read(row.bulkResetId))?.row).toStrictEqual(row);
  });

  it('gives the job that has the id already, as it is now', async () => {
    const row = aBulkResetRow({ state: 'validating' });
    const { etag } = await bulkResets.createOrRead(row);
    const theirs = await bulkResets.replace({ ...row, state: 'split', counts }, etag);

    const stored = await bulkResets.createOrRead({ ...row, fingerprint: 'of another order' });

    expect(stored).toStrictEqual(theirs);
  });

  it('knows no job that there is not', async () => {
    expect(await bulkResets.read(randomUUID())).toBeUndefined();
  });

  it('replaces a job and leaves nothing of what it was', async () => {
    const row = aBulkResetRow({ state: 'splitting', counts, checkedSha256: '', splitRows: 7 });
    const { etag } = await bulkResets.createOrRead(row);
    const refused = aBulkResetRow({ state: 'refused', code: 'InvalidRows', message: 'No' }, row);

    const replaced = await bulkResets.replace(refused, etag);

    expect(replaced).toMatchObject({ row: refused });
    expect(await bulkResets.read(row.bulkResetId)).toStrictEqual(replaced);
  });

  it('is a conflict when the job was changed meanwhile, and writes nothing', async () => {
    const row = aBulkResetRow({ state: 'validating' });
    const { etag } = await bulkResets.createOrRead(row);
    const theirs = await bulkResets.replace({ ...row, state: 'split', counts }, etag);

    const ours = await bulkResets.replace(
      { ...row, state: 'splitting', counts, checkedSha256: '', splitRows: 0 },
      etag,
    );

    expect(ours).toBe('conflict');
    expect(await bulkResets.read(row.bulkResetId)).toStrictEqual(theirs);
  });

  it('knows its own writes, met again after a lost answer', async () => {
    const row = aBulkResetRow({ state: 'validating' });

    storage.tables.loseNextAnswer('POST');
    const created = await bulkResets.createOrRead(row);
    storage.tables.loseNextAnswer('PUT');
    const replaced = await bulkResets.replace({ ...row, state: 'split', counts }, created.etag);

    expect(created.row).toStrictEqual(row);
    expect(replaced).toMatchObject({ row: { state: 'split', counts } });
    expect(await bulkResets.read(row.bulkResetId)).toStrictEqual(replaced);
  });
});

function aBulkResetRow(state: BulkResetState, facts: Partial<BulkResetFacts> = {}): BulkResetRow {
  return {
    bulkResetId: facts.bulkResetId ?? randomUUID(),
    caller: 'bulk-queue',
    delivery: facts.delivery ?? 'none',
    ...(facts.reference !== undefined && { reference: facts.reference }),
    fingerprint: 'of the order',
    acceptedAtMs: Date.UTC(2026, 0, 1) + 123,
    ...state,
  };
}
