import { odata, type TableClient } from '@azure/data-tables';
import type { AppendBlobClient, ContainerClient } from '@azure/storage-blob';
import { Readable } from 'node:stream';
import type { AuditLog, LogPosition } from '../audit/ports.js';
import { type BlobRange, readBlobBytes } from './blob-bytes.js';
import { queryEntities } from './entity-queries.js';
import { hasStatus, toStorageError } from './to-storage-error.js';

/** Below the 50,000 that the service has room for. */
const usualBlocksPerPart = 40_000;
/** Room for some dozens of records. */
const tailBytes = 64 * 1_024;

/**
 * Append blobs `{chain}.ndjson`, `{chain}.2.ndjson` and so on, one block for each append; the heads are in a table of
 * their own, one row for each writer.
 *
 * @see https://learn.microsoft.com/rest/api/storageservices/append-block
 */
export function createAppendBlobAuditLog({
  container,
  headTable,
  blocksPerPart = usualBlocksPerPart,
}: {
  readonly container: ContainerClient;
  readonly headTable: TableClient;
  readonly blocksPerPart?: number;
}): AuditLog {
  return {
    async tail(chain) {
      try {
        for (let part = 1; ; part += 1) {
          const { bytes, blocks } = await sizeOf(blobOf(chain, part));
          if (blocks >= blocksPerPart) continue;
          // The line before the first one of a part is in the part before.
          const last = bytes === 0 && part > 1 ? blobOf(chain, part - 1) : blobOf(chain, part);
          return { position: { part, offset: bytes }, lines: await lastLines(last) };
        }
      } catch (error) {
        throw toStorageError(error, 'look for the end of the audit');
      }
    },

    async append(chain, text, { part, offset }) {
      const blob = blobOf(chain, part);
      const bytes = Buffer.from(text);
      try {
        if (offset === 0) await blob.createIfNotExists();
        const { blobCommittedBlockCount: blocks = 0 } = await blob.appendBlock(
          bytes,
          bytes.length,
          {
            conditions: { appendPosition: offset },
          },
        );
        return blocks < blocksPerPart
          ? { part, offset: offset + bytes.length }
          : { part: part + 1, offset: 0 };
      } catch (error) {
        // Somebody else has appended, or removed the blob.
        if (hasCode(error, 'AppendPositionConditionNotMet') || isMissing(error)) return 'conflict';
        throw toStorageError(error, 'write the audit');
      }
    },

    async *read(chain, from, signal) {
      for (let at: LogPosition | undefined = from; at !== undefined;) {
        const chunks = await open(blobOf(chain, at.part), at.offset, signal);
        try {
          if (chunks !== undefined) yield* linesOf(chunks);
        } catch (error) {
          throw toStorageError(error, 'read the audit', signal);
        }
        at = chunks && { part: at.part + 1, offset: 0 };
      }
    },

    async writeHead(chain, writer, { seq, hash }) {
      const key = { partitionKey: partitionOf(chain), rowKey: writer };
      try {
        await headTable.upsertEntity({ ...key, seq, hash }, 'Replace');
      } catch (error) {
        throw toStorageError(error, 'write how far the audit is');
      }
    },

    async heads(chain, signal) {
      const where = [odata`PartitionKey eq ${partitionOf(chain)}`];
      const heads = [];
      for await (const { columns } of queryEntities(headTable, { where }, signal)) {
        heads.push({ seq: Number(columns['seq']), hash: String(columns['hash']) });
      }
      return heads;
    },
  };

  function blobOf(chain: string, part: number): AppendBlobClient {
    return container.getAppendBlobClient(`${chain}${part === 1 ? '' : `.${part}`}.ndjson`);
  }
}

/** Of what is not there, nothing. */
async function sizeOf(blob: AppendBlobClient): Promise<{ bytes: number; blocks: number }> {
  try {
    const properties = await blob.getProperties();
    const { contentLength: bytes = 0, blobCommittedBlockCount: blocks = 0 } = properties;
    return { bytes, blocks };
  } catch (error) {
    if (isMissing(error)) return { bytes: 0, blocks: 0 };
    throw error;
  }
}

/** A slash may be in the name of a blob, but not in a key of a table. */
function partitionOf(chain: string): string {
  return chain.replace('/', '_');
}

/** The lines that end within the last bytes; the first of them may be cut off. */
async function lastLines(blob: AppendBlobClient): Promise<readonly string[]> {
  const { bytes } = await sizeOf(blob);
  if (bytes === 0) return [];
  const count = Math.min(bytes, tailBytes);
  const range: BlobRange = { offset: bytes - count, count };
  return String(await readBlobBytes(blob, { range })).split('\n');
}

/** Undefined when there is no such blob. */
async function open(
  blob: AppendBlobClient,
  offset: number,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array> | undefined> {
  try {
    const { readableStreamBody } = await blob.download(offset, undefined, { abortSignal: signal });
    return readableStreamBody as AsyncIterable<Uint8Array> | undefined;
  } catch (error) {
    if (isMissing(error)) return undefined;
    if (hasStatus(error, 416)) return Readable.from([]);
    throw toStorageError(error, 'read the audit', signal);
  }
}

/** A container that is not there is a deployment that is not complete. */
function isMissing(error: unknown): boolean {
  return hasStatus(error, 404) && !hasCode(error, 'ContainerNotFound');
}

function hasCode(error: unknown, wanted: string): boolean {
  return (error as { readonly code?: unknown }).code === wanted;
}

async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const lines = `${rest}${decoder.decode(chunk, { stream: true })}`.split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}
