import { bulkRowResetId, rowsPerShard, rowsPerSlice } from '../../shared/bulk-reset/bulk-reset.js';
import type { BulkResetRows, RowOutcome, Slice } from '../../shared/bulk-reset/ports.js';
import type { ResetStore, SingleResets, Stored } from '../../shared/password-reset/ports.js';
import {
  type AppliedRow,
  isSettled,
  type OpenRow,
  type ResetRow,
} from '../../shared/password-reset/reset-row.js';

type Operation = keyof ResetStore | keyof BulkResetRows | keyof SingleResets;
type Write = 'create' | 'createMany' | 'replace' | 'replaceMany';

const bulkRowId = /^[0-9a-f-]{36}-\d{7,}$/;
const dayMs = 24 * 3_600_000;

/**
 * Rows in memory; every write gives the row another ETag, as the table does. The rows of a job are found
 * by their numbers, and single resets by their day, so a million of them make nothing slow.
 */
export class FakeResetStore implements ResetStore, BulkResetRows, SingleResets {
  /** What the named operations reject with. */
  readonly failures: Partial<Record<Operation, Error>> = {};
  /** What the named operations reject with once, after they have been done: their answer is lost. */
  lostAnswers: Partial<Record<Write, Error>> = {};
  readonly #stored = new Map<string, Stored>();
  readonly #idsByDay = new Map<string, Set<string>>();
  #writes = 0;

  constructor(rows: readonly ResetRow[] = []) {
    for (const row of rows) this.#write(row);
  }

  /** Every row as it is now. */
  get rows(): readonly ResetRow[] {
    return [...this.#stored.values()].map(({ row }) => row);
  }

  /** The row as it is now; throws when there is none. */
  row(resetId: string): ResetRow {
    const stored = this.#stored.get(resetId);
    if (stored === undefined) throw new Error(`There is no row ${resetId}`);
    return stored.row;
  }

  /** As somebody else's write. */
  overwrite(row: ResetRow): void {
    this.#write(row);
  }

  async create<Row extends ResetRow>(row: Row): Promise<Stored<Row> | 'exists'> {
    await this.#answer('create');
    if (this.#stored.has(row.resetId)) return 'exists';
    return this.#answerTo('create', this.#write(row));
  }

  async createMany(rows: readonly ResetRow[]): Promise<void> {
    await this.#answer('createMany');
    for (const row of rows) if (!this.#stored.has(row.resetId)) this.#write(row);
    this.#answerTo('createMany', undefined);
  }

  async read(resetId: string): Promise<Stored | undefined> {
    await this.#answer('read');
    return this.#stored.get(resetId);
  }

  async replace<Row extends ResetRow>(row: Row, etag: string): Promise<Stored<Row> | 'conflict'> {
    await this.#answer('replace');
    if (this.#stored.get(row.resetId)?.etag !== etag) return 'conflict';
    return this.#answerTo('replace', this.#write(row));
  }

  async replaceMany<Row extends ResetRow>(rows: readonly Stored<Row>[]): Promise<readonly Row[]> {
    await this.#answer('replaceMany');
    const replaced = rows
      .filter(({ row, etag }) => this.#stored.get(row.resetId)?.etag === etag)
      .map(({ row }) => this.#write(row).row);
    return this.#answerTo('replaceMany', replaced);
  }

  async page({ bulkResetId, afterRow, limit }: Parameters<BulkResetRows['page']>[0]) {
    await this.#answer('page');
    const endOfShard = (Math.floor(afterRow / rowsPerShard) + 1) * rowsPerShard;
    const following = this.#range(bulkResetId, afterRow + 1, endOfShard);
    return following.slice(0, limit).map(({ row }) => row);
  }

  async outcomes(bulkResetId: string, shard: number): Promise<readonly RowOutcome[]> {
    await this.#answer('outcomes');
    return this.#shard(bulkResetId, shard).map(({ row }) => toOutcome(row));
  }

  async openRows({ bulkResetId, slice }: Slice): Promise<readonly Stored<OpenRow>[]> {
    await this.#answer('openRows');
    const first = slice * rowsPerSlice + 1;
    return this.#range(bulkResetId, first, first + rowsPerSlice - 1).filter(isOpen);
  }

  async rowsWithPassword(
    bulkResetId: string,
    shard: number,
  ): Promise<readonly Stored<AppliedRow>[]> {
    await this.#answer('rowsWithPassword');
    return this.#shard(bulkResetId, shard).filter(holdsPassword);
  }

  async deleteShard(bulkResetId: string, shard: number): Promise<void> {
    await this.#answer('deleteShard');
    for (const { row } of this.#shard(bulkResetId, shard)) this.#stored.delete(row.resetId);
  }

  async *open({ lastDayMs, days }: Parameters<SingleResets['open']>[0]) {
    await this.#answer('open');
    for (let age = days - 1; age >= 0; age -= 1) {
      for (const stored of this.#onDay(lastDayMs - age * dayMs)) if (isOpen(stored)) yield stored;
    }
  }

  async *withPassword(day: number) {
    await this.#answer('withPassword');
    for (const stored of this.#onDay(day)) if (holdsPassword(stored)) yield stored;
  }

  async deleteBefore(dayMs: number): Promise<void> {
    await this.#answer('deleteBefore');
    for (const [day, ids] of this.#idsByDay) {
      if (day >= dayOf(dayMs)) continue;
      for (const resetId of ids) this.#stored.delete(resetId);
      this.#idsByDay.delete(day);
    }
  }

  #shard(bulkResetId: string, shard: number): Stored[] {
    return this.#range(bulkResetId, shard * rowsPerShard + 1, (shard + 1) * rowsPerShard);
  }

  #range(bulkResetId: string, first: number, last: number): Stored[] {
    const found: Stored[] = [];
    for (let row = first; row <= last; row += 1) {
      const stored = this.#stored.get(bulkRowResetId(bulkResetId, row));
      if (stored !== undefined) found.push(stored);
    }
    return found;
  }

  #onDay(atMs: number): Stored[] {
    const ids = [...(this.#idsByDay.get(dayOf(atMs)) ?? [])].sort();
    return ids.flatMap((resetId) => this.#stored.get(resetId) ?? []);
  }

  #write<Row extends ResetRow>(row: Row): Stored<Row> {
    this.#writes += 1;
    const stored = { row: { ...row }, etag: `"${this.#writes}"` };
    this.#stored.set(row.resetId, stored);
    if (!bulkRowId.test(row.resetId)) this.#idsOf(row.resetId.slice(0, 8)).add(row.resetId);
    return stored;
  }

  #idsOf(day: string): Set<string> {
    const ids = this.#idsByDay.get(day) ?? new Set();
    this.#idsByDay.set(day, ids);
    return ids;
  }

  #answerTo<Answer>(operation: Write, answer: Answer): Answer {
    const { [operation]: loss, ...others } = this.lostAnswers;
    this.lostAnswers = others;
    if (loss !== undefined) throw loss;
    return answer;
  }

  #answer(operation: Operation): Promise<void> {
    const failure = this.failures[operation];
    return failure ? Promise.reject(failure) : Promise.resolve();
  }
}

function isOpen(stored: Stored): stored is Stored<OpenRow> {
  return !isSettled(stored.row);
}

function holdsPassword(stored: Stored): stored is Stored<AppliedRow> {
  const { row } = stored;
  return row.state === 'applied' && row.seal !== undefined;
}

function toOutcome(row: ResetRow): RowOutcome {
  const { resetId, customerTenantId, state, attemptId } = row;
  return {
    resetId,
    customerTenantId,
    state,
    isTried: attemptId !== undefined,
    ...('code' in row && { code: row.code }),
    ...('notBeforeMs' in row && { notBeforeMs: row.notBeforeMs }),
    ...('leaseExpiresAtMs' in row && { leaseExpiresAtMs: row.leaseExpiresAtMs }),
  };
}

function dayOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10).replaceAll('-', '');
}
