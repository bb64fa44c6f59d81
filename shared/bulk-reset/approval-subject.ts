import type { Delivery } from '../password-reset/reset-row.js';
import type { BulkResetOrder, CheckedJob, CustomerRows } from './bulk-reset.js';

/**
 * All that a second person is shown of a job, and so all that is agreed to. What is carried out must be the
 * same to the last field.
 */
export interface ApprovalSubject {
  readonly bulkResetId: string;
  readonly caller: string;
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

/** From the order, which is sealed: of the row of a job anybody who may write into storage can change every column. */
export function toApprovalSubject(order: BulkResetOrder, checked: CheckedJob): ApprovalSubject {
  const { bulkResetId, caller, delivery, recipientKeyId, reference, forceChangePassword } = order;
  const { counts, customers, largestCustomers, checkedSha256 } = checked;
  return {
    bulkResetId,
    caller,
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
