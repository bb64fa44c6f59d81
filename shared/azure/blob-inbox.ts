import type { ContainerClient } from '@azure/storage-blob';
import type { Inbox, InboxFile } from '../bulk-reset/ports.js';
import { readBlobBytes } from './blob-bytes.js';
import { hasStatus, toStorageError } from './to-storage-error.js';

/** A file is read block by block, so that no connection is left waiting for whoever works on what was read. */
const blockBytes = 1024 * 1024;

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
        throw toStorageError(error, 'find a file in the bulk inbox', signal);
      }
    },

    async *read(file, signal) {
      for (let offset = 0; ; offset += blockBytes) {
        const block = await readBlock(file, offset, signal);
        if (block.length > 0) yield block;
        if (block.length < blockBytes) return;
      }
    },
  };

  async function readBlock(file: InboxFile, offset: number, signal: AbortSignal): Promise<Buffer> {
    const range = { offset, count: blockBytes };
    try {
      const blob = container.getBlobClient(file.name);
      return await readBlobBytes(blob, { range, etag: file.etag, signal });
    } catch (error) {
      // The service finds nothing after the last byte, and in an empty file nothing at all.
      if (hasStatus(error, 416)) return Buffer.alloc(0);
      throw toStorageError(error, 'read a file in the bulk inbox', signal);
    }
  }
}
