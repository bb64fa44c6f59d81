import type { AuditAction, Note } from '../password-reset/audit.js';
import { ResetError } from '../password-reset/reset-error.js';
import type { BulkResetRow } from './bulk-reset.js';
import type { BulkResetRows, BulkResetStore, BulkWakeUps, StoredBulkReset } from './ports.js';
import { countRows, readOwn } from './read-bulk-reset.js';

export interface CancelDependencies {
  readonly bulkResets: Pick<BulkResetStore, 'read' | 'replace'>;
  readonly wakeUps: BulkWakeUps;
  readonly note: Note;
  readonly now: () => number;
}

/**
 * Starts no row of the job any more. Rows that were never tried are withdrawn as their slices are looked
 * at; the others come to their end. Once more changes nothing.
 *
 * Rejects with `BulkResetNotFound` for an unknown job and somebody else's alike.
 */
export function createCancelBulkReset({ bulkResets, wakeUps, note, now }: CancelDependencies) {
  return async (bulkResetId: string, caller: string): Promise<BulkResetRow> => {
    const row = await change(
      { bulkResets, note },
      { bulkResetId, caller },
      'job.cancelled',
      (job) => (job.cancelledAtMs === undefined ? { ...job, cancelledAtMs: now() } : job),
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
  return async (bulkResetId: string, caller: string): Promise<BulkResetRow> => {
    await requireOver((await readOwn(bulkResets, { bulkResetId, caller })).row);
    return change({ bulkResets, note }, { bulkResetId, caller }, 'job.acknowledged', (job) =>
      job.acknowledgedAtMs === undefined ? { ...job, acknowledgedAtMs: now() } : job,
    );
  };

  async function requireOver(job: BulkResetRow): Promise<void> {
    if (job.state === 'refused' || job.finishedAtMs !== undefined) return;
    if (job.state !== 'split' && job.state !== 'stopped') throw notOver();
    const { made, settled } = await countRows(job, rows);
    if (settled < (job.state === 'stopped' ? made : job.counts.valid)) throw notOver();
  }
}

/** Repeats when somebody else changes the job at the same time. Neither change waits for its record. */
async function change(
  { bulkResets, note }: Pick<CancelDependencies, 'bulkResets' | 'note'>,
  job: { readonly bulkResetId: string; readonly caller: string },
  action: AuditAction,
  to: (row: BulkResetRow) => BulkResetRow,
): Promise<BulkResetRow> {
  for (;;) {
    const { row, etag }: StoredBulkReset = await readOwn(bulkResets, job);
    const changed = to(row);
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
