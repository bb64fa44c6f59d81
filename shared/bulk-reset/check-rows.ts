import { createHash } from 'node:crypto';
import type { RowCounts, RowFault } from './bulk-reset.js';
import type { CheckedRow } from './bulk-rows.js';

/** The faults that are kept and shown; a file with more has one fault that repeats. */
const maxFaults = 1_000;

export interface CheckedRows {
  readonly counts: RowCounts;
  /** Of every row as it was read, and of which rows cannot be used. */
  readonly sha256: string;
  /** The first of them. */
  readonly faults: readonly RowFault[];
  readonly isFileFaulty: boolean;
}

/** Reads the rows to the end and says what they come to. */
export async function checkRows(rows: AsyncIterable<CheckedRow>): Promise<CheckedRows> {
  const hash = createHash('sha256');
  const faults: RowFault[] = [];
  const counts = { valid: 0, invalid: 0, lastRow: 0 };
  let isFileFaulty = false;
  for await (const row of rows) {
    hash.update(JSON.stringify('fault' in row ? { faulty: row.fault.row } : row));
    if ('fault' in row) {
      counts.invalid += 1;
      counts.lastRow = Math.max(counts.lastRow, row.fault.row ?? 0);
      isFileFaulty ||= row.fault.row === undefined;
      if (faults.length < maxFaults) faults.push(row.fault);
    } else {
      counts.valid += 1;
      counts.lastRow = row.row;
    }
  }
  return { counts, sha256: hash.digest('hex'), faults, isFileFaulty };
}
