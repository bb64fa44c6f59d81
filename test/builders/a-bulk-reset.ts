import type {
  BulkResetFacts,
  BulkResetOrder,
  BulkResetRow,
  BulkResetState,
  CheckedJob,
  KeptOrder,
  RowFields,
} from '../../shared/bulk-reset/bulk-reset.js';
import { acceptedAtMs, customerTenantId } from './a-reset-row.js';

export const bulkResetId = '3c9f5a52-0b1e-4d7a-8a37-5e0f6b2d9c21';

/** A job whose rows came in the message: one plain user, unless told otherwise. */
export function aBulkResetOrder(values: Partial<BulkResetOrder> = {}): BulkResetOrder {
  return {
    bulkResetId,
    caller: 'helpdesk',
    delivery: 'response',
    forceChangePassword: true,
    onInvalidRows: 'refuse',
    source: { kind: 'rows', rows: [aRow()] },
    ...values,
  };
}

/** The order of {@link aBulkResetRow}, as it was taken. */
export function aKeptOrder(values: Partial<KeptOrder> = {}): KeptOrder {
  return { ...aBulkResetOrder(), fingerprint: 'a fingerprint', acceptedAtMs, ...values };
}

export function aRow(values: Partial<RowFields> = {}): RowFields {
  return { customer: customerTenantId, user: 'adele@contoso.com', ...values };
}

/** Rows of as many different users. */
export function someRows(count: number): RowFields[] {
  return Array.from({ length: count }, (_, index) => aRow({ user: userNumber(index + 1) }));
}

/** A CSV file with as many different users. */
export function aCsv(count: number): string {
  const lines = someRows(count).map(({ user }) => `${customerTenantId},${user}\n`);
  return `customer,user\n${lines.join('')}`;
}

function userNumber(number: number): string {
  return `user-${number}@contoso.com`;
}

/** A check that found as many rows of one customer, all of them usable. */
export function aCheckedJob(rows: number, values: Partial<CheckedJob> = {}): CheckedJob {
  return {
    counts: { valid: rows, invalid: 0, lastRow: rows },
    checkedSha256: 'the rows as they were checked',
    customers: 1,
    largestCustomers: [{ customerTenantId, rows }],
    ...values,
  };
}

/** A job that is split into one row, unless told otherwise. */
export function aBulkResetRow(
  state: BulkResetState = { state: 'split', counts: { valid: 1, invalid: 0, lastRow: 1 } },
  facts: Partial<BulkResetFacts> = {},
): BulkResetRow {
  return {
    bulkResetId,
    caller: 'helpdesk',
    delivery: 'response',
    fingerprint: 'a fingerprint',
    acceptedAtMs,
    ...facts,
    ...state,
  };
}
