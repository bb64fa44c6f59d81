import type { JWK } from 'jose';
import type { CustomerTenantId } from '../password-reset/ids.js';
import type { Reader } from '../password-reset/read-password-reset.js';
import type { Delivery } from '../password-reset/reset-row.js';

export const permissions = [
  'reset',
  'bulkReset',
  'approveBulkReset',
  'choosePassword',
  'readPassword',
  'resetAdmins',
  'readAudit',
] as const;

export type Permission = (typeof permissions)[number];

/** Who asks, whichever credential proves it; or the door of the bulk queue. */
export interface Caller {
  /** As listed; of a person who signs in through an application, `{listed name}/{object id}`. */
  readonly name: string;
  /** Object ids of the people that its entry names; not of those whom `*` admits. */
  readonly people: ReadonlySet<string>;
  readonly permissions: ReadonlySet<Permission>;
  readonly customers: 'all' | ReadonlySet<CustomerTenantId>;
  /** How its resets may be delivered; `response` takes the permission `readPassword` as well. */
  readonly deliveries: ReadonlySet<Delivery>;
  /** Public keys to which passwords may be encrypted, by `kid`. */
  readonly recipientKeys: ReadonlyMap<string, JWK>;
  /** Users that may be reset in a day (UTC), by all requests and jobs together. */
  readonly maxResetsPerDay: number;
  /** A job with more rows waits for a second person. */
  readonly approvalAboveRows: number;
}

/** A caller as listed; also what a webhook source is called in its address. */
export const listedName = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** The caller as whom messages on the bulk queue act. */
export const bulkQueueCallerName = 'bulk-queue';

/** The name of somebody who signs in through the application of a listed caller. */
export function personName(listedName: string, userId: string): string {
  return `${listedName}/${userId}`;
}

/** The parts of a caller's name: as it is listed, and the object id of the person if there is one. */
export function partsOfName(name: string): { readonly listed: string; readonly person?: string } {
  const [listed = '', person] = name.split('/', 2);
  return { listed, ...(person !== undefined && { person }) };
}

export function maySee(caller: Caller, customerTenantId: CustomerTenantId): boolean {
  return caller.customers === 'all' || caller.customers.has(customerTenantId);
}

export function mayReceive({ deliveries, permissions }: Caller, delivery: Delivery): boolean {
  if (!deliveries.has(delivery)) return false;
  return delivery !== 'response' || permissions.has('readPassword');
}

/** The caller as who reads passwords. */
export function toReader(caller: Caller): Reader {
  return {
    name: caller.name,
    mayReceive: (delivery) => mayReceive(caller, delivery),
    hasRecipientKey: (keyId) => caller.recipientKeys.has(keyId),
    maySee: (customerTenantId) => maySee(caller, customerTenantId),
  };
}
