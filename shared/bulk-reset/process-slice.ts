import { forgedEvent, type Note, settledEvent } from '../password-reset/audit.js';
import type { FairLimit } from '../platform/fair-limit.js';
import { openRequest } from '../password-reset/open-seal.js';
import type { ResetStore, Seals, Stored } from '../password-reset/ports.js';
import type { ProcessRow } from '../password-reset/process-password-reset.js';
import { cancel, type OpenRow } from '../password-reset/reset-row.js';
import type { BulkResetRows, BulkResetStore, SliceWakeUp, SliceWakeUps } from './ports.js';
import type { WakeSlices } from './wake-slices.js';

export interface ProcessSliceDependencies {
  readonly bulkResets: Pick<BulkResetStore, 'read'>;
  readonly rows: Pick<BulkResetRows, 'openRows'>;
  readonly resets: Pick<ResetStore, 'replaceMany'>;
  readonly seals: Pick<Seals, 'open'>;
  readonly processRow: ProcessRow;
  readonly note: Note;
  readonly limit: Pick<FairLimit, 'run'>;
  readonly wakeUps: SliceWakeUps;
  readonly wakeSlices: Pick<WakeSlices, 'next'>;
  readonly now: () => number;
  /** How long rows are started; those under way come to their end. */
  readonly timeoutMs: number;
  readonly onRowFailed: (resetId: string, error: unknown) => void;
}

export interface ProcessedSlice {
  /** Rows that were not settled when the slice was looked at. */
  readonly open: number;
  /** Rows that must be looked at again. */
  readonly left: number;
  readonly cancelled: number;
}

/** How old the news may be that a job is not cancelled. */
const newsMs = 5_000;
const shortestWaitMs = 1_000;
/** For a row that failed for a reason that nobody foresaw. */
const failedWaitMs = 60_000;

/**
 * Works off what is due in one slice, several rows at once; what one row comes to never stops the others.
 * While rows are left, one message says when to look again; to look twice does no harm. A message that is
 * delivered again has no successor, or such messages would become ever more: if the first delivery did not
 * come that far, the sweeper wakes the slice.
 *
 * While nothing may be sent to anybody a slice keeps its turn, or the whole job would come to wait in the
 * queue. Where only a customer is braked the turn goes on: there are others behind.
 */
export function createProcessSlice(dependencies: ProcessSliceDependencies) {
  const { bulkResets, rows, resets, seals, processRow, note, limit } = dependencies;
  const { wakeUps, wakeSlices, now, timeoutMs, onRowFailed } = dependencies;

  return async (
    wakeUp: SliceWakeUp,
    { isRepeated }: { readonly isRepeated: boolean },
    signal: AbortSignal,
  ): Promise<ProcessedSlice> => {
    const { bulkResetId, wakesNext } = wakeUp;
    const job = await bulkResets.read(bulkResetId);
    if (job === undefined) return { open: 0, left: 0, cancelled: 0 };
    const isCancelled = createIsCancelled(bulkResetId, job.row.cancelledAtMs !== undefined);

    const open = await rows.openRows(wakeUp);
    const withdrawn = (await isCancelled()) ? await withdraw(open, signal) : new Set<string>();
    const others = open.filter(({ row }) => !withdrawn.has(row.resetId));
    const pass = { isCancelled, endsAtMs: now() + timeoutMs };
    const looks = await Promise.all(others.map((stored) => process(stored, pass, signal)));
    const dueAtMs = looks.map((look) => look.dueAtMs).filter((time) => time !== undefined);
    const hasSuccessor = dueAtMs.length > 0 && !isRepeated;
    const keepsTurn = hasSuccessor && wakesNext && looks.every(({ isStopped }) => isStopped);
    if (hasSuccessor) {
      const waitMs = Math.max(shortestWaitMs, Math.min(...dueAtMs) - now());
      await wakeUps.send({ ...wakeUp, wakesNext: keepsTurn }, waitMs);
    }
    if (wakesNext && !keepsTurn && 'counts' in job.row) {
      await wakeSlices.next(bulkResetId, job.row.counts);
    }
    return { open: open.length, left: dueAtMs.length, cancelled: withdrawn.size };
  };

  async function process(
    stored: Stored<OpenRow>,
    { isCancelled, endsAtMs }: Pass,
    signal: AbortSignal,
  ): Promise<Look> {
    const { resetId, customerTenantId } = stored.row;
    const isUntouched = isUntouchedRow(stored);
    const work = async (): Promise<Look> => {
      const isLate = now() >= endsAtMs;
      if (isLate || (isUntouched && (await isCancelled()))) {
        return { dueAtMs: now(), isStopped: false };
      }
      const { result, dueAtMs } = await processRow(stored, signal);
      return { dueAtMs, isStopped: result === 'stopped' };
    };
    try {
      return await limit.run(customerTenantId, work, signal);
    } catch (error) {
      if (signal.aborted) return { dueAtMs: now(), isStopped: false };
      onRowFailed(resetId, error);
      return { dueAtMs: now() + failedWaitMs, isStopped: false };
    }
  }

  /** Nobody has claimed these rows yet, so nothing was sent for them. Those that changed meanwhile are left. */
  async function withdraw(
    open: readonly Stored<OpenRow>[],
    signal: AbortSignal,
  ): Promise<ReadonlySet<string>> {
    const untouched = open.filter(isUntouchedRow);
    if (untouched.length === 0) return new Set();
    const genuine = await genuineOf(untouched, signal);
    const settledAtMs = now();
    const cancelled = await resets.replaceMany(
      untouched.map(({ row, etag }) => ({ row: cancel(row, settledAtMs), etag })),
    );
    await note(
      cancelled.map((row) => (genuine.has(row.resetId) ? settledEvent(row) : forgedEvent(row))),
    );
    return new Set(cancelled.map(({ resetId }) => resetId));
  }

  /** Whose seals say the same as they do: what the others say is told to nobody. */
  async function genuineOf(
    stored: readonly Stored<OpenRow>[],
    signal: AbortSignal,
  ): Promise<ReadonlySet<string>> {
    const found = stored.map(async ({ row }) =>
      (await openRequest(seals, row, signal)) === undefined ? [] : [row.resetId],
    );
    return new Set((await Promise.all(found)).flat());
  }

  function createIsCancelled(bulkResetId: string, wasCancelled: boolean): IsCancelled {
    let news = Promise.resolve(wasCancelled);
    let askedAtMs = now();
    return () => {
      if (now() - askedAtMs >= newsMs) {
        askedAtMs = now();
        const before = news;
        news = bulkResets.read(bulkResetId).then(
          (job) => job?.row.cancelledAtMs !== undefined,
          () => before,
        );
      }
      return news;
    };
  }
}

type IsCancelled = () => Promise<boolean>;

interface Pass {
  readonly isCancelled: IsCancelled;
  /** From then on no row is started. */
  readonly endsAtMs: number;
}

/** What one row came to. */
interface Look {
  /** When it must be looked at again; undefined when it need not be. */
  readonly dueAtMs: number | undefined;
  /** Nothing may be sent to anybody. */
  readonly isStopped: boolean;
}

function isUntouchedRow({ row }: Stored<OpenRow>): boolean {
  return row.state === 'queued' && row.attemptId === undefined;
}
