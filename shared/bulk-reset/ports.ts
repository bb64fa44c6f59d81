import type { ResetRow } from '../password-reset/reset-row.js';
import type { BulkResetRow, RowFault } from './bulk-reset.js';

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
}

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
}

export type RowOutcome = Pick<ResetRow, 'state'> & { readonly code?: string };

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
}
