import type { TableClient } from '@azure/data-tables';
import type { ContainerClient } from '@azure/storage-blob';
import type { QueueClient } from '@azure/storage-queue';
import { onAbort } from '../platform/on-abort.js';
import type { StorageClients } from './storage-clients.js';
import { toStorageError } from './to-storage-error.js';

/** What the app needs of its storage account. */
export interface StorageNames {
  readonly tables: readonly string[];
  readonly queues: readonly string[];
  readonly containers: readonly string[];
}

/**
 * Resolves when everything that is named is there and may be read.
 *
 * Rejects with `StorageUnavailable`, which names what is not.
 */
export function createStorageProbe(storage: StorageClients, names: StorageNames) {
  return async (signal: AbortSignal): Promise<void> => {
    const { tables, queues, containers } = names;
    await Promise.all([
      ...tables.map((name) => probe(`table ${name}`, readTable(storage.table(name)))),
      ...queues.map((name) => probe(`queue ${name}`, readQueue(storage.queue(name)))),
      ...containers.map((name) =>
        probe(`container ${name}`, readContainer(storage.container(name))),
      ),
    ]);

    async function probe(what: string, read: Read): Promise<void> {
      try {
        await withOwnSignal(read, signal);
      } catch (error) {
        throw toStorageError(error, `reach the ${what}`, signal);
      }
    }
  };
}

type Read = (abortSignal: AbortSignal) => Promise<unknown>;

/** The SDK listens to the signal of each request, and Node warns of a leak from the eleventh listener on. */
async function withOwnSignal(read: Read, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const controller = new AbortController();
  const stopWatching = onAbort(signal, () => controller.abort(signal.reason));
  try {
    await read(controller.signal);
  } finally {
    stopWatching();
  }
}

/** A key that is in no table: nothing is scanned. Only a page tells a missing table from a missing entity. */
function readTable(table: TableClient): Read {
  const queryOptions = { filter: "PartitionKey eq 'health' and RowKey eq 'health'" };
  return (abortSignal) =>
    table.listEntities({ queryOptions, abortSignal }).byPage({ maxPageSize: 1 }).next();
}

function readQueue(queue: QueueClient): Read {
  return (abortSignal) => queue.getProperties({ abortSignal });
}

function readContainer(container: ContainerClient): Read {
  return (abortSignal) => container.getProperties({ abortSignal });
}
