import { randomUUID } from 'node:crypto';
import type { DirectoryCustomer } from '../directory/directory.js';
import type { DirectoryUser } from '../directory/directory-user.js';
import { findPasswordProblem } from '../directory/password-rules.js';
import type { Handle, World } from './call.js';
import { requireCustomer, requireUser } from './customers.js';
import type { Properties } from './json.js';
import { Refusal } from './refusal.js';
import { readPasswordProfile, requireProperties, toWrittenUser } from './reset-password.js';
import { toCustomerUser } from './users.js';

/** @see https://learn.microsoft.com/partner-center/developer/create-user-accounts-for-a-customer */
export const createUser: Handle = (call, caller, world) => {
  const customer = requireCustomer(call, world);
  const properties = requireProperties(call);
  const profile = readPasswordProfile(properties);
  const details = readDetails(properties);
  const user: DirectoryUser = {
    id: randomUUID(),
    userPrincipalName: required(details.userPrincipalName, 'userPrincipalName'),
    firstName: '',
    lastName: '',
    displayName: required(details.displayName, 'displayName'),
    ...details,
    lastDirectorySyncTime: null,
    userDomainType: 'none',
    state: 'active',
    softDeletionTime: null,
    directoryRoles: [],
    mustChangePassword: profile.forceChangePassword,
    signInBlocked: false,
  };
  requireFreeName(user, customer, world);
  const password = required(profile.password, 'passwordProfile.password');
  if (findPasswordProblem(password, user, customer) !== undefined) {
    throw new Refusal('passwordTooWeak');
  }
  return {
    status: 200,
    body: toWrittenUser(customer, user, profile),
    apply: () => {
      const { requestId, correlationId } = call;
      const seed = { password, atMs: world.now(), by: 'partner-center', requestId } as const;
      world.directory.addUser(customer.tenantId, user, seed);
      const operationType = 'create_customer_user';
      world.auditLog.add({ operationType, customer, userId: user.id, caller, correlationId });
    },
  };
};

/**
 * Fields that are absent or null stay as they are; `state` = `active` restores a deleted user.
 *
 * @see https://learn.microsoft.com/partner-center/developer/update-user-accounts-for-a-customer
 * @see https://learn.microsoft.com/partner-center/developer/restore-a-user-for-a-customer
 */
export const updateUser: Handle = (call, caller, world) => {
  const { customer, user } = requireUser(call, world);
  const properties = requireProperties(call);
  const state = properties.get('state') ?? undefined;
  if (state !== undefined && state !== 'active') {
    throw new Refusal('propertyInvalid', { data: ['state'] });
  }
  const isRestore = user.state === 'inactive' && state === 'active';
  if (user.state === 'inactive' && !isRestore) throw new Refusal('userNotFound');
  const changes: Partial<DirectoryUser> = {
    ...readDetails(properties),
    ...(isRestore && { state: 'active', softDeletionTime: null }),
  };
  const updated = { ...user, ...changes };
  requireFreeName(updated, customer, world);
  return {
    status: 200,
    body: toCustomerUser(customer, updated),
    apply: () => {
      world.directory.updateUser(customer.tenantId, user.id, changes);
      const { correlationId } = call;
      const operationType = isRestore ? 'restore_customer_user' : 'update_customer_user';
      world.auditLog.add({ operationType, customer, userId: user.id, caller, correlationId });
    },
  };
};

/**
 * The user stays for 30 days, as `inactive`.
 *
 * @see https://learn.microsoft.com/partner-center/developer/delete-user-accounts-for-a-customer
 */
export const deleteUser: Handle = (call, caller, world) => {
  const { customer, user } = requireUser(call, world);
  if (user.state === 'inactive') throw new Refusal('userNotFound');
  return {
    status: 204,
    apply: () => {
      const softDeletionTime = new Date(world.now()).toISOString().replace(/\.\d+Z$/, 'Z');
      const changes = { state: 'inactive', softDeletionTime } as const;
      world.directory.updateUser(customer.tenantId, user.id, changes);
      const operationType = 'delete_customer_user';
      const { correlationId } = call;
      world.auditLog.add({ operationType, customer, userId: user.id, caller, correlationId });
    },
  };
};

const detailNames = [
  'userPrincipalName',
  'firstName',
  'lastName',
  'displayName',
  'usageLocation',
  'immutableId',
  'phoneNumber',
] as const;

function readDetails(
  properties: Properties,
): Partial<Record<(typeof detailNames)[number], string>> {
  const details: Partial<Record<(typeof detailNames)[number], string>> = {};
  for (const name of detailNames) {
    const value = properties.get(name.toLowerCase()) ?? undefined;
    if (value === undefined) continue;
    if (typeof value !== 'string') throw new Refusal('propertyInvalid', { data: [name] });
    details[name] = value;
  }
  return details;
}

function required(value: string | undefined, name: string): string {
  if (value === undefined) throw new Refusal('propertyInvalid', { data: [name] });
  return value;
}

function requireFreeName(
  user: DirectoryUser,
  customer: DirectoryCustomer,
  { directory }: World,
): void {
  const { userPrincipalName, userDomainType } = user;
  const domain = userPrincipalName.slice(userPrincipalName.lastIndexOf('@') + 1).toLowerCase();
  const isCloudDomain =
    customer.domains.includes(domain) && !customer.federatedDomains.includes(domain);
  if (userDomainType !== 'federated' && !isCloudDomain) {
    throw new Refusal('propertyInvalid', { data: ['userPrincipalName'] });
  }
  const holder = directory.findUser(customer.tenantId, userPrincipalName);
  if (holder !== undefined && holder.id !== user.id && holder.state === 'active') {
    throw new Refusal('nameTaken');
  }
}
