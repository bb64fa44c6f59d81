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
 * Makes a password reset of every row after `splitRows`, and yields how far it is after each shard, or
 * as soon as the time is over. Rows that exist already keep the password they have: only the first to
 * create a row decides it.
 */
export function createSplitRows({ seals, resets, newPassword }: SplitDependencies) {
  return async function* splitRows(
    job: BulkResetFacts & { readonly splitRows: number },
    rows: AsyncIterable<CheckedRow>,
    signal: AbortSignal,
  ): AsyncGenerator<number> {
    for await (const shard of inShards(rows, job.splitRows)) {
      await Promise.all(inTransactions(shard).map((part) => create(job, part, signal)));
      const last = shard.at(-1);
      if (last !== undefined) yield last.row;
    }
  };

  async function create(
    job: BulkResetFacts,
    rows: readonly BulkRow[],
    signal: AbortSignal,
  ): Promise<void> {
    await resets.createMany(await Promise.all(rows.map((row) => toResetRow(job, row, signal))));
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
