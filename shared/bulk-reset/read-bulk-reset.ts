import { ResetError } from '../password-reset/reset-error.js';
import type { ResetRow } from '../password-reset/reset-row.js';
import {
  bulkRowNumber,
  type BulkResetRow,
  type RowCounts,
  type RowFault,
  rowsPerShard,
  type RowTally,
} from './bulk-reset.js';
import type { BulkResetRows, BulkResetStore, RowFaults, StoredBulkReset } from './ports.js';
import { emptyTally, inTurns, shardCount, sumOf, tallyOf } from './tally.js';

export interface ReadBulkDependencies {
  readonly bulkResets: Pick<BulkResetStore, 'read'>;
  readonly rows: Pick<BulkResetRows, 'page' | 'outcomes'>;
  readonly rowFaults: Pick<RowFaults, 'read'>;
}

export interface BulkResetProgress {
  readonly job: BulkResetRow;
  /** Rows that came to an end, and rows still open. */
  readonly settled: number;
  readonly open: number;
  readonly succeeded: number;
  /** Rows that were withdrawn before the first attempt. */
  readonly cancelled: number;
  /** How many of the other rows ended with each code. */
  readonly failures: Readonly<Record<string, number>>;
  readonly faults: readonly RowFault[];
}

export interface BulkResetPage {
  readonly job: BulkResetRow;
  readonly rows: readonly ResetRow[];
  /** Where the next page starts; absent when there are no more rows, and none will come. */
  readonly nextAfterRow?: number;
}

/** Rows of one page; a table answers with no more. */
export const maxPageSize = 1_000;
/** More shards than this are not read for one look at a large job: the last sweep counted them. */
const maxShardsRead = 20;

/** A job of this caller. Rejects with `BulkResetNotFound` for an unknown one and somebody else's alike. */
export function createReadBulkReset({ bulkResets, rows, rowFaults }: ReadBulkDependencies) {
  return { progress, page };

  /** Counted from the rows themselves, which are the truth; of a large job as of the last sweep. */
  async function progress(bulkResetId: string, caller: string): Promise<BulkResetProgress> {
    const { row: job } = await readOwn(bulkResets, { bulkResetId, caller });
    const counts = countsOf(job);
    const isStarted = isSplitUp(job) || job.state === 'splitting';
    const { made, settled, succeeded, failures } = await countRows(job, rows);
    const { cancelled = 0, ...otherFailures } = failures;
    // Of a job that was stopped, the rows that were not made never will be.
    const expected = job.state === 'stopped' ? made : counts.valid;
    const open = isStarted ? expected - settled : 0;
    const faults = counts.invalid > 0 ? await rowFaults.read(bulkResetId) : [];
    return { job, settled, open, succeeded, cancelled, failures: otherFailures, faults };
  }

  /** The rows after this one, in order. */
  async function page(
    from: { readonly bulkResetId: string; readonly afterRow: number; readonly limit: number },
    caller: string,
  ): Promise<BulkResetPage> {
    const { row: job } = await readOwn(bulkResets, { bulkResetId: from.bulkResetId, caller });
    return { job, ...(await readPage(job, rows, from)) };
  }
}

/**
 * What the rows of a job have come to. No row is started before all are made, and of a job with many
 * shards that are not settled it is what the sweeper counted last.
 */
export async function countRows(
  job: BulkResetRow,
  rows: Pick<BulkResetRows, 'outcomes'>,
): Promise<RowTally> {
  if (!isSplitUp(job)) return emptyTally;
  const { bulkResetId, tally, counts } = job;
  const shards = shardCount(counts);
  const first = tally?.settledShards ?? 0;
  if (shards - first > maxShardsRead) {
    if (tally !== undefined) return tally.all;
    // How many rows of a stopped job there are is only known once they were counted.
    if (job.state === 'split') return emptyTally;
  }
  let sum = tally?.settled ?? emptyTally;
  const read = (shard: number) => rows.outcomes(bulkResetId, shard);
  for await (const [, outcomes] of inTurns(shards, first, read)) {
    sum = sumOf(sum, tallyOf(outcomes));
  }
  return sum;
}

/** @throws {@link ResetError} `BulkResetNotFound` */
export async function readOwn(
  bulkResets: Pick<BulkResetStore, 'read'>,
  { bulkResetId, caller }: { readonly bulkResetId: string; readonly caller: string },
): Promise<StoredBulkReset> {
  const stored = await bulkResets.read(bulkResetId);
  if (stored?.row.caller === caller) return stored;
  throw new ResetError('BulkResetNotFound', 'There is no such bulk reset');
}

/** All rows of a job that is split or stopped, page by page. */
export async function* pagesOf(
  job: BulkResetRow,
  rows: Pick<BulkResetRows, 'page'>,
): AsyncGenerator<readonly ResetRow[]> {
  let afterRow: number | undefined = 0;
  while (afterRow !== undefined) {
    const page: Omit<BulkResetPage, 'job'> = await readPage(job, rows, {
      afterRow,
      limit: maxPageSize,
    });
    yield page.rows;
    afterRow = page.nextAfterRow;
  }
}

async function readPage(
  job: BulkResetRow,
  rows: Pick<BulkResetRows, 'page'>,
  from: { readonly afterRow: number; readonly limit: number },
): Promise<Omit<BulkResetPage, 'job'>> {
  const { bulkResetId } = job;
  const { lastRow } = countsOf(job);
  const isComplete = isSplitUp(job) || job.state === 'refused';
  const madeRows = 'splitRows' in job ? job.splitRows : isComplete ? lastRow : 0;
  // A page ends with its shard; the rows that follow are in the next.
  for (let { afterRow } = from; afterRow < lastRow; afterRow = endOfShard(afterRow)) {
    const page = await rows.page({ bulkResetId, afterRow, limit: from.limit });
    // Several transactions are made at once: rows before these may still be missing.
    const found = isComplete ? page : page.filter((row) => bulkRowNumber(row) <= madeRows);
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

function countsOf(job: BulkResetRow): RowCounts {
  return ('counts' in job ? job.counts : undefined) ?? { valid: 0, invalid: 0, lastRow: 0 };
}

/** All rows that will ever be made are made. */
function isSplitUp(
  job: BulkResetRow,
): job is Extract<BulkResetRow, { state: 'split' | 'stopped' }> {
  return job.state === 'split' || job.state === 'stopped';
}

function endOfShard(afterRow: number): number {
  return (Math.floor(afterRow / rowsPerShard) + 1) * rowsPerShard;
}
