import type { Audit } from '../password-reset/audit.js';
import { ResetError } from '../password-reset/reset-error.js';
import { bulkFactsOf, type BulkResetRow } from './bulk-reset.js';
import type { ApprovalProofs, BulkResetStore, BulkWakeUps, StoredBulkReset } from './ports.js';

/** Later than that the rows would not have time enough to be carried out. */
export const approvableForMs = 24 * 3_600_000;

/** Who agrees to jobs of others. */
export interface Approver {
  readonly name: string;
  /** Whether jobs of this caller are the approver's to see: it is another person, with no fewer customers. */
  mayApproveFor(caller: string, signal: AbortSignal): Promise<boolean>;
}

export interface ApproveDependencies {
  readonly bulkResets: Pick<BulkResetStore, 'read' | 'replace'>;
  readonly proofs: Pick<ApprovalProofs, 'prove'>;
  readonly wakeUps: BulkWakeUps;
  readonly audit: Audit;
  readonly now: () => number;
}

/**
 * Jobs as a second person sees them. Everything rejects with `BulkResetNotFound` for a job that there is
 * not and for one that is not this person's to approve alike.
 */
export function createApproveBulkReset(dependencies: ApproveDependencies) {
  const { bulkResets, proofs, wakeUps, audit, now } = dependencies;
  return { read, approve };

  /** A job that waits for its approval, or was approved. */
  async function read(
    bulkResetId: string,
    approver: Approver,
    signal: AbortSignal,
  ): Promise<BulkResetRow> {
    return (await find(bulkResetId, approver, signal)).row;
  }

  /**
   * Lets a job start. Once more changes nothing. It rejects with `BulkResetConflict` when the job does not
   * wait for it.
   */
  async function approve(
    bulkResetId: string,
    approver: Approver,
    signal: AbortSignal,
  ): Promise<BulkResetRow> {
    for (;;) {
      const { row, etag } = await find(bulkResetId, approver, signal);
      if (row.approval !== undefined) return row;
      if (!isApprovable(row)) throw notApprovable();
      const { caller, counts, checkedSha256 } = row;
      const { name: by } = approver;
      const proof = await proofs.prove({ bulkResetId, caller, checkedSha256 }, by, signal);
      const approved: BulkResetRow = {
        ...bulkFactsOf(row),
        approval: { by, atMs: now(), proof },
        state: 'splitting',
        counts,
        checkedSha256,
        splitRows: 0,
      };
      const about = { bulkResetId, reference: row.reference, rows: counts.valid };
      await audit([
        { action: 'job.approved', ...about, caller: by },
        { action: 'job.started', ...about, caller, delivery: row.delivery },
      ]);
      if ((await bulkResets.replace(approved, etag)) === 'conflict') continue;
      await wakeUps.send(bulkResetId, 0);
      return approved;
    }
  }

  async function find(
    bulkResetId: string,
    approver: Approver,
    signal: AbortSignal,
  ): Promise<StoredBulkReset> {
    const stored = await bulkResets.read(bulkResetId);
    const isTheirs =
      stored !== undefined &&
      (stored.row.state === 'awaitingApproval' || stored.row.approval !== undefined) &&
      (await approver.mayApproveFor(stored.row.caller, signal));
    if (isTheirs) return stored;
    throw new ResetError('BulkResetNotFound', 'There is no such bulk reset to approve');
  }

  function isApprovable(
    row: BulkResetRow,
  ): row is Extract<BulkResetRow, { state: 'awaitingApproval' }> {
    return (
      row.state === 'awaitingApproval' &&
      row.cancelledAtMs === undefined &&
      now() - row.acceptedAtMs < approvableForMs
    );
  }
}

function notApprovable(): ResetError {
  return new ResetError(
    'BulkResetConflict',
    'Cannot approve the bulk reset: it was cancelled or nobody approved it in time',
  );
}
