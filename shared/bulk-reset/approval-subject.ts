import { createHash } from 'node:crypto';
import type { Delivery } from '../password-reset/reset-row.js';
import type { CheckedJob, CustomerRows, KeptOrder } from './bulk-reset.js';

/**
 * All that a second person is shown of a job, and so all that is agreed to. What is carried out must be the
 * same to the last field.
 */
export interface ApprovalSubject {
  readonly bulkResetId: string;
  readonly caller: string;
  readonly acceptedAtMs: number;
  readonly delivery: Delivery;
  readonly recipientKeyId?: string;
  readonly reference?: string;
  /** For rows that do not say themselves. */
  readonly forceChangePassword: boolean;
  /** That are to be carried out. */
  readonly rows: number;
  /** How many customers they are of. */
  readonly customers: number;
  readonly largestCustomers: readonly CustomerRows[];
  readonly checkedSha256: string;
}

export function toApprovalSubject(order: KeptOrder, checked: CheckedJob): ApprovalSubject {
  const { bulkResetId, caller, acceptedAtMs, delivery, recipientKeyId, reference } = order;
  const { forceChangePassword } = order;
  const { counts, customers, largestCustomers, checkedSha256 } = checked;
  return {
    bulkResetId,
    caller,
    acceptedAtMs,
    delivery,
    ...(recipientKeyId !== undefined && { recipientKeyId }),
    ...(reference !== undefined && { reference }),
    forceChangePassword,
    rows: counts.valid,
    customers,
    largestCustomers,
    checkedSha256,
  };
}

/** Whoever agrees says with it what was shown: under the same id there may be another order by then. */
export function digestOf(subject: ApprovalSubject): string {
  return createHash('sha256').update(JSON.stringify(subject, sortedByName)).digest('hex');
}

/** What was sealed comes back with its fields in another order. */
function sortedByName(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const fields = Object.entries(value);
  return Object.fromEntries(fields.sort(([left], [right]) => (left < right ? -1 : 1)));
}
