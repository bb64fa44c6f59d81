import { phaseOf } from '../../shared/bulk-reset/bulk-phase.js';
import type { BulkResetRow } from '../../shared/bulk-reset/bulk-reset.js';
import type {
  BulkOrders,
  BulkResetRows,
  BulkResetStore,
  RowFaults,
  StoredBulkReset,
} from '../../shared/bulk-reset/ports.js';
import { FakeBulkOrders } from '../fakes/fake-bulk-orders.js';
import { FakeBulkResetStore } from '../fakes/fake-bulk-reset-store.js';
import { FakeRowFaults } from '../fakes/fake-row-faults.js';
import type { HostProcess, Surroundings } from './host-process.js';

const write = { isWrite: true };

/** The jobs, their orders and the faults of their rows. */
export class SimulatedJobs {
  readonly #surroundings: Surroundings;
  readonly #jobs = new FakeBulkResetStore();
  readonly #jobsNow = new Map<string, BulkResetRow>();
  readonly #orders = new FakeBulkOrders();
  readonly #faults = new FakeRowFaults();

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  get jobsNow(): Iterable<BulkResetRow> {
    return this.#jobsNow.values();
  }

  /** Whether there is a job that is not over. */
  get isAnyOpen(): boolean {
    for (const job of this.#jobsNow.values()) if (phaseOf(job) === 'open') return true;
    return false;
  }

  store(process: HostProcess): BulkResetStore {
    const jobs = this.#jobs;
    return {
      createOrRead: (row) =>
        process.effect(
          `create job ${row.bulkResetId}`,
          async () => this.#noted(process, await jobs.createOrRead(row)),
          write,
        ),
      read: (bulkResetId) =>
        process.effect(`read job ${bulkResetId}`, () => jobs.read(bulkResetId)),
      replace: (row, etag) =>
        process.effect(
          `replace job ${row.bulkResetId}`,
          async () => this.#noted(process, await jobs.replace(row, etag)),
          { ...write, overtake: () => this.#touch(row.bulkResetId) },
        ),
      inPhase: (phase) => this.#inPhase(process, phase),
      nextSlice: (bulkResetId) =>
        process.effect(`next slice of ${bulkResetId}`, () => jobs.nextSlice(bulkResetId), write),
      delete: (bulkResetId) =>
        process.effect(`delete job ${bulkResetId}`, () => jobs.delete(bulkResetId), write),
    };
  }

  orders(process: HostProcess): BulkOrders {
    const orders = this.#orders;
    return {
      write: (order, signal) =>
        process.effect(`write order ${order.bulkResetId}`, () => orders.write(order, signal), {
          ...write,
          signal,
        }),
      read: (bulkResetId, signal) =>
        process.effect(`read order ${bulkResetId}`, () => orders.read(bulkResetId, signal), {
          signal,
        }),
      delete: (bulkResetId) =>
        process.effect(`delete order ${bulkResetId}`, () => orders.delete(bulkResetId), write),
    };
  }

  rowFaults(process: HostProcess): RowFaults {
    const faults = this.#faults;
    return {
      write: (bulkResetId, found) =>
        process.effect(
          `write faults ${bulkResetId}`,
          () => faults.write(bulkResetId, found),
          write,
        ),
      read: (bulkResetId) =>
        process.effect(`read faults ${bulkResetId}`, () => faults.read(bulkResetId)),
      delete: (bulkResetId) =>
        process.effect(`delete faults ${bulkResetId}`, () => faults.delete(bulkResetId), write),
    };
  }

  #noted<Answer extends StoredBulkReset | 'conflict'>(
    process: HostProcess,
    stored: Answer,
  ): Answer {
    if (stored === 'conflict') return stored;
    const { row } = stored;
    if (this.#jobsNow.get(row.bulkResetId) === row) return stored;
    this.#jobsNow.set(row.bulkResetId, row);
    this.#surroundings.history.note(process.name, { kind: 'job stored', job: row });
    return stored;
  }

  /** Somebody writes the job as it is, which gives it another ETag. */
  #touch(bulkResetId: string): void {
    const job = this.#jobsNow.get(bulkResetId);
    if (job !== undefined) this.#jobs.overwrite(job);
  }

  async *#inPhase(
    process: HostProcess,
    phase: Parameters<BulkResetStore['inPhase']>[0],
  ): AsyncGenerator<StoredBulkReset> {
    yield* await process.effect(`list jobs ${phase}`, async () => {
      const listed: StoredBulkReset[] = [];
      for await (const stored of this.#jobs.inPhase(phase)) listed.push(stored);
      return listed;
    });
  }
}

/** What a process sees of the rows of jobs. */
export function bulkRowsOf(process: HostProcess, rows: BulkResetRows): BulkResetRows {
  const sliceName = (bulkResetId: string, slice: number) => `${bulkResetId} slice ${slice}`;
  return {
    page: (from) => process.effect(`page of ${from.bulkResetId}`, () => rows.page(from)),
    outcomes: (bulkResetId, shard) =>
      process.effect(`outcomes of ${bulkResetId}`, () => rows.outcomes(bulkResetId, shard)),
    openRows: (slice) =>
      process.effect(`open rows of ${sliceName(slice.bulkResetId, slice.slice)}`, () =>
        rows.openRows(slice),
      ),
    rowsWithPassword: (bulkResetId, shard) =>
      process.effect(`sealed rows of ${bulkResetId}`, () =>
        rows.rowsWithPassword(bulkResetId, shard),
      ),
    deleteShard: (bulkResetId, shard) =>
      process.effect(
        `delete shard of ${bulkResetId}`,
        () => rows.deleteShard(bulkResetId, shard),
        write,
      ),
  };
}
