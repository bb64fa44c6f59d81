import { createHash } from 'node:crypto';
import type { Inbox, InboxFile } from '../../shared/bulk-reset/ports.js';
import { ResetError } from '../../shared/password-reset/reset-error.js';

/** Files in memory; a file that is put again is another version. */
export class FakeInbox implements Inbox {
  /** Every version that was read from its beginning. */
  readonly opened: InboxFile[] = [];
  readonly #files = new Map<string, { readonly etag: string; readonly content: Buffer }>();
  #versions = 0;

  /** The file as a job names it. */
  put(name: string, content: string | Uint8Array): { name: string; sha256: string } {
    this.#versions += 1;
    const bytes = Buffer.from(content);
    this.#files.set(name, { etag: `"${this.#versions}"`, content: bytes });
    return { name, sha256: createHash('sha256').update(bytes).digest('hex') };
  }

  delete(name: string): void {
    this.#files.delete(name);
  }

  find(name: string): Promise<InboxFile | undefined> {
    const file = this.#files.get(name);
    return Promise.resolve(file && { name, etag: file.etag });
  }

  async *read(file: InboxFile): AsyncGenerator<Uint8Array> {
    const current = this.#files.get(file.name);
    if (current?.etag !== file.etag) {
      throw new ResetError('StorageUnavailable', 'The file is not that version any more');
    }
    this.opened.push(file);
    const half = Math.ceil(current.content.length / 2);
    yield await Promise.resolve(current.content.subarray(0, half));
    yield current.content.subarray(half);
  }
}
