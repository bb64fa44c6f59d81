import type { Caller } from '../../shared/callers/caller.js';
import { deliveries } from '../../shared/password-reset/reset-row.js';
import { customerTenantId } from './a-reset-row.js';

/** A helpdesk that may reset users of one customer. */
export function aCaller(values: Partial<Caller> = {}): Caller {
  return {
    name: 'helpdesk',
    people: new Set(),
    permissions: new Set(['reset', 'bulkReset'] as const),
    customers: new Set([customerTenantId]),
    deliveries: new Set(deliveries),
    recipientKeys: new Map(),
    maxResetsPerDay: 1_000,
    approvalAboveRows: 200,
    ...values,
  };
}
