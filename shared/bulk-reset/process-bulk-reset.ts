import { isDeepStrictEqual } from 'node:util';
import type { Audit, Note } from '../password-reset/audit.js';
import type { ReserveResets } from '../password-reset/ports.js';
import { ResetError } from '../password-reset/reset-error.js';
import {
  bulkFactsOf,
  type BulkResetFacts,
  type BulkResetOrder,
  type BulkResetRow,
  type BulkResetState,
  type KeptOrder,
  type RowCounts,
} from './bulk-reset.js';
import { toApprovalSubject } from './approval-subject.js';
import { approvableForMs } from './approve-bulk-reset.js';
import type { OpenLines } from './bulk-lines.js';
import type { ReadBulkRows } from './bulk-rows.js';
import { type CheckedRows, checkRows } from './check-rows.js';
import type {
  ApprovalProofs,
  BulkOrders,
  BulkResetStore,
  RequiresApproval,
  RowFaults,
  StoredBulkReset,
} from './ports.js';
import { readOrder } from './read-order.js';
import { type EndedState, refusedEvent, refusedState } from './refuse-bulk-reset.js';
import type { SplitRows } from './split-rows.js';
import type { WakeSlices } from './wake-slices.js';

export interface ProcessBulkDependencies {
  readonly bulkResets: BulkResetStore;
  readonly orders: Pick<BulkOrders, 'read'>;
  readonly rowFaults: RowFaults;
  readonly openLines: OpenLines;
  readonly readBulkRows: ReadBulkRows;
  readonly splitRows: SplitRows;
  readonly wakeSlices: WakeSlices;
  readonly reserveResets: ReserveResets;
  readonly requiresApproval: RequiresApproval;
  readonly approvalProofs: Pick<ApprovalProofs, 'agreementIn'>;
  readonly audit: Audit;
  readonly note: Note;
  readonly now: () => number;
}

export interface ProcessedBulkReset {
  /** Absent when there is no such job. */
  readonly job?: BulkResetRow;
  /** When it must be gone on with; absent when somebody else goes on with it, or it is over. */
  readonly dueAtMs?: number;
}

/** What has not passed by then does not pass by itself. */
const maxAgeMs = 24 * 3_600_000;
/** An order that is not there by then never comes. */
const orderMissingMs = 600_000;
const usualWaitMs = 30_000;
const longestWaitMs = 900_000;

/**
 * Takes a job from its order to its rows: the whole of it is read and checked before the first row is
 * made. It can be repeated from anywhere: what was done is found done. Checking starts anew each time: a
 * million rows keep one core at work for about half a minute (`test/bench/split.ts`), and an invocation has
 * 280 seconds.
 */
export function createProcessBulkReset(dependencies: ProcessBulkDependencies) {
  const { bulkResets, orders, rowFaults, openLines, readBulkRows } = dependencies;
  const { splitRows, wakeSlices, reserveResets, requiresApproval, approvalProofs } = dependencies;
  const { audit, note, now } = dependencies;

  return async (bulkResetId: string, signal: AbortSignal): Promise<ProcessedBulkReset> => {
    const stored = await bulkResets.read(bulkResetId);
    if (stored === undefined) return {};
    if (isOver(stored.row)) {
      await hasten(stored.row);
      return { job: stored.row };
    }
    const job = { current: stored };
    try {
      return await goOn(job, signal);
    } catch (error) {
      if (!(error instanceof Overtaken)) throw error;
      // Whoever was faster goes on; if that ends halfway, the sweeper wakes the job.
      const found = await bulkResets.read(bulkResetId);
      return found === undefined ? {} : { job: found.row };
    }
  };

  async function goOn(job: Job, signal: AbortSignal): Promise<ProcessedBulkReset> {
    try {
      await advance(job, signal);
    } catch (error) {
      const failure = failureOf(error, signal);
      if (!(failure instanceof ResetError)) throw failure;
      if (!isFinal(failure, job.current.row)) {
        const waitMs = signal.aborted ? 0 : (failure.retryAfterMs ?? usualWaitMs);
        return { job: job.current.row, dueAtMs: now() + Math.min(waitMs, longestWaitMs) };
      }
      await end(job, failure);
    }
    const { row } = job.current;
    const isWaiting = isOver(row) || row.state === 'awaitingApproval';
    return isWaiting ? { job: row } : { job: row, dueAtMs: now() };
  }

  /** The rows of a cancelled job are withdrawn when their slices are looked at. */
  async function hasten(row: BulkResetRow): Promise<void> {
    if (row.state !== 'split' || row.cancelledAtMs === undefined) return;
    if (row.finishedAtMs === undefined) await wakeSlices.first(row.bulkResetId, row.counts);
  }

  /** As far as time allows. */
  async function advance(job: Job, signal: AbortSignal): Promise<void> {
    requireNotCancelled(job.current.row);
    if (job.current.row.state === 'awaitingApproval') {
      requireApprovable(job.current.row);
      return;
    }
    const order = await readOrder(orders, job.current.row, signal);
    if (order === undefined) throw orderMissing(job.current.row);

    const lines = openLines(order, signal);
    const readRows = readBulkRows(order);
    const checked = await checkRows(readRows(lines.read(), signal));
    await lines.requireSameContent();
    if (job.current.row.state === 'validating') {
      const decided = await decide(order, checked, signal);
      if (decided.state === 'splitting') await tellStarted(order, checked);
      await settle(job, decided);
    } else requireSameRows(job.current.row, checked);
    const { row } = job.current;
    if (row.state !== 'splitting') return;
    await requireApproved(row, order, checked, signal);

    const { counts, checkedSha256 } = checked;
    const split = { order, splitRows: row.splitRows };
    for await (const done of splitRows(split, readRows(lines.read(), signal), signal)) {
      await move(job, { state: 'splitting', counts, checkedSha256, splitRows: done });
      if (signal.aborted) return;
    }
    await wakeSlices.first(row.bulkResetId, counts);
    await move(job, { state: 'split', counts });
  }

  /** What was made is carried out all the same. */
  async function end(job: Job, error: ResetError): Promise<void> {
    const { row } = job.current;
    if (row.state === 'splitting') await wakeSlices.first(row.bulkResetId, row.counts);
    await settle(job, endOf(row, error));
  }

  /** Nothing is started that is not audited. */
  async function tellStarted(order: KeptOrder, { counts }: CheckedRows): Promise<void> {
    const { bulkResetId, caller, delivery, reference } = order;
    const about = { bulkResetId, caller, delivery, reference };
    await audit([{ action: 'job.started', ...about, rows: counts.valid }]);
  }

  /** What comes to nothing ends all the same when that cannot be told. */
  async function settle(job: Job, state: BulkResetState): Promise<void> {
    const { row } = job.current;
    await move(job, state);
    if ('code' in state) await note([refusedEvent(row, state)]);
  }

  async function move(job: Job, state: BulkResetState): Promise<void> {
    const { row, etag } = job.current;
    const next = { ...bulkFactsOf(row), ...state };
    let stored = await bulkResets.replace(next, etag);
    if (stored === 'conflict') {
      // Whoever asks for the same job again writes it once more, as it is.
      const found = await bulkResets.read(row.bulkResetId);
      if (!isDeepStrictEqual(found?.row, row)) throw new Overtaken();
      stored = await bulkResets.replace(next, found?.etag ?? etag);
    }
    if (stored === 'conflict') throw new Overtaken();
    job.current = stored;
  }

  async function decide(
    { bulkResetId, caller, onInvalidRows }: BulkResetOrder,
    { faults, isFileFaulty, ...checked }: CheckedRows,
    signal: AbortSignal,
  ): Promise<BulkResetState> {
    const { counts, checkedSha256 } = checked;
    if (faults.length > 0) await rowFaults.write(bulkResetId, faults);
    const isRefused = isFileFaulty || (counts.invalid > 0 && onInvalidRows === 'refuse');
    if (isRefused || counts.valid === 0) return refusedFor(counts);
    await reserveResets({ caller, bulkResetId, resets: counts.valid }, signal);
    return (await requiresApproval({ caller, rows: counts.valid }, signal))
      ? { state: 'awaitingApproval', ...checked }
      : { state: 'splitting', counts, checkedSha256, splitRows: 0 };
  }

  /** Anybody who may write into storage can change the row: only its proof is taken from there. */
  async function requireApproved(
    { approval }: BulkResetFacts,
    order: KeptOrder,
    checked: CheckedRows,
    signal: AbortSignal,
  ): Promise<void> {
    const { caller } = order;
    if (!(await requiresApproval({ caller, rows: checked.counts.valid }, signal))) return;
    const agreement = approval && (await approvalProofs.agreementIn(approval.proof, order, signal));
    const subject = toApprovalSubject(order, checked);
    if (isDeepStrictEqual(agreement?.subject, subject)) return;
    throw new ResetError('ApprovalMissing', 'Nobody approved the job as it is');
  }

  function requireApprovable({ acceptedAtMs }: BulkResetFacts): void {
    if (now() - acceptedAtMs >= approvableForMs) throw notApproved();
  }

  function orderMissing({ acceptedAtMs }: BulkResetFacts): ResetError {
    return now() - acceptedAtMs < orderMissingMs
      ? new ResetError('StorageUnavailable', 'The order has not arrived yet')
      : new ResetError('InvalidRequest', 'The order never arrived: send it again');
  }

  function isFinal({ recovery }: ResetError, { acceptedAtMs }: BulkResetFacts): boolean {
    return recovery === 'never' || now() - acceptedAtMs >= maxAgeMs;
  }
}

/** Somebody else works on the same job, or has cancelled it, and sees to it that it goes on. */
class Overtaken extends Error {
  override readonly name = 'Overtaken';
}

/** The job as it was stored last. */
interface Job {
  current: StoredBulkReset;
}

function isOver({ state }: BulkResetRow): boolean {
  return state !== 'validating' && state !== 'awaitingApproval' && state !== 'splitting';
}

function requireNotCancelled({ cancelledAtMs }: BulkResetFacts): void {
  if (cancelledAtMs === undefined) return;
  throw new ResetError('Cancelled', 'The bulk reset was cancelled before all its rows were made');
}

function notApproved(): ResetError {
  return new ResetError(
    'ApprovalMissing',
    'Nothing was started: nobody approved the job within 24 hours',
  );
}

/**
 * Another invocation checked the rows and left off. A customer may have gone out of reach since, or
 * come into it: then some rows would be lost, or run although they were left out. So a job is
 * continued only with exactly the rows that were checked.
 */
function requireSameRows(row: BulkResetRow, { checkedSha256 }: CheckedRows): void {
  if (row.state !== 'splitting' || checkedSha256 === row.checkedSha256) return;
  throw new ResetError(
    'InvalidRows',
    'Since the rows were checked, others have become usable or unusable',
  );
}

/** What is cut off by the end of the time rejects in words of its own. */
function failureOf(error: unknown, { aborted }: AbortSignal): unknown {
  if (!aborted || error instanceof ResetError || error instanceof Overtaken) return error;
  return new ResetError('StorageUnavailable', 'The time was over too early', { cause: error });
}

/** Nobody knows whether rows were made that `splitRows` does not tell of yet. */
function endOf(row: BulkResetRow, error: ResetError): EndedState {
  if (row.state !== 'splitting') return refusedState(error);
  const { counts, splitRows } = row;
  const message = `${error.message}. Start a new job for the rows that were not started`;
  return { state: 'stopped', code: error.code, message, counts, splitRows };
}

function refusedFor(counts: RowCounts): BulkResetState {
  const message = `Nothing was started: ${counts.invalid} of ${counts.invalid + counts.valid} rows cannot be used`;
  return { state: 'refused', code: 'InvalidRows', message, counts };
}
