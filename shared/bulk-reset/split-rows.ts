import type { Secret } from '../platform/secret.js';
import type { ResetStore, SealedRequest, Seals } from '../password-reset/ports.js';
import { newResetRow, type ResetRow } from '../password-reset/reset-row.js';
import { bulkRowResetId, type KeptOrder, rowsPerSlice } from './bulk-reset.js';
import type { BulkRow, CheckedRow } from './bulk-rows.js';

export interface SplitDependencies {
  readonly seals: Pick<Seals, 'seal'>;
  readonly resets: Pick<ResetStore, 'createMany'>;
  readonly newPassword: () => Secret;
}

/** What the rows are made of: the order alone, since anybody may have written into the row of the job. */
export interface SplitJob {
  readonly order: KeptOrder;
  readonly splitRows: number;
}

export type SplitRows = ReturnType<typeof createSplitRows>;

/** Enough to keep storage busy while others are sealed; more would only take memory. */
const maxUnderWay = 8;
/** Nothing new is begun while a report is taken down, and what came after the last one is made again. */
const transactionsPerReport = 50;

/**
 * Makes a password reset of every row after `splitRows`, several transactions at once, and yields how far
 * it is now and then, and at the end or when the signal aborts. Rows that exist already keep the password
 * they have: only the first to create a row decides it.
 */
export function createSplitRows({ seals, resets, newPassword }: SplitDependencies) {
  return async function* splitRows(
    job: SplitJob,
    rows: AsyncIterable<CheckedRow>,
    signal: AbortSignal,
  ): AsyncGenerator<number> {
    /** The oldest comes first. */
    const underWay: Promise<number>[] = [];
    let finished = 0;
    try {
      for await (const transaction of inTransactions(rows, job.splitRows)) {
        const making = make(job, transaction, signal);
        // Whoever waits for it hears of it; until then it must not end the process.
        making.catch(() => undefined);
        underWay.push(making);
        if (underWay.length < maxUnderWay) continue;
        const lastRow = await underWay.shift();
        finished += 1;
        if (signal.aborted) break;
        if (finished % transactionsPerReport === 0 && lastRow !== undefined) yield lastRow;
      }
      const lastRow = (await Promise.all(underWay)).at(-1);
      if (lastRow !== undefined) yield lastRow;
    } finally {
      // Nothing is made any more once this has ended, however it ends.
      await Promise.allSettled(underWay);
    }
  };

  /** The number of the last row. */
  async function make(
    job: SplitJob,
    transaction: Transaction,
    signal: AbortSignal,
  ): Promise<number> {
    const sealed = await Promise.all(transaction.map((row) => toResetRow(job, row, signal)));
    await resets.createMany(sealed);
    return transaction.at(-1)?.row ?? 0;
  }

  async function toResetRow(
    { order }: SplitJob,
    { row, customerTenantId, user, forceChangePassword, reference }: BulkRow,
    signal: AbortSignal,
  ): Promise<ResetRow> {
    const { bulkResetId, caller, delivery, recipientKeyId, acceptedAtMs } = order;
    const resetId = bulkRowResetId(bulkResetId, row);
    const request: SealedRequest = {
      caller,
      permission: 'bulkReset',
      delivery,
      ...(recipientKeyId !== undefined && { recipientKeyId }),
      customerTenantId,
      user,
      passwordProfile: { password: newPassword(), forceChangePassword },
      isChosen: false,
      ...(reference !== undefined && { reference }),
      acceptedAtMs,
    };
    const seal = await seals.seal(resetId, request, signal);
    const facts = {
      resetId,
      caller,
      customerTenantId,
      delivery,
      forceChangePassword,
      ...(reference !== undefined && { reference }),
      acceptedAtMs,
    };
    return newResetRow(facts, seal);
  }
}

/** Rows of one slice: their numbers alone say which, so that a repeated split makes the same transactions. */
type Transaction = readonly BulkRow[];

/** The rows that can be used, a slice at a time. */
async function* inTransactions(
  rows: AsyncIterable<CheckedRow>,
  afterRow: number,
): AsyncGenerator<Transaction> {
  let transaction: BulkRow[] = [];
  for await (const row of rows) {
    if ('fault' in row || row.row <= afterRow) continue;
    const [first] = transaction;
    if (first !== undefined && sliceOf(first) !== sliceOf(row)) {
      yield transaction;
      transaction = [];
    }
    transaction.push(row);
  }
  if (transaction.length > 0) yield transaction;
}

function sliceOf({ row }: BulkRow): number {
  return Math.floor((row - 1) / rowsPerSlice);
}
