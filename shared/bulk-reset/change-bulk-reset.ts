import type { AuditAction, Note } from '../password-reset/audit.js';
import { ResetError } from '../password-reset/reset-error.js';
import type { BulkResetRow } from './bulk-reset.js';
import type { BulkResetRows, BulkResetStore, BulkWakeUps, StoredBulkReset } from './ports.js';
import { countRows, readOwn } from './read-bulk-reset.js';

export interface CancelDependencies {
  readonly bulkResets: Pick<BulkResetStore, 'read' | 'replace'>;
  readonly rows: Pick<BulkResetRows, 'outcomes'>;
  readonly wakeUps: BulkWakeUps;
  readonly note: Note;
  readonly now: () => number;
}

/**
 * Starts no row of the job any more. Rows that were never tried are withdrawn as their slices are looked
 * at; the others come to their end. Once more changes nothing, and neither does it of a job that is over.
 *
 * Rejects with `BulkResetNotFound` for an unknown job and somebody else's alike.
 */
export function createCancelBulkReset(dependencies: CancelDependencies) {
  const { bulkResets, rows, wakeUps, note, now } = dependencies;

  return async (bulkResetId: string, caller: string): Promise<BulkResetRow> => {
    const row = await change(
      { bulkResets, note },
      { bulkResetId, caller },
      'job.cancelled',
      async (job) =>
        job.cancelledAtMs !== undefined || (await isOver(job, rows))
          ? job
          : { ...job, cancelledAtMs: now() },
    );
    if (row.state !== 'refused' && row.finishedAtMs === undefined)
      await wakeUps.send(bulkResetId, 0);
    return row;
  };
}

export interface AcknowledgeDependencies {
  readonly bulkResets: Pick<BulkResetStore, 'read' | 'replace'>;
  readonly rows: Pick<BulkResetRows, 'outcomes'>;
  readonly note: Note;
  readonly now: () => number;
}

/**
 * Whoever asked has the passwords: nobody can read them from now on. Once more changes nothing.
 *
 * Rejects with `BulkResetNotFound` for an unknown job and somebody else's alike, and with
 * `BulkResetConflict` while the job is not over.
 */
export function createAcknowledgeBulkReset({
  bulkResets,
  rows,
  note,
  now,
}: AcknowledgeDependencies) {
  return (bulkResetId: string, caller: string): Promise<BulkResetRow> =>
    change({ bulkResets, note }, { bulkResetId, caller }, 'job.acknowledged', async (job) => {
      if (job.acknowledgedAtMs !== undefined) return job;
      if (!(await isOver(job, rows))) throw notOver();
      return { ...job, acknowledgedAtMs: now() };
    });
}

async function isOver(job: BulkResetRow, rows: Pick<BulkResetRows, 'outcomes'>): Promise<boolean> {
  if (job.state === 'refused' || job.finishedAtMs !== undefined) return true;
  if (job.state !== 'split' && job.state !== 'stopped') return false;
  const { made, settled } = await countRows(job, rows);
  return settled >= (job.state === 'stopped' ? made : job.counts.valid);
}

/** Repeats when somebody else changes the job at the same time. Neither change waits for its record. */
async function change(
  { bulkResets, note }: Pick<CancelDependencies, 'bulkResets' | 'note'>,
  job: { readonly bulkResetId: string; readonly caller: string },
  action: AuditAction,
  to: (row: BulkResetRow) => Promise<BulkResetRow>,
): Promise<BulkResetRow> {
  for (;;) {
    const { row, etag }: StoredBulkReset = await readOwn(bulkResets, job);
    const changed = await to(row);
    if (changed === row) return row;
    const stored = await bulkResets.replace(changed, etag);
    if (stored === 'conflict') continue;
    await note([{ action, ...job }]);
    return stored.row;
  }
}

function notOver(): ResetError {
  return new ResetError(
    'BulkResetConflict',
    'Cannot acknowledge the bulk reset: it is not over yet',
  );
}
