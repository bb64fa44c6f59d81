import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
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

  it('listens to the signal once, however much there is to look at, and then no more', async () => {
    const wanted = { ...names, queues: Array.from({ length: 12 }, () => 'queue-one') };
    const { signal: watched } = new AbortController();
    const added = jest.spyOn(watched, 'addEventListener');
    const removed = jest.spyOn(watched, 'removeEventListener');

    await createStorageProbe(storage.clients, wanted)(watched);

    expect([added.mock.calls.length, removed.mock.calls.length]).toEqual([1, 1]);
  });

  it('ends when it is told to meanwhile', async () => {
    const controller = new AbortController();
    const probing = createStorageProbe(storage.clients, names)(controller.signal);

    controller.abort();

    await expect(probing).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('does not begin when it was told to end', async () => {
    const probe = createStorageProbe(storage.clients, names);

    await expect(probe(AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
  });
});
