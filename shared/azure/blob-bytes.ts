import type { BlobClient } from '@azure/storage-blob';

export interface BlobRange {
  readonly offset: number;
  readonly count: number;
}

/** What a blob holds, or that much of it if there is so much. Rejects with the SDK's errors. */
export async function readBlobBytes(
  blob: BlobClient,
  options: {
    readonly range?: BlobRange;
    /** Only if the blob is still this one. */
    readonly etag?: string;
    readonly signal?: AbortSignal;
  } = {},
): Promise<Buffer> {
  const { range, etag, signal } = options;
  const { readableStreamBody } = await blob.download(range?.offset, range?.count, {
    ...(signal && { abortSignal: signal }),
    ...(etag !== undefined && { conditions: { ifMatch: etag } }),
  });
  const chunks: Buffer[] = [];
  for await (const chunk of readableStreamBody ?? []) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
