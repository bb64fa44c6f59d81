import type { CustomerReference, CustomerTenantId } from '../password-reset/ids.js';
import type { ResetErrorCode } from '../password-reset/reset-error.js';
import type { Delivery } from '../password-reset/reset-row.js';

/** A job of many password resets, as it was asked for. */
export interface BulkResetOrder {
  /** Chosen by whoever asks, or the id of the message that asks. The same id is the same job. */
  readonly bulkResetId: string;
  readonly caller: string;
  readonly delivery: Delivery;
  /** Only for delivery `recipientKey`: the `kid` of the key. */
  readonly recipientKeyId?: string;
  /** For rows that name no customer themselves. */
  readonly customer?: CustomerReference;
  readonly forceChangePassword: boolean;
  readonly onInvalidRows: 'refuse' | 'skip';
  readonly reference?: string;
  readonly source: BulkSource;
}

/**
 * An order as it was taken. It is sealed, so what is carried out is taken from here: of the row of a job anybody
 * who may write into storage can change every column.
 */
export interface KeptOrder extends BulkResetOrder {
  /** That of its job: under the same id there may have been another order before. */
  readonly fingerprint: string;
  readonly acceptedAtMs: number;
}

export type BulkSource =
  | { readonly kind: 'rows'; readonly rows: readonly RowFields[] }
  /** A CSV that came with the order. */
  | { readonly kind: 'csv'; readonly csv: string }
  /** A CSV in the inbox; the hash, in lower-case hex, says which content was meant. */
  | { readonly kind: 'blob'; readonly name: string; readonly sha256: string }
  /** The rows of another job of the same caller that failed, under the numbers they had there. */
  | { readonly kind: 'failedRows'; readonly of: string };

/** One row as it came in, nothing of it checked. */
export interface RowFields {
  readonly customer?: string | undefined;
  readonly user: string;
  readonly forceChangePassword?: string | boolean | undefined;
  readonly reference?: string | undefined;
}

/** What is wrong with one row, or with the file from that line on. */
export interface RowFault {
  /** Line of the file, from 1 and with the header; absent for rows that came in a message. */
  readonly line?: number;
  /** Number of the row, from 1 and without the header; absent for a fault of the file itself. */
  readonly row?: number;
  readonly code: ResetErrorCode;
  readonly message: string;
  readonly target?: keyof RowFields;
}

/** The one record of a job. Its rows are password resets like any other. */
export type BulkResetRow = BulkResetFacts & BulkResetState;

export interface BulkResetFacts {
  readonly bulkResetId: string;
  readonly caller: string;
  readonly delivery: Delivery;
  readonly reference?: string;
  /** Tells another order under the same id from the same one again. */
  readonly fingerprint: string;
  readonly acceptedAtMs: number;
  readonly approval?: BulkApproval;
  /** From then on no row is started any more. */
  readonly cancelledAtMs?: number;
  /** From then on no password is shown any more. */
  readonly acknowledgedAtMs?: number;
  /** As the sweeper found the rows last. */
  readonly tally?: BulkTally;
  /** When the sweeper found every row settled. */
  readonly finishedAtMs?: number;
  /** When the passwords were removed. */
  readonly purgedAtMs?: number;
}

/** That a second person has agreed to a job. */
export interface BulkApproval {
  /** Name of the caller who agreed. */
  readonly by: string;
  readonly atMs: number;
  /** What storage cannot forge: the same, sealed together with all that was agreed to. */
  readonly proof: string;
}

/** What the rows of a job have come to, as far as they were counted. */
export interface BulkTally {
  /** Of all shards. */
  readonly all: RowTally;
  /** So many shards from the first one are settled for good, … */
  readonly settledShards: number;
  /** … and this is what they came to. */
  readonly settled: RowTally;
}

export interface RowTally {
  readonly made: number;
  readonly settled: number;
  readonly succeeded: number;
  /** How many rows ended with each code, or in each state without one. */
  readonly failures: Readonly<Record<string, number>>;
}

export type BulkResetState =
  | { readonly state: 'validating' }
  /** Every row was read once; a second person must agree before the job is carried out. */
  | ({ readonly state: 'awaitingApproval' } & CheckedJob)
  /** Every row was read once; from here on the job is carried out. */
  | {
      readonly state: 'splitting';
      readonly counts: RowCounts;
      /** Hash of the rows as they were checked: whoever splits on must read the same ones. */
      readonly checkedSha256: string;
      /** Rows up to this number are made already, and maybe some that follow. */
      readonly splitRows: number;
    }
  | { readonly state: 'split'; readonly counts: RowCounts }
  /** Broken off for good: the rows that were made are carried out, and no more are made. */
  | {
      readonly state: 'stopped';
      readonly code: ResetErrorCode;
      readonly message: string;
      readonly counts: RowCounts;
      readonly splitRows: number;
    }
  /** Nothing was started. */
  | {
      readonly state: 'refused';
      readonly code: ResetErrorCode;
      readonly message: string;
      readonly counts?: RowCounts;
    };

/** What the rows of a job came to when every one was read. */
export interface CheckedJob {
  readonly counts: RowCounts;
  /** Hash of the rows: whoever splits on must read the same ones. */
  readonly checkedSha256: string;
  /** How many customers the rows that can be used are of. */
  readonly customers: number;
  /** Those with the most rows, most first. */
  readonly largestCustomers: readonly CustomerRows[];
}

export interface CustomerRows {
  readonly customerTenantId: CustomerTenantId;
  readonly rows: number;
}

export interface RowCounts {
  readonly valid: number;
  readonly invalid: number;
  /** Number of the last row. */
  readonly lastRow: number;
}

/** Rows of one shard share a table partition; ids are dense, so the shard follows from the row. */
export const rowsPerShard = 1_000;

/** What one table transaction takes, and what is worked off together. */
export const rowsPerSlice = 100;

export function bulkRowResetId(bulkResetId: string, row: number): string {
  return `${bulkResetId}-${String(row).padStart(7, '0')}`;
}

export function bulkRowNumber({ resetId }: { readonly resetId: string }): number {
  return Number(resetId.slice(resetId.lastIndexOf('-') + 1));
}

/** Everything that stays the same while the job moves from state to state. */
export function bulkFactsOf(row: BulkResetRow): BulkResetFacts {
  const { bulkResetId, caller, delivery, fingerprint, acceptedAtMs } = row;
  return {
    bulkResetId,
    caller,
    delivery,
    fingerprint,
    acceptedAtMs,
    ...(row.reference !== undefined && { reference: row.reference }),
    ...(row.approval !== undefined && { approval: row.approval }),
    ...(row.cancelledAtMs !== undefined && { cancelledAtMs: row.cancelledAtMs }),
    ...(row.acknowledgedAtMs !== undefined && { acknowledgedAtMs: row.acknowledgedAtMs }),
    ...(row.tally !== undefined && { tally: row.tally }),
    ...(row.finishedAtMs !== undefined && { finishedAtMs: row.finishedAtMs }),
    ...(row.purgedAtMs !== undefined && { purgedAtMs: row.purgedAtMs }),
  };
}

/** The job to which a reset belongs; undefined for a single reset. */
export function bulkResetIdOfRow(resetId: string): string | undefined {
  return /^(?<bulkResetId>[0-9a-f-]{36})-\d{7,}$/.exec(resetId)?.groups?.['bulkResetId'];
}
