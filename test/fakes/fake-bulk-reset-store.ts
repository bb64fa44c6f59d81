import { phaseOf } from '../../shared/bulk-reset/bulk-phase.js';
import type { BulkResetRow } from '../../shared/bulk-reset/bulk-reset.js';
import type { BulkPhase, BulkResetStore, StoredBulkReset } from '../../shared/bulk-reset/ports.js';

/** Jobs in memory; every write gives the job another ETag, as the table does. */
export class FakeBulkResetStore implements BulkResetStore {
  /** What the next write of a job to this state rejects with. */
  readonly failures: Partial<Record<BulkResetRow['state'], Error>> = {};
  readonly #stored = new Map<string, StoredBulkReset>();
  readonly #nextSlices = new Map<string, number>();
  #writes = 0;

  constructor(rows: readonly BulkResetRow[] = []) {
    for (const row of rows) this.#write(row);
  }

  /** The job as it is now; throws when there is none. */
  row(bulkResetId: string): BulkResetRow {
    const stored = this.#stored.get(bulkResetId);
    if (stored === undefined) throw new Error(`There is no job ${bulkResetId}`);
    return stored.row;
  }

  /** As somebody else's write. */
  overwrite(row: BulkResetRow): void {
    this.#write(row);
  }

  createOrRead(row: BulkResetRow): Promise<StoredBulkReset> {
    return Promise.resolve(this.#stored.get(row.bulkResetId) ?? this.#write(row));
  }

  read(bulkResetId: string): Promise<StoredBulkReset | undefined> {
    return Promise.resolve(this.#stored.get(bulkResetId));
  }

  async replace(row: BulkResetRow, etag: string): Promise<StoredBulkReset | 'conflict'> {
    const failure = this.failures[row.state];
    if (failure !== undefined) throw failure;
    const isCurrent = this.#stored.get(row.bulkResetId)?.etag === etag;
    return Promise.resolve(isCurrent ? this.#write(row) : 'conflict');
  }

  async *inPhase(phase: BulkPhase): AsyncGenerator<StoredBulkReset> {
    for (const stored of await Promise.resolve([...this.#stored.values()])) {
      if (phaseOf(stored.row) === phase) yield stored;
    }
  }

  nextSlice(bulkResetId: string): Promise<number> {
    const slice = this.#nextSlices.get(bulkResetId) ?? 0;
    this.#nextSlices.set(bulkResetId, slice + 1);
    return Promise.resolve(slice);
  }

  delete(bulkResetId: string): Promise<void> {
    this.#stored.delete(bulkResetId);
    this.#nextSlices.delete(bulkResetId);
    return Promise.resolve();
  }

  #write(row: BulkResetRow): StoredBulkReset {
    this.#writes += 1;
    const stored = { row: { ...row }, etag: `"${this.#writes}"` };
    this.#stored.set(row.bulkResetId, stored);
    return stored;
  }
}
