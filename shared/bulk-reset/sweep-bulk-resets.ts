import { findStop } from '../password-reset/brakes.js';
import type { Control, ControlState } from '../password-reset/ports.js';
import type { ResetLimits } from '../password-reset/reset-row.js';
import { overdueMs } from '../password-reset/sweep-password-resets.js';
import {
  type BulkResetRow,
  bulkRowNumber,
  type BulkTally,
  rowsPerSlice,
  type RowTally,
} from './bulk-reset.js';
import type {
  BulkResetRows,
  BulkResetStore,
  BulkWakeUps,
  RowOutcome,
  SliceWakeUps,
  StoredBulkReset,
} from './ports.js';
import { approvableForMs } from './approve-bulk-reset.js';
import { emptyTally, inTurns, shardCount, sumOf, tallyOf } from './tally.js';
import { slicesAwake } from './wake-slices.js';

export interface SweepBulkDependencies {
  readonly bulkResets: Pick<BulkResetStore, 'inPhase' | 'replace'>;
  readonly rows: Pick<BulkResetRows, 'outcomes'>;
  readonly control: Pick<Control, 'read'>;
  readonly wakeUps: BulkWakeUps;
  readonly sliceWakeUps: SliceWakeUps;
  readonly limits: Pick<ResetLimits, 'settleMs' | 'maxPatientAgeMs'>;
  readonly now: () => number;
}

export interface SweptBulkResets {
  readonly open: number;
  readonly finished: number;
  readonly wokenSlices: number;
}

/** So long an invocation may go on to make rows without noticing that the job was cancelled. */
const unawareMs = 600_000;

/**
 * Looks after the jobs that are not over: counts their rows, and wakes what was left lying because a message
 * was lost or a host died. The rows are the truth, so nothing is ever only in a message.
 */
export function createSweepBulkResets(dependencies: SweepBulkDependencies) {
  const { bulkResets, rows, control, wakeUps, sliceWakeUps, limits, now } = dependencies;
  /** The jobs that were not split when they were last seen here, with their version. */
  let unsplit: ReadonlyMap<string, string> = new Map();

  return async (signal: AbortSignal): Promise<SweptBulkResets> => {
    const state = await control.read(signal);
    const swept = { open: 0, finished: 0, wokenSlices: 0 };
    const stillUnsplit = new Map<string, string>();
    for await (const stored of bulkResets.inPhase('open')) {
      signal.throwIfAborted();
      swept.open += 1;
      const { row } = stored;
      if (row.state === 'split' || row.state === 'stopped') {
        const { isFinished, wokenSlices } = await sweep(stored, row, state, signal);
        swept.wokenSlices += wokenSlices;
        if (isFinished) swept.finished += 1;
      } else {
        stillUnsplit.set(row.bulkResetId, stored.etag);
        if (isDue(row) && isIdle(stored)) await wakeUps.send(row.bulkResetId, 0);
      }
    }
    unsplit = stillUnsplit;
    return swept;
  };

  /** For an approval only a person can be waited for. */
  function isDue({ state, cancelledAtMs, acceptedAtMs }: BulkResetRow): boolean {
    if (state !== 'awaitingApproval' || cancelledAtMs !== undefined) return true;
    return acceptedAtMs + approvableForMs <= now();
  }

  /** Somebody is at work on a job that changes; two would be in each other's way. */
  function isIdle({ row: { bulkResetId, acceptedAtMs }, etag }: StoredBulkReset): boolean {
    return acceptedAtMs + overdueMs <= now() && (unsplit.get(bulkResetId) ?? etag) === etag;
  }

  async function sweep(
    { etag }: StoredBulkReset,
    job: StartedJob,
    state: ControlState,
    signal: AbortSignal,
  ): Promise<{ readonly isFinished: boolean; readonly wokenSlices: number }> {
    const { tally, overdue } = await count(job, state, signal);
    const expected = job.state === 'stopped' ? tally.all.made : job.counts.valid;
    const isFinished = tally.all.settled >= expected && !mayGrow(job);
    // Somebody else changed the job: what was counted is counted again next time.
    await bulkResets.replace({ ...job, tally, ...(isFinished && { finishedAtMs: now() }) }, etag);
    const isStuck = tally.all.settled === job.tally?.all.settled;
    const slices = slicesToWake(overdue, isStuck);
    const { bulkResetId } = job;
    for (const slice of slices) {
      await sliceWakeUps.send({ bulkResetId, slice, wakesNext: isStuck }, 0);
    }
    return { isFinished, wokenSlices: slices.length };
  }

  /** Shards that were settled when they were last counted are not read again. */
  async function count(
    job: StartedJob,
    state: ControlState,
    signal: AbortSignal,
  ): Promise<{ readonly tally: BulkTally; readonly overdue: Overdue }> {
    const overdue: Overdue = { tried: new Set(), untried: new Set() };
    let settledShards = job.tally?.settledShards ?? 0;
    let settled = job.tally?.settled ?? emptyTally;
    let all = settled;
    const read = (shard: number) => rows.outcomes(job.bulkResetId, shard);
    for await (const [shard, outcomes] of inTurns(shardCount(job.counts), settledShards, read)) {
      signal.throwIfAborted();
      const tally: RowTally = tallyOf(outcomes);
      all = sumOf(all, tally);
      if (tally.settled === tally.made && shard === settledShards && !mayGrow(job)) {
        settledShards += 1;
        settled = sumOf(settled, tally);
      }
      for (const outcome of outcomes) note(outcome, job, state, overdue);
    }
    return { tally: { all, settledShards, settled }, overdue };
  }

  function mayGrow({ state, cancelledAtMs }: StartedJob): boolean {
    return state === 'stopped' && cancelledAtMs !== undefined && now() - cancelledAtMs < unawareMs;
  }

  function note(outcome: RowOutcome, job: StartedJob, state: ControlState, overdue: Overdue): void {
    const dueAtMs = dueAtOf(outcome);
    if (dueAtMs === undefined || dueAtMs + overdueMs > now()) return;
    const isOld = now() - job.acceptedAtMs >= limits.maxPatientAgeMs;
    const isCancelled = job.cancelledAtMs !== undefined;
    const isStopped = findStop(state, outcome.customerTenantId, now()) !== undefined;
    // What is stopped would only come back.
    if (isStopped && !isOld && !isCancelled) return;
    const slice = Math.floor((bulkRowNumber(outcome) - 1) / rowsPerSlice);
    (outcome.isTried ? overdue.tried : overdue.untried).add(slice);
  }

  /** Undefined for a row that is settled. */
  function dueAtOf({ notBeforeMs, leaseExpiresAtMs }: RowOutcome): number | undefined {
    return leaseExpiresAtMs === undefined ? notBeforeMs : leaseExpiresAtMs + limits.settleMs;
  }
}

type StartedJob = Extract<BulkResetRow, { state: 'split' | 'stopped' }>;

interface Overdue {
  /** Slices with rows that were tried before: the message about them is lost. */
  readonly tried: Set<number>;
  /** Slices with rows that were not: as a rule they wait for their turn. */
  readonly untried: Set<number>;
}

/** Slices take turns; only where nothing moves has a turn been lost. */
function slicesToWake({ tried, untried }: Overdue, isStuck: boolean): readonly number[] {
  const lost = isStuck ? [...untried].slice(0, slicesAwake) : [];
  return [...new Set([...tried, ...lost])];
}
