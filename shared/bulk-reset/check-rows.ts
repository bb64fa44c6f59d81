import { createHash } from 'node:crypto';
import type { CustomerTenantId } from '../password-reset/ids.js';
import type { CheckedJob, CustomerRows, RowFault } from './bulk-reset.js';
import type { CheckedRow } from './bulk-rows.js';

/** The faults that are kept and shown; a file with more has one fault that repeats. */
const maxFaults = 1_000;
/** Enough to see whom a job is about, and little enough for one column of the job's row. */
const maxLargestCustomers = 100;

export interface CheckedRows extends CheckedJob {
  /** The first of them. */
  readonly faults: readonly RowFault[];
  readonly isFileFaulty: boolean;
}

/** Reads the rows to the end and says what they come to. */
export async function checkRows(rows: AsyncIterable<CheckedRow>): Promise<CheckedRows> {
  const hash = createHash('sha256');
  const faults: RowFault[] = [];
  const counts = { valid: 0, invalid: 0, lastRow: 0 };
  const rowsByCustomer = new Map<CustomerTenantId, number>();
  let isFileFaulty = false;
  for await (const row of rows) {
    // Which rows cannot be used is a part of it, too.
    hash.update(JSON.stringify('fault' in row ? { faulty: row.fault.row } : row));
    if ('fault' in row) {
      counts.invalid += 1;
      counts.lastRow = Math.max(counts.lastRow, row.fault.row ?? 0);
      isFileFaulty ||= row.fault.row === undefined;
      if (faults.length < maxFaults) faults.push(row.fault);
    } else {
      counts.valid += 1;
      counts.lastRow = row.row;
      const { customerTenantId } = row;
      rowsByCustomer.set(customerTenantId, (rowsByCustomer.get(customerTenantId) ?? 0) + 1);
    }
  }
  return {
    counts,
    checkedSha256: hash.digest('hex'),
    customers: rowsByCustomer.size,
    largestCustomers: largestOf(rowsByCustomer),
    faults,
    isFileFaulty,
  };
}

/** The same ones in the same order, in whatever order the rows came. */
function largestOf(rowsByCustomer: ReadonlyMap<CustomerTenantId, number>): readonly CustomerRows[] {
  return [...rowsByCustomer]
    .map(([customerTenantId, rows]) => ({ customerTenantId, rows }))
    .sort(
      (left, right) =>
        right.rows - left.rows || (left.customerTenantId < right.customerTenantId ? -1 : 1),
    )
    .slice(0, maxLargestCustomers);
}
