import { createHash } from 'node:crypto';
import { ResetError } from '../password-reset/reset-error.js';
import type { BulkSource } from './bulk-reset.js';
import type { Inbox } from './ports.js';

/** Reads the ordered file, always the same version of it, and hashes it on the way. */
export function createOpenContent(
  source: Extract<BulkSource, { kind: 'blob' }>,
  inbox: Inbox,
  signal: AbortSignal,
) {
  let file: Awaited<ReturnType<Inbox['find']>>;
  let sha256: string | undefined;

  return {
    async *read(): AsyncGenerator<Uint8Array> {
      file ??= await inbox.find(source.name, signal);
      if (file === undefined) {
        throw new ResetError(
          'InvalidRequest',
          'There is no such file in the bulk inbox: upload it, then send the message again',
        );
      }
      const hash = createHash('sha256');
      for await (const chunk of inbox.read(file, signal)) {
        hash.update(chunk);
        yield chunk;
      }
      sha256 = hash.digest('hex');
    },

    /** @throws {@link ResetError} `InvalidRequest` when what was read last is not what was ordered */
    requireSameContent(): void {
      // A fault of the file ends the reading early; then the file is refused for that.
      if (sha256 === undefined || sha256 === source.sha256) return;
      throw new ResetError(
        'InvalidRequest',
        'The file in the bulk inbox is not the one that was meant: its SHA-256 differs',
      );
    },
  };
}
