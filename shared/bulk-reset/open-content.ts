import { createHash } from 'node:crypto';
import { ResetError } from '../password-reset/reset-error.js';
import type { BulkResetOrder } from './bulk-reset.js';
import type { Inbox } from './ports.js';

interface OpenContent {
  (): AsyncIterable<Uint8Array>;
  /** @throws {@link ResetError} `InvalidRequest` when what was read last is not what was ordered */
  requireSameContent(): void;
}

/** Reads the ordered content, always the same version of it, and hashes it on the way. */
export function createOpenContent(
  { source }: BulkResetOrder,
  inbox: Inbox,
  signal: AbortSignal,
): OpenContent {
  let file: Awaited<ReturnType<Inbox['find']>>;
  let hash = createHash('sha256');
  let sha256: string | undefined;

  async function* content(): AsyncGenerator<Uint8Array> {
    if (source.kind === 'rows') return;
    file ??= await inbox.find(source.name, signal);
    if (file === undefined) {
      throw new ResetError(
        'InvalidRequest',
        'There is no such file in the bulk inbox: upload it, then send the message again',
      );
    }
    hash = createHash('sha256');
    for await (const chunk of inbox.read(file, signal)) {
      hash.update(chunk);
      yield chunk;
    }
    sha256 = hash.digest('hex');
  }

  return Object.assign(content, {
    requireSameContent() {
      // A fault of the file ends the reading early; then the file is refused for that.
      if (source.kind === 'rows' || sha256 === undefined || sha256 === source.sha256) return;
      throw new ResetError(
        'InvalidRequest',
        'The file in the bulk inbox is not the one that was meant: its SHA-256 differs',
      );
    },
  });
}
