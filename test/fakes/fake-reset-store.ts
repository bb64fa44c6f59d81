import { rowsPerShard } from '../../shared/bulk-reset/bulk-reset.js';
import type { BulkResetRows, RowOutcome } from '../../shared/bulk-reset/ports.js';
import type { ResetStore, Stored } from '../../shared/password-reset/ports.js';
import type { ResetRow } from '../../shared/password-reset/reset-row.js';

/** Rows in memory; every write gives the row another ETag, as the table does. */
export class FakeResetStore implements ResetStore, BulkResetRows {
  /** What the named operations reject with. */
  readonly failures: Partial<Record<'create' | 'createMany' | 'read' | 'replace', Error>> = {};
  /** What the named operations reject with once, after they have been done: their answer is lost. */
  lostAnswers: Partial<Record<'create' | 'replace', Error>> = {};
  readonly #stored = new Map<string, Stored>();
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

  async create<Row extends ResetRow>(row: Row): Promise<Stored<Row>> {
    await this.#answer('create');
    if (this.#stored.has(row.resetId)) {
      throw new Error(`The password reset ${row.resetId} exists already`);
    }
    return this.#answerTo('create', this.#write(row));
  }

  async createMany(rows: readonly ResetRow[]): Promise<void> {
    await this.#answer('createMany');
    for (const row of rows) if (!this.#stored.has(row.resetId)) this.#write(row);
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

  page({ bulkResetId, afterRow, limit }: Parameters<BulkResetRows['page']>[0]) {
    const rows = this.#shard(bulkResetId, Math.floor(afterRow / rowsPerShard));
    const following = rows.filter(({ resetId }) => rowNumber(resetId) > afterRow);
    return Promise.resolve(following.slice(0, limit));
  }

  outcomes(bulkResetId: string, shard: number): Promise<readonly RowOutcome[]> {
    const outcomes = this.#shard(bulkResetId, shard).map((row) => ({
      state: row.state,
      ...('code' in row && { code: row.code }),
    }));
    return Promise.resolve(outcomes);
  }

  #shard(bulkResetId: string, shard: number): ResetRow[] {
    return this.rows
      .filter(({ resetId }) => resetId.startsWith(`${bulkResetId}-`))
      .filter(({ resetId }) => Math.floor((rowNumber(resetId) - 1) / rowsPerShard) === shard)
      .sort((left, right) => rowNumber(left.resetId) - rowNumber(right.resetId));
  }

  #write<Row extends ResetRow>(row: Row): Stored<Row> {
    this.#writes += 1;
    const stored = { row: { ...row }, etag: `"${this.#writes}"` };
    this.#stored.set(row.resetId, stored);
    return stored;
  }

  #answerTo<Answer>(operation: 'create' | 'replace', answer: Answer): Answer {
    const loss = this.lostAnswers[operation];
    this.lostAnswers = {};
    if (loss !== undefined) throw loss;
    return answer;
  }

  #answer(operation: keyof FakeResetStore['failures']): Promise<void> {
    const failure = this.failures[operation];
    return failure ? Promise.reject(failure) : Promise.resolve();
  }
}

function rowNumber(resetId: string): number {
  return Number(resetId.slice(resetId.lastIndexOf('-') + 1));
}
