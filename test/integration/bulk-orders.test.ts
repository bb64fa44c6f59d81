import { randomBytes, randomUUID } from 'node:crypto';
import type { ContainerClient } from '@azure/storage-blob';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createBlobBulkOrders } from '../../shared/azure/blob-bulk-orders.js';
import type { Envelopes } from '../../shared/bulk-reset/ports.js';
import { createEnvelopes } from '../../shared/delivery/envelopes.js';
import { aKeptOrder, aCsv } from '../builders/a-bulk-reset.js';
import { FakeBulkOrders } from '../fakes/fake-bulk-orders.js';
import { describeBulkOrders } from './bulk-orders.contract.js';
import { startStorage, type StorageHarness } from './storage-harness.js';

const { signal } = new AbortController();
const envelopes = envelopesOf(randomBytes(32));
let storage: StorageHarness;

beforeAll(async () => {
  storage = await startStorage();
});

afterAll(() => storage.stop());

describeBulkOrders('FakeBulkOrders', () => Promise.resolve(new FakeBulkOrders()));
describeBulkOrders('createBlobBulkOrders()', async () =>
  createBlobBulkOrders({ container: await openContainer(), envelopes }),
);

describe('createBlobBulkOrders()', () => {
  let container: ContainerClient;

  beforeEach(async () => {
    container = await openContainer();
  });

  it('shows nothing of an order to whoever can read the storage', async () => {
    const order = aKeptOrder({ source: { kind: 'csv', csv: aCsv(100) }, caller: 'portal' });
    await createBlobBulkOrders({ container, envelopes }).write(order, signal);

    const blob = String(await container.getBlobClient(order.bulkResetId).downloadToBuffer());

    for (const part of blob.split('.')) {
      expect(`${part} ${Buffer.from(part, 'base64url').toString()}`).not.toMatch(
        /contoso|user-|portal/,
      );
    }
  });

  it.each([
    ['is no envelope', 'garbage'],
    ['is empty', ''],
  ])('knows no order where what is there %s', async (_what, content) => {
    await container.uploadBlockBlob('job-1', content, content.length);

    const orders = createBlobBulkOrders({ container, envelopes });

    expect(await orders.read('job-1', signal)).toBeUndefined();
  });

  it('knows no order that was copied from another job', async () => {
    const orders = createBlobBulkOrders({ container, envelopes });
    await orders.write(aKeptOrder({ bulkResetId: 'job-1' }), signal);
    const copy = await container.getBlobClient('job-1').downloadToBuffer();
    await container.uploadBlockBlob('job-2', copy, copy.length);

    expect(await orders.read('job-2', signal)).toBeUndefined();
  });

  it('knows no order that somebody with another key has made', async () => {
    const theirs = createBlobBulkOrders({ container, envelopes: envelopesOf(randomBytes(32)) });
    await theirs.write(aKeptOrder({ bulkResetId: 'job-1' }), signal);

    const orders = createBlobBulkOrders({ container, envelopes });

    expect(await orders.read('job-1', signal)).toBeUndefined();
  });

  it.each([
    ['has more than is known', { another: true }],
    ['does not say of which job it is', { fingerprint: undefined }],
    ['has a choice that there is not', { onInvalidRows: 'ask' }],
    ['names no customer', { customer: 'not a customer' }],
    ['has a source that there is not', { source: { kind: 'url', url: 'http://127.0.0.1' } }],
  ])('knows no order of ours that %s', async (_what, values) => {
    const content = new TextEncoder().encode(JSON.stringify({ ...aKeptOrder(), ...values }));
    const { bulkResetId } = aKeptOrder();
    const sealed = await envelopes.seal(`bulk-orders/${bulkResetId}`, content, signal);
    await container.uploadBlockBlob(bulkResetId, sealed, sealed.length);

    const orders = createBlobBulkOrders({ container, envelopes });

    expect(await orders.read(bulkResetId, signal)).toBeUndefined();
  });

  it('says when the storage refuses', async () => {
    await container.delete();
    const orders = createBlobBulkOrders({ container, envelopes });

    await expect(orders.write(aKeptOrder(), signal)).rejects.toMatchObject({
      code: 'StorageUnavailable',
      message: 'Cannot write the order of a job: status 404 (ContainerNotFound)',
    });
    await expect(orders.delete('job-1')).rejects.toMatchObject({ code: 'StorageUnavailable' });
  });
});

function envelopesOf(key: Uint8Array): Envelopes {
  const sealingKey = { version: 'v1', key };
  return createEnvelopes({
    keys: {
      newest: () => Promise.resolve(sealingKey),
      byVersion: () => Promise.resolve(sealingKey),
    },
  });
}

async function openContainer(): Promise<ContainerClient> {
  const container = storage.clients.container(`c-${randomUUID()}`);
  await container.create();
  return container;
}
