import { isDeepStrictEqual } from 'node:util';
import type { Audit } from '../password-reset/audit.js';
import { ResetError } from '../password-reset/reset-error.js';
import { type ApprovalSubject, digestOf, toApprovalSubject } from './approval-subject.js';
import { bulkFactsOf, type BulkResetRow } from './bulk-reset.js';
import type {
  Agreement,
  ApprovalProofs,
  BulkOrders,
  BulkResetStore,
  BulkWakeUps,
  StoredBulkReset,
} from './ports.js';
import { readOrder } from './read-order.js';

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
  readonly orders: Pick<BulkOrders, 'read'>;
  readonly proofs: ApprovalProofs;
  readonly wakeUps: BulkWakeUps;
  readonly audit: Audit;
  readonly now: () => number;
}

/** A job as it was when it was looked at. */
export interface ShownJob {
  readonly bulkResetId: string;
  /** Of the subject that was shown, see `digestOf`. */
  readonly digest: string;
}

/** A job as a second person sees it. */
export interface JobToApprove {
  readonly subject: ApprovalSubject;
  readonly awaitsApproval: boolean;
  readonly approval?: Pick<Agreement, 'by' | 'atMs'>;
}

/**
 * Jobs as a second person sees them. Everything rejects with `BulkResetNotFound` for a job that there is
 * not and for one that is not this person's to approve alike, and with `BulkResetConflict` when what is
 * kept of the job is not what was asked for.
 */
export function createApproveBulkReset(dependencies: ApproveDependencies) {
  const { bulkResets, orders, proofs, wakeUps, audit, now } = dependencies;
  return { read, approve };

  /** A job that waits for its approval, or was approved. */
  async function read(
    bulkResetId: string,
    approver: Approver,
    signal: AbortSignal,
  ): Promise<JobToApprove> {
    const { row } = await find(bulkResetId, approver, signal);
    if (!isAwaiting(row)) return toApproved(await agreementOf(row, signal));
    return toAwaiting(row, await subjectOf(row, signal));
  }

  /**
   * Lets a job start that is still what was shown under this digest. Once more changes nothing. It rejects
   * with `BulkResetConflict` when the job is another by now, or does not wait for it.
   */
  async function approve(
    { bulkResetId, digest }: ShownJob,
    approver: Approver,
    signal: AbortSignal,
  ): Promise<JobToApprove> {
    let told: ApprovalSubject | undefined;
    for (;;) {
      const { row, etag } = await find(bulkResetId, approver, signal);
      if (!isAwaiting(row)) {
        const given = await agreementOf(row, signal);
        requireShown(given.subject, digest);
        return toApproved(given);
      }
      requireApprovable(row);
      const subject = await subjectOf(row, signal);
      requireShown(subject, digest);
      const agreement: Agreement = { by: approver.name, atMs: now(), subject };
      const proof = await proofs.prove(agreement, signal);
      if (!isDeepStrictEqual(told, subject)) await tell(agreement);
      told = subject;
      const { counts, checkedSha256 } = row;
      const approved: BulkResetRow = {
        ...bulkFactsOf(row),
        approval: { by: agreement.by, atMs: agreement.atMs, proof },
        state: 'splitting',
        counts,
        checkedSha256,
        splitRows: 0,
      };
      if ((await bulkResets.replace(approved, etag)) === 'conflict') continue;
      await wakeUps.send(bulkResetId, 0);
      return toApproved(agreement);
    }
  }

  /** Nothing is started that is not audited. */
  async function tell({ by, subject }: Agreement): Promise<void> {
    const { bulkResetId, caller, delivery, reference, rows } = subject;
    const about = { bulkResetId, reference, rows };
    await audit([
      { action: 'job.approved', ...about, caller: by },
      { action: 'job.started', ...about, caller, delivery },
    ]);
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
    throw new ResetError(
      'BulkResetNotFound',
      'There is no such bulk reset that you may approve: your own, and those for customers out of your reach, are for somebody else to approve',
    );
  }

  async function subjectOf(row: AwaitingRow, signal: AbortSignal): Promise<ApprovalSubject> {
    const order = await readOrder(orders, row, signal);
    if (order === undefined) throw notGenuine('order');
    return toApprovalSubject(order, row);
  }

  async function agreementOf(row: BulkResetRow, signal: AbortSignal): Promise<Agreement> {
    const proof = row.approval?.proof ?? '';
    const agreement = await proofs.agreementIn(proof, row, signal);
    // Who may see the job was decided by the row, which is not sealed.
    if (agreement?.subject.caller !== row.caller) throw notGenuine('approval');
    return agreement;
  }

  function requireApprovable({ cancelledAtMs, acceptedAtMs }: BulkResetRow): void {
    if (cancelledAtMs === undefined && now() - acceptedAtMs < approvableForMs) return;
    throw new ResetError(
      'BulkResetConflict',
      'Cannot approve the bulk reset: it was cancelled or nobody approved it in time',
    );
  }
}

type AwaitingRow = Extract<BulkResetRow, { state: 'awaitingApproval' }>;

function isAwaiting(row: BulkResetRow): row is AwaitingRow {
  return row.state === 'awaitingApproval' && row.approval === undefined;
}

/** Its caller may have cancelled what was shown, and put another order in its place. */
function requireShown(subject: ApprovalSubject, digest: string): void {
  if (digestOf(subject) === digest) return;
  throw new ResetError(
    'BulkResetConflict',
    'Cannot approve the bulk reset: it is not as it was shown, look at it again',
  );
}

function toAwaiting({ cancelledAtMs }: BulkResetRow, subject: ApprovalSubject): JobToApprove {
  return { subject, awaitsApproval: cancelledAtMs === undefined };
}

function toApproved({ by, atMs, subject }: Agreement): JobToApprove {
  return { subject, awaitsApproval: false, approval: { by, atMs } };
}

function notGenuine(what: 'order' | 'approval'): ResetError {
  return new ResetError(
    'BulkResetConflict',
    `Cannot say what the bulk reset is about: its ${what} is gone, or is not what was kept of it`,
  );
}
