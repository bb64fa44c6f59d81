import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTableIdempotencyKeys } from '../../shared/azure/table-idempotency-keys.js';
import type { IdempotencyEntry } from '../../shared/password-reset/ports.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { FakeIdempotencyKeys } from '../fakes/fake-idempotency-keys.js';
import { describeIdempotencyKeys } from './idempotency-keys.contract.js';
import { startStorage, type StorageHarness } from './storage-harness.js';

let storage: StorageHarness;

beforeAll(async () => {
  storage = await startStorage();
});

afterAll(() => storage.stop());

describeIdempotencyKeys('FakeIdempotencyKeys', (now) =>
  Promise.resolve(new FakeIdempotencyKeys({ now })),
);
describeIdempotencyKeys('createTableIdempotencyKeys()', async (now) => (await openTable(now)).keys);

describe('createTableIdempotencyKeys()', () => {
  const key = { caller: 'helpdesk', key: 'a key that tells something' };

  it('keeps nothing of the key but a hash', async () => {
    const { keys, table } = await openTable();

    await keys.createOrRead(key, anEntry('reset-1'));

    const text = JSON.stringify([key.caller, key.key]);
    const hash = createHash('sha256').update(text).digest('hex');
    expect(await table.getEntity(hash.slice(0, 2), hash)).toMatchObject({ resetId: 'reset-1' });
  });

  it('knows its own entry when the answer to the write is lost', async () => {
    const { keys } = await openTable();
    storage.tables.loseNextAnswer('POST');

    expect(await keys.createOrRead(key, anEntry('reset-1'))).toStrictEqual(anEntry('reset-1'));
  });

  it('gives the entry of somebody else when the answer is lost', async () => {
    const { keys } = await openTable();
    await keys.createOrRead(key, anEntry('reset-1'));
    storage.tables.loseNextAnswer('POST');

    expect(await keys.createOrRead(key, anEntry('reset-2'))).toStrictEqual(anEntry('reset-1'));
  });

  it('knows its own entry that replaced an expired one when the answer is lost', async () => {
    const clock = new FakeClock();
    const { keys } = await openTable(clock.now);
    await keys.createOrRead(key, anEntry('reset-1', clock.nowMs));
    clock.pass(24 * 3_600_000);
    storage.tables.loseNextAnswer('PUT');

    const replaced = await keys.createOrRead(key, anEntry('reset-2', clock.nowMs));

    expect(replaced).toStrictEqual(anEntry('reset-2', clock.nowMs));
    expect(await keys.createOrRead(key, anEntry('reset-3', clock.nowMs))).toStrictEqual(replaced);
  });
});

const nowMs = Date.UTC(2026, 0, 1);

function anEntry(resetId: string, createdAtMs = nowMs): IdempotencyEntry {
  return { resetId, fingerprint: `of ${resetId}`, createdAtMs };
}

async function openTable(now = () => nowMs) {
  const table = storage.clients.table(`t${randomUUID().replaceAll('-', '')}`);
  await table.createTable();
  return { table, keys: createTableIdempotencyKeys({ table, now }) };
}
