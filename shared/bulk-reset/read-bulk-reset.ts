import { isSettledState } from '../password-reset/reset-row.js';
import { ResetError } from '../password-reset/reset-error.js';
import type { ResetRow } from '../password-reset/reset-row.js';
import {
  bulkRowNumber,
  type BulkResetRow,
  type RowCounts,
  type RowFault,
  rowsPerShard,
} from './bulk-reset.js';
import type { BulkResetRows, BulkResetStore, RowFaults, RowOutcome } from './ports.js';

export interface ReadBulkDependencies {
  readonly bulkResets: Pick<BulkResetStore, 'read'>;
  readonly rows: BulkResetRows;
  readonly rowFaults: Pick<RowFaults, 'read'>;
}

export interface BulkResetProgress {
  readonly job: BulkResetRow;
  /** Rows that came to an end, and rows still open. */
  readonly settled: number;
  readonly open: number;
  readonly succeeded: number;
  /** How many rows ended with each code. */
  readonly failures: Readonly<Record<string, number>>;
  readonly faults: readonly RowFault[];
}

export interface BulkResetPage {
  readonly rows: readonly ResetRow[];
  /** Where the next page starts; absent when there are no more rows, and none will come. */
  readonly nextAfterRow?: number;
}

/** Rows of one page; a table answers with no more. */
export const maxPageSize = 1_000;

/** A job of this caller. Rejects with `BulkResetNotFound` for an unknown one and somebody else's alike. */
export function createReadBulkReset({ bulkResets, rows, rowFaults }: ReadBulkDependencies) {
  return { progress, page };

  /** Counted from the rows themselves, which are the truth. */
  async function progress(bulkResetId: string, caller: string): Promise<BulkResetProgress> {
    const job = await read(bulkResetId, caller);
    const counts = countsOf(job);
    const isStarted = job.state !== 'validating' && job.state !== 'refused';
    const shards = isStarted ? Math.ceil(counts.lastRow / rowsPerShard) : 0;
    const failures: Record<string, number> = {};
    let made = 0;
    let settled = 0;
    let succeeded = 0;
    for (let shard = 0; shard < shards; shard += 1) {
      for (const outcome of await rows.outcomes(bulkResetId, shard)) {
        made += 1;
        if (!isSettledState(outcome.state)) continue;
        settled += 1;
        if (outcome.state === 'applied') succeeded += 1;
        else failures[failureOf(outcome)] = (failures[failureOf(outcome)] ?? 0) + 1;
      }
    }
    // Of a job that was stopped, the rows that were not made never will be.
    const expected = job.state === 'stopped' ? made : counts.valid;
    const open = isStarted ? expected - settled : 0;
    const faults = counts.invalid > 0 ? await rowFaults.read(bulkResetId) : [];
    return { job, settled, open, succeeded, failures, faults };
  }

  /** The rows after this one, in order. */
  async function page(
    from: { readonly bulkResetId: string; readonly afterRow: number; readonly limit: number },
    caller: string,
  ): Promise<BulkResetPage> {
    const job = await read(from.bulkResetId, caller);
    const { lastRow } = countsOf(job);
    const isComplete = job.state !== 'validating' && job.state !== 'splitting';
    const madeRows = job.state === 'splitting' ? job.splitRows : lastRow;
    // A page ends with its shard; the rows that follow are in the next.
    for (let { afterRow } = from; afterRow < lastRow; afterRow = endOfShard(afterRow)) {
      const found = await rows.page({ ...from, afterRow });
      const last = found.at(-1);
      if (last !== undefined) {
        const nextAfterRow = bulkRowNumber(last);
        return { rows: found, ...(nextAfterRow < lastRow && { nextAfterRow }) };
      }
      // Rows may come here yet, and those of the next shard must not be shown before them.
      if (!isComplete && endOfShard(afterRow) > madeRows) break;
    }
    return { rows: [], ...(!isComplete && { nextAfterRow: from.afterRow }) };
  }

  async function read(bulkResetId: string, caller: string): Promise<BulkResetRow> {
    const stored = await bulkResets.read(bulkResetId);
    if (stored?.row.caller !== caller) {
      throw new ResetError('BulkResetNotFound', 'There is no such bulk reset');
    }
    return stored.row;
  }
}

function countsOf(job: BulkResetRow): RowCounts {
  return 'counts' in job ? job.counts : { valid: 0, invalid: 0, lastRow: 0 };
}

function failureOf({ state, code }: RowOutcome): string {
  return code ?? state;
}

function endOfShard(afterRow: number): number {
  return (Math.floor(afterRow / rowsPerShard) + 1) * rowsPerShard;
}
