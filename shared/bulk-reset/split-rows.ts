import type { Secret } from '../platform/secret.js';
import type { ResetStore, SealedRequest, Seals } from '../password-reset/ports.js';
import { newResetRow, type ResetRow } from '../password-reset/reset-row.js';
import { type BulkResetFacts, bulkRowResetId, rowsPerShard, rowsPerSlice } from './bulk-reset.js';
import type { BulkRow, CheckedRow } from './bulk-rows.js';

export interface SplitDependencies {
  readonly seals: Pick<Seals, 'seal'>;
  readonly resets: Pick<ResetStore, 'createMany'>;
  readonly newPassword: () => Secret;
}

export type SplitRows = ReturnType<typeof createSplitRows>;

/**
 * Makes a password reset of every row after `splitRows`, and yields how far it is after each shard. The
 * next shard is read and sealed while this one is stored; no more than two are in memory. Rows that exist
 * already keep the password they have: only the first to create a row decides it.
 */
export function createSplitRows({ seals, resets, newPassword }: SplitDependencies) {
  return async function* splitRows(
    job: BulkResetFacts & { readonly splitRows: number },
    rows: AsyncIterable<CheckedRow>,
    signal: AbortSignal,
  ): AsyncGenerator<number> {
    let stored: Promise<number> | undefined;
    try {
      for await (const shard of inShards(rows, job.splitRows)) {
        const transactions = await Promise.all(
          inTransactions(shard).map((part) => seal(job, part, signal)),
        );
        if (stored !== undefined) yield await stored;
        stored = store(transactions, shard);
        // Whoever waits for it hears of it; until then it must not end the process.
        stored.catch(() => undefined);
      }
      if (stored !== undefined) yield await stored;
    } finally {
      // Nothing is made any more once this has ended, however it ends.
      await stored?.catch(() => undefined);
    }
  };

  /** How far it is then. */
  async function store(
    transactions: readonly (readonly ResetRow[])[],
    shard: readonly BulkRow[],
  ): Promise<number> {
    await allSettled(transactions.map((part) => resets.createMany(part)));
    return shard.at(-1)?.row ?? 0;
  }

  function seal(
    job: BulkResetFacts,
    rows: readonly BulkRow[],
    signal: AbortSignal,
  ): Promise<readonly ResetRow[]> {
    return Promise.all(rows.map((row) => toResetRow(job, row, signal)));
  }

  async function toResetRow(
    { bulkResetId, caller, delivery, acceptedAtMs }: BulkResetFacts,
    { row, customerTenantId, user, forceChangePassword, reference }: BulkRow,
    signal: AbortSignal,
  ): Promise<ResetRow> {
    const resetId = bulkRowResetId(bulkResetId, row);
    const request: SealedRequest = {
      caller,
      permission: 'bulkReset',
      delivery,
      customerTenantId,
      user,
      passwordProfile: { password: newPassword(), forceChangePassword },
      isChosen: false,
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

/** Rejects when one does, but not before all have ended. */
async function allSettled(works: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(works);
  await Promise.all(works);
}

/** The rows that can be used, a shard at a time. */
async function* inShards(
  rows: AsyncIterable<CheckedRow>,
  afterRow: number,
): AsyncGenerator<readonly BulkRow[]> {
  let shard: BulkRow[] = [];
  for await (const row of rows) {
    if ('fault' in row || row.row <= afterRow) continue;
    const [first] = shard;
    if (first !== undefined && numberOf(first, rowsPerShard) !== numberOf(row, rowsPerShard)) {
      yield shard;
      shard = [];
    }
    shard.push(row);
  }
  if (shard.length > 0) yield shard;
}

/** A transaction takes a hundred rows; a slice has no more. */
function inTransactions(shard: readonly BulkRow[]): readonly (readonly BulkRow[])[] {
  const slices: BulkRow[][] = [];
  for (const row of shard) {
    const slice = slices.at(-1);
    const [first] = slice ?? [];
    if (first !== undefined && numberOf(first, rowsPerSlice) === numberOf(row, rowsPerSlice)) {
      slice?.push(row);
    } else {
      slices.push([row]);
    }
  }
  return slices;
}

/** Follows from the row number alone, so that a repeated split makes the same transactions. */
function numberOf({ row }: BulkRow, size: number): number {
  return Math.floor((row - 1) / size);
}
