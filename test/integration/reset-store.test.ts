import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll } from '@jest/globals';
import { createTableResetStore } from '../../shared/azure/table-reset-store.js';
import { FakeResetStore } from '../fakes/fake-reset-store.js';
import { describeBulkResetRows } from './bulk-reset-rows.contract.js';
import { describeResetStore } from './reset-store.contract.js';
import { describeResetStoreTransactions } from './reset-store-transactions.contract.js';
import { describeSingleResets } from './single-resets.contract.js';
import { startStorage, type StorageHarness } from './storage-harness.js';

let storage: StorageHarness;

beforeAll(async () => {
  storage = await startStorage();
});

afterAll(() => storage.stop());

const stores = [
  ['FakeResetStore', () => Promise.resolve(new FakeResetStore())],
  ['createTableResetStore()', openTable],
] as const;

for (const [name, open] of stores) {
  describeResetStore(name, open);
  describeResetStoreTransactions(name, open);
  describeBulkResetRows(name, open);
  describeSingleResets(name, open);
}

async function openTable() {
  const table = storage.clients.table(`t${randomUUID().replaceAll('-', '')}`);
  await table.createTable();
  return createTableResetStore(table);
}
