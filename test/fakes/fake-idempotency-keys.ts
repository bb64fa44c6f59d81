import type {
  IdempotencyEntry,
  IdempotencyKey,
  IdempotencyKeys,
} from '../../shared/password-reset/ports.js';

const keptMs = 24 * 3_600_000;

/** Entries in memory, for a day. */
export class FakeIdempotencyKeys implements IdempotencyKeys {
  /** What every operation rejects with. */
  failure: Error | undefined;
  readonly #now: () => number;
  readonly #entries = new Map<string, IdempotencyEntry>();

  constructor({ now }: { readonly now: () => number }) {
    this.#now = now;
  }

  createOrRead(
    { caller, key }: IdempotencyKey,
    entry: IdempotencyEntry,
  ): Promise<IdempotencyEntry> {
    if (this.failure) return Promise.reject(this.failure);
    const name = JSON.stringify([caller, key]);
    const found = this.#entries.get(name);
    if (found !== undefined && this.#now() < found.createdAtMs + keptMs) {
      return Promise.resolve(found);
    }
    this.#entries.set(name, { ...entry });
    return Promise.resolve(entry);
  }
}
