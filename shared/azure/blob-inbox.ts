import type { ContainerClient } from '@azure/storage-blob';
import type { Inbox } from '../bulk-reset/ports.js';
import { hasStatus, toStorageError } from './to-storage-error.js';

/** The CSV files that other systems put there. A read is pinned to the version that was found. */
export function createBlobInbox(container: ContainerClient): Inbox {
  return {
    async find(name, signal) {
      try {
        const properties = await container
          .getBlobClient(name)
          .getProperties({ abortSignal: signal });
        return { name, etag: properties.etag ?? '' };
      } catch (error) {
        if (hasStatus(error, 404)) return undefined;
        throw toStorageError(error, 'find a file in the bulk inbox');
      }
    },

    async *read({ name, etag }, signal) {
      try {
        const { readableStreamBody } = await container
          .getBlobClient(name)
          .download(0, undefined, { abortSignal: signal, conditions: { ifMatch: etag } });
        for await (const chunk of readableStreamBody ?? []) yield chunk as Buffer;
      } catch (error) {
        throw toStorageError(error, 'read a file in the bulk inbox');
      }
    },
  };
}
