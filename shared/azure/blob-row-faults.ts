import type { ContainerClient } from '@azure/storage-blob';
import type { RowFault } from '../bulk-reset/bulk-reset.js';
import type { RowFaults } from '../bulk-reset/ports.js';
import { readBlobBytes } from './blob-bytes.js';
import { hasStatus, toStorageError } from './to-storage-error.js';

/** One blob a job that had bad rows; they quote line numbers and reasons, never a row. */
export function createBlobRowFaults(container: ContainerClient): RowFaults {
  return {
    async write(bulkResetId, faults) {
      const text = JSON.stringify(faults);
      try {
        const blob = container.getBlockBlobClient(nameOf(bulkResetId));
        await blob.upload(text, Buffer.byteLength(text), {
          blobHTTPHeaders: { blobContentType: 'application/json' },
        });
      } catch (error) {
        throw toStorageError(error, 'write what is wrong with the rows');
      }
    },

    async read(bulkResetId) {
      try {
        const content = await readBlobBytes(container.getBlobClient(nameOf(bulkResetId)));
        return JSON.parse(content.toString()) as RowFault[];
      } catch (error) {
        if (hasStatus(error, 404)) return [];
        throw toStorageError(error, 'read what is wrong with the rows');
      }
    },

    async delete(bulkResetId) {
      try {
        await container.getBlobClient(nameOf(bulkResetId)).deleteIfExists();
      } catch (error) {
        throw toStorageError(error, 'delete what is wrong with the rows');
      }
    },
  };
}

function nameOf(bulkResetId: string): string {
  return `${bulkResetId}.json`;
}
