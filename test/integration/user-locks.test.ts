import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTableUserLocks } from '../../shared/azure/table-user-locks.js';
import { customerTenantId, userId } from '../builders/a-reset-row.js';
import { FakeUserLocks } from '../fakes/fake-user-locks.js';
import { startStorage, type StorageHarness } from './storage-harness.js';
import { describeUserLocks } from './user-locks.contract.js';

let storage: StorageHarness;

beforeAll(async () => {
  storage = await startStorage();
});

afterAll(() => storage.stop());

describeUserLocks('FakeUserLocks', () => Promise.resolve(new FakeUserLocks()));
describeUserLocks('createTableUserLocks()', async () => (await openTable()).locks);

describe('createTableUserLocks()', () => {
  const user = { customerTenantId, userId };

  it('keeps the users of a customer in one of 256 partitions', async () => {
    const { locks, table } = await openTable();

    await locks.createOrRead(user, 'reset-1');

    expect(await table.getEntity('0a', `${customerTenantId}|${userId}`)).toMatchObject({
      resetId: 'reset-1',
    });
  });

  it('knows the user for its own when the answer to the first write is lost', async () => {
    const { locks } = await openTable();
    storage.tables.loseNextAnswer('POST');

    const lock = await locks.createOrRead(user, 'reset-1');

    expect(lock.resetId).toBe('reset-1');
    expect(await locks.read(user)).toStrictEqual(lock);
  });

  it('takes a user over when the answer is lost', async () => {
    const { locks } = await openTable();
    const { etag } = await locks.createOrRead(user, 'reset-1');
    storage.tables.loseNextAnswer('PUT');

    const lock = await locks.replace(user, { resetId: 'reset-2' }, etag);

    expect(lock).toMatchObject({ resetId: 'reset-2' });
    expect(await locks.read(user)).toStrictEqual(lock);
  });

  it('does not take another reset for its own when the answer is lost', async () => {
    const { locks } = await openTable();
    const { etag } = await locks.createOrRead(user, 'reset-1');
    await locks.replace(user, { resetId: 'reset-2' }, etag);
    storage.tables.loseNextAnswer('PUT');

    expect(await locks.replace(user, { resetId: 'reset-3' }, etag)).toBe('conflict');
  });

  it.each([{ resetId: 7 }, { schemaVersion: 2 }])(
    'refuses an entry that was tampered with: %j',
    async (columns) => {
      const { locks, table } = await openTable();
      await locks.createOrRead(user, 'reset-1');
      const key = { partitionKey: '0a', rowKey: `${customerTenantId}|${userId}` };
      await table.updateEntity({ ...key, ...columns }, 'Merge');

      await expect(locks.read(user)).rejects.toThrow();
      await expect(locks.createOrRead(user, 'reset-2')).rejects.toThrow();
    },
  );
});

async function openTable() {
  const table = storage.clients.table(`t${randomUUID().replaceAll('-', '')}`);
  await table.createTable();
  return { table, locks: createTableUserLocks(table) };
}
