import type { CustomerTenantId } from '../password-reset/ids.js';
import type { Reader } from '../password-reset/read-password-reset.js';

export const permissions = [
  'reset',
  'bulkReset',
  'choosePassword',
  'readPassword',
  'resetAdmins',
  'readAudit',
] as const;

export type Permission = (typeof permissions)[number];

/** Who asks: a named API key, or the door of the bulk queue. */
export interface Caller {
  readonly name: string;
  readonly permissions: ReadonlySet<Permission>;
  readonly customers: 'all' | ReadonlySet<CustomerTenantId>;
}

/** The caller as whom messages on the bulk queue act. */
export const bulkQueueCallerName = 'bulk-queue';

export function maySee(caller: Caller, customerTenantId: CustomerTenantId): boolean {
  return caller.customers === 'all' || caller.customers.has(customerTenantId);
}

/** The caller as who reads passwords. */
export function toReader(caller: Caller): Reader {
  return { name: caller.name, maySee: (customerTenantId) => maySee(caller, customerTenantId) };
}
