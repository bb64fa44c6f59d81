import type { TableClient } from '@azure/data-tables';
import type { ContainerClient } from '@azure/storage-blob';
import type { QueueClient } from '@azure/storage-queue';
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
      ...tables.map((name) => probe(`table ${name}`, readTable(storage.table(name), signal))),
      ...queues.map((name) => probe(`queue ${name}`, readQueue(storage.queue(name), signal))),
      ...containers.map((name) =>
        probe(`container ${name}`, readContainer(storage.container(name), signal)),
      ),
    ]);

    async function probe(what: string, reading: Promise<unknown>): Promise<void> {
      try {
        await reading;
      } catch (error) {
        throw toStorageError(error, `reach the ${what}`, signal);
      }
    }
  };
}

/** A key that is in no table: nothing is scanned. Only a page tells a missing table from a missing entity. */
function readTable(table: TableClient, abortSignal: AbortSignal): Promise<unknown> {
  const queryOptions = { filter: "PartitionKey eq 'health' and RowKey eq 'health'" };
  return table.listEntities({ queryOptions, abortSignal }).byPage({ maxPageSize: 1 }).next();
}

function readQueue(queue: QueueClient, abortSignal: AbortSignal): Promise<unknown> {
  return queue.getProperties({ abortSignal });
}

function readContainer(container: ContainerClient, abortSignal: AbortSignal): Promise<unknown> {
  return container.getProperties({ abortSignal });
}
