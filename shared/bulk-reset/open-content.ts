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
      if (file === undefined) throw notThere();
      const hash = createHash('sha256');
      for await (const chunk of inbox.read(file, signal)) {
        hash.update(chunk);
        yield chunk;
      }
      sha256 = hash.digest('hex');
    },

    /** Rejects with `InvalidRequest` when what was read is not what was ordered. */
    async requireSameContent(): Promise<void> {
      if (file === undefined) return;
      // A fault of the file ends the reading early, and is for those alone who know the content.
      sha256 ??= await sha256Of(inbox.read(file, signal));
      if (sha256 !== source.sha256) throw notThere();
    },
  };
}

async function sha256Of(content: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of content) hash.update(chunk);
  return hash.digest('hex');
}

/** The same for either: whoever guesses names of files does not find out which there are. */
function notThere(): ResetError {
  return new ResetError(
    'InvalidRequest',
    'There is no file with this name and SHA-256 in the bulk inbox: upload it, then send the message again',
  );
}
