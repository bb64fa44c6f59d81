import type { Secret } from '../platform/secret.js';
import type { ResetStore, SealedRequest, Seals, WakeUps } from '../password-reset/ports.js';
import { newResetRow, type ResetRow } from '../password-reset/reset-row.js';
import { type BulkResetFacts, bulkRowResetId } from './bulk-reset.js';
import type { BulkRow, CheckedRow } from './bulk-rows.js';

export interface SplitDependencies {
  readonly seals: Pick<Seals, 'seal'>;
  readonly resets: Pick<ResetStore, 'createMany'>;
  readonly wakeUps: WakeUps;
  readonly newPassword: () => Secret;
  readonly now: () => number;
}

export type SplitRows = ReturnType<typeof createSplitRows>;

/** What one table transaction takes. */
const rowsPerTransaction = 100;
const concurrentWakeUps = 16;
/** What is made again at most when a split breaks off. */
const rowsPerStep = 1_000;

/**
 * Makes a password reset of every row after `splitRows`, and yields how far it is: after every
 * thousand rows or so, and as soon as the time is over. Rows that exist already keep the password
 * they have: only the first to create a row decides it.
 */
export function createSplitRows({ seals, resets, wakeUps, newPassword, now }: SplitDependencies) {
  return async function* splitRows(
    job: BulkResetFacts & { readonly splitRows: number },
    rows: AsyncIterable<CheckedRow>,
    signal: AbortSignal,
  ): AsyncGenerator<number> {
    let rowsOfStep = 0;
    for await (const group of inTransactions(rows, job.splitRows)) {
      const made = await Promise.all(group.map((row) => toResetRow(job, row, signal)));
      await resets.createMany(made);
      await wakeUp(made.map(({ resetId }) => resetId));
      rowsOfStep += made.length;
      const last = group.at(-1);
      if (last !== undefined && (rowsOfStep >= rowsPerStep || signal.aborted)) {
        yield last.row;
        rowsOfStep = 0;
      }
    }
  };

  async function toResetRow(
    { bulkResetId, caller, delivery }: BulkResetFacts,
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
    };
    const seal = await seals.seal(resetId, request, signal);
    const facts = {
      resetId,
      caller,
      customerTenantId,
      delivery,
      forceChangePassword,
      ...(reference !== undefined && { reference }),
      acceptedAtMs: now(),
    };
    return newResetRow(facts, seal);
  }

  async function wakeUp(resetIds: readonly string[]): Promise<void> {
    const waiting = [...resetIds];
    const sendNext = async () => {
      for (let resetId = waiting.shift(); resetId !== undefined; resetId = waiting.shift()) {
        await wakeUps.send(resetId, 0);
      }
    };
    await Promise.all(Array.from({ length: concurrentWakeUps }, sendNext));
  }
}

/** Rows of one shard, at most a transaction's worth at a time. */
async function* inTransactions(
  rows: AsyncIterable<CheckedRow>,
  afterRow: number,
): AsyncGenerator<BulkRow[]> {
  let group: BulkRow[] = [];
  for await (const row of rows) {
    if ('fault' in row || row.row <= afterRow) continue;
    const [first] = group;
    if (first !== undefined && slotOf(first) !== slotOf(row)) {
      yield group;
      group = [];
    }
    group.push(row);
  }
  if (group.length > 0) yield group;
}

/** Follows from the row number alone, so that a repeated split makes the same transactions. */
function slotOf({ row }: BulkRow): number {
  return Math.floor((row - 1) / rowsPerTransaction);
}
