import type { AppliedRow, OpenRow, ResetRow } from '../password-reset/reset-row.js';
import type { Stored } from '../password-reset/ports.js';
import type { ApprovalSubject } from './approval-subject.js';
import type { BulkResetRow, KeptOrder, RowFault } from './bulk-reset.js';

export interface StoredBulkReset {
  readonly row: BulkResetRow;
  readonly etag: string;
}

/** Where the jobs are. */
export interface BulkResetStore {
  /** The row as it is now: this one, or the one that had the same id before. */
  createOrRead(row: BulkResetRow): Promise<StoredBulkReset>;
  read(bulkResetId: string): Promise<StoredBulkReset | undefined>;
  /** `conflict` when somebody else changed the job meanwhile; nothing was written then. */
  replace(row: BulkResetRow, etag: string): Promise<StoredBulkReset | 'conflict'>;
  /** Jobs in this phase, in no order. */
  inPhase(phase: BulkPhase): AsyncIterable<StoredBulkReset>;
  /** The number of the slice that is to be woken next, from 0. Each number is given once. */
  nextSlice(bulkResetId: string): Promise<number>;
  /** Forgets the job. */
  delete(bulkResetId: string): Promise<void>;
}

/**
 * What a job still needs: `open` to be carried out, `finished` to have its passwords purged, `purged`
 * nothing but to be forgotten some day. It follows from the row, see `phaseOf`.
 */
export type BulkPhase = 'open' | 'finished' | 'purged';

/** The rows of a job, read in order. */
export interface BulkResetRows {
  /** At most `limit` rows after this row number, from one shard: a short page is not the last one. */
  page(from: {
    readonly bulkResetId: string;
    readonly afterRow: number;
    readonly limit: number;
  }): Promise<readonly ResetRow[]>;
  /** What the rows of a shard have come to, without the rest of them. */
  outcomes(bulkResetId: string, shard: number): Promise<readonly RowOutcome[]>;
  /** The rows of a slice that are not settled. */
  openRows(slice: Slice): Promise<readonly Stored<OpenRow>[]>;
  /** The applied rows of a shard that still hold their password in some form. */
  rowsWithPassword(bulkResetId: string, shard: number): Promise<readonly Stored<AppliedRow>[]>;
  /** Deletes the rows of a shard. */
  deleteShard(bulkResetId: string, shard: number): Promise<void>;
}

export type RowOutcome = Pick<ResetRow, 'resetId' | 'customerTenantId' | 'state'> & {
  readonly code?: string;
  /** Somebody has claimed it before. */
  readonly isTried: boolean;
  /** Of a row that is queued or uncertain. */
  readonly notBeforeMs?: number;
  /** Of a row that is claimed. */
  readonly leaseExpiresAtMs?: number;
};

/** A hundred rows of a job that are worked off together; slice 0 starts with row 1. */
export interface Slice {
  readonly bulkResetId: string;
  readonly slice: number;
}

/** Messages that say "look at this slice". They may be lost, doubled, late or forged without harm. */
export interface SliceWakeUps {
  send(wakeUp: SliceWakeUp, delayMs: number): Promise<void>;
}

export interface SliceWakeUp extends Slice {
  /** Whoever has looked at this slice wakes the next one that is still asleep. */
  readonly wakesNext: boolean;
}

/** Messages that say "look at this job". They may be lost, doubled, late or forged without harm. */
export interface BulkWakeUps {
  send(bulkResetId: string, delayMs: number): Promise<void>;
}

/** Must a second person agree to a job of so many rows? */
export type RequiresApproval = (
  job: { readonly caller: string; readonly rows: number },
  signal: AbortSignal,
) => Promise<boolean>;

/** That somebody agreed to a job, and to what exactly. */
export interface Agreement {
  /** Name of the caller who agreed. */
  readonly by: string;
  readonly atMs: number;
  readonly subject: ApprovalSubject;
}

/** Sealed like the orders: write access to storage forges no approval. */
export interface ApprovalProofs {
  prove(agreement: Agreement, signal: AbortSignal): Promise<string>;
  /** Undefined when the proof is none of ours, or is about another job. */
  agreementIn(
    proof: string,
    job: { readonly bulkResetId: string },
    signal: AbortSignal,
  ): Promise<Agreement | undefined>;
}

/** Encrypts content for one subject, and gives it back under the same subject only. */
export interface Envelopes {
  seal(subject: string, content: Uint8Array, signal: AbortSignal): Promise<string>;
  /** Undefined when it is none of ours, or was made for another subject. */
  open(subject: string, sealed: string, signal: AbortSignal): Promise<Uint8Array | undefined>;
}

/**
 * The orders behind the jobs, kept until a job is purged so that anybody can go on with it. They are
 * sealed: write access to storage forges none, and read access shows no sign-in names.
 */
export interface BulkOrders {
  write(order: KeptOrder, signal: AbortSignal): Promise<void>;
  /** Undefined when there is none, or none of ours. */
  read(bulkResetId: string, signal: AbortSignal): Promise<KeptOrder | undefined>;
  delete(bulkResetId: string): Promise<void>;
}

/** The CSV files of other systems. */
export interface Inbox {
  /** The version of a file that is there now, or undefined if there is none. */
  find(name: string, signal: AbortSignal): Promise<InboxFile | undefined>;
  /** Rejects when the file is not that version any more. */
  read(file: InboxFile, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

export interface InboxFile {
  readonly name: string;
  readonly etag: string;
}

/** What was wrong with the rows of a job. */
export interface RowFaults {
  write(bulkResetId: string, faults: readonly RowFault[]): Promise<void>;
  read(bulkResetId: string): Promise<readonly RowFault[]>;
  delete(bulkResetId: string): Promise<void>;
}
