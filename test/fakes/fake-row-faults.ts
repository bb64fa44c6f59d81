import type { RowFault } from '../../shared/bulk-reset/bulk-reset.js';
import type { RowFaults } from '../../shared/bulk-reset/ports.js';

/** Faults in memory, by job. */
export class FakeRowFaults implements RowFaults {
  readonly #faults = new Map<string, readonly RowFault[]>();

  write(bulkResetId: string, faults: readonly RowFault[]): Promise<void> {
    this.#faults.set(bulkResetId, [...faults]);
    return Promise.resolve();
  }

  read(bulkResetId: string): Promise<readonly RowFault[]> {
    return Promise.resolve(this.#faults.get(bulkResetId) ?? []);
  }

  delete(bulkResetId: string): Promise<void> {
    this.#faults.delete(bulkResetId);
    return Promise.resolve();
  }
}
