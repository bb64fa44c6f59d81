import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createStorageProbe, type StorageNames } from '../../shared/azure/storage-probes.js';
import { startStorage, type StorageHarness } from './storage-harness.js';

const { signal } = new AbortController();
const names: StorageNames = {
  tables: ['tableone', 'tabletwo'],
  queues: ['queue-one', 'queue-two'],
  containers: ['container-one', 'container-two'],
};

describe('createStorageProbe()', () => {
  let storage: StorageHarness;

  beforeAll(async () => {
    storage = await startStorage();
    const { clients } = storage;
    await Promise.all([
      ...names.tables.map((name) => clients.table(name).createTable()),
      ...names.queues.map((name) => clients.queue(name).create()),
      ...names.containers.map((name) => clients.container(name).create()),
    ]);
  });

  afterAll(async () => {
    await storage.stop();
  });

  it('is content when everything is there', async () => {
    const probe = createStorageProbe(storage.clients, names);

    await expect(probe(signal)).resolves.toBeUndefined();
  });

  it.each<[keyof StorageNames, string, string]>([
    ['tables', 'nosuchtable', 'table nosuchtable: status 404 (no code)'],
    ['queues', 'no-such-queue', 'queue no-such-queue: status 404 (QueueNotFound)'],
    ['containers', 'no-such-box', 'container no-such-box: status 404 (ContainerNotFound)'],
  ])('names what is missing of the %s', async (kind, name, what) => {
    const wanted = { ...names, [kind]: [...names[kind], name] };

    await expect(createStorageProbe(storage.clients, wanted)(signal)).rejects.toMatchObject({
      code: 'StorageUnavailable',
      message: `Cannot reach the ${what}`,
    });
  });

  it('ends when it is told to', async () => {
    const probe = createStorageProbe(storage.clients, names);

    await expect(probe(AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
  });
});
