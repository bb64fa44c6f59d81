import type { DirectoryCustomer } from '../directory/directory.js';
import {
  directoryRoles,
  type DirectoryRole,
  type DirectoryUser,
} from '../directory/directory-user.js';
import type { Handle } from './call.js';
import { toCollectionPage } from './collection.js';
import { requireCustomer, requireUser } from './customers.js';
import { readFilter } from './filter.js';

/**
 * A soft-deleted user is still found by id, as `inactive`.
 *
 * @see https://learn.microsoft.com/partner-center/developer/get-a-user-account-by-id
 */
export const getUser: Handle = (call, _caller, world) => {
  const { customer, user } = requireUser(call, world);
  return { status: 200, body: toCustomerUser(customer, user) };
};

/**
 * @see https://learn.microsoft.com/partner-center/developer/get-a-list-of-all-user-accounts-for-a-customer
 * @see https://learn.microsoft.com/partner-center/developer/view-a-deleted-user
 */
export const listUsers: Handle = (call, _caller, world) => {
  const customer = requireCustomer(call, world);
  const filter = readFilter(call.query, [
    { field: 'userstate', operator: 'equals' },
    { field: 'userstatus', operator: 'equals' },
  ]);
  const state = filter?.value.toLowerCase() ?? 'active';
  const users = [...customer.users.values()].filter((user) => user.state === state);
  // The documented answer names the filter's field otherwise than the request did.
  const search = call.search.replace('UserState', 'UserStatus');
  const toResource = (user: DirectoryUser) => toCustomerUser(customer, user);
  return { status: 200, body: toCollectionPage(users, toResource, { ...call, search }) };
};

/** @see https://learn.microsoft.com/partner-center/developer/get-user-roles-for-a-customer */
export const listRolesOfUser: Handle = (call, _caller, world) => {
  const { user } = requireUser(call, world);
  return { status: 200, body: toRoleCollection(user.directoryRoles) };
};

/** @see https://learn.microsoft.com/partner-center/developer/get-user-roles-for-a-customer */
export const listAllRoles: Handle = (call, _caller, world) => {
  requireCustomer(call, world);
  return { status: 200, body: toRoleCollection(Object.values(directoryRoles)) };
};

/**
 * A user as reads show it: fields that are null are left out.
 *
 * @see https://learn.microsoft.com/partner-center/developer/user-resources#customeruser
 */
export function toCustomerUser(customer: DirectoryCustomer, user: DirectoryUser): object {
  const { usageLocation, immutableId, phoneNumber, lastDirectorySyncTime, softDeletionTime } = user;
  return {
    ...(usageLocation !== undefined && { usageLocation }),
    id: user.id,
    userPrincipalName: user.userPrincipalName,
    firstName: user.firstName,
    lastName: user.lastName,
    displayName: user.displayName,
    ...(immutableId !== undefined && { immutableId }),
    ...(phoneNumber !== undefined && { phoneNumber }),
    ...(lastDirectorySyncTime !== null && { lastDirectorySyncTime }),
    userDomainType: user.userDomainType,
    state: user.state,
    ...(softDeletionTime !== null && { softDeletionTime }),
    links: {
      self: { uri: `/customers/${customer.tenantId}/users/${user.id}`, method: 'GET', headers: [] },
    },
    attributes: { objectType: 'CustomerUser' },
  };
}

/** This collection has no links. */
function toRoleCollection(roles: readonly DirectoryRole[]): object {
  return {
    totalCount: roles.length,
    items: roles.map(({ id, name }) => ({ name, id, attributes: { objectType: 'DirectoryRole' } })),
    attributes: { objectType: 'Collection' },
  };
}
