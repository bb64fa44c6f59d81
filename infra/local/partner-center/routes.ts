import { listAuditRecords } from './audit-records.js';
import type { Call, Handle, Operation } from './call.js';
import { findCustomers, getCustomer, listCustomers } from './customers.js';
import { resetPassword, resetPasswordOnLegacyRoute } from './reset-password.js';
import { getUser, listAllRoles, listRolesOfUser, listUsers } from './users.js';
import { createUser, deleteUser, updateUser } from './write-users.js';

export interface Endpoint {
  readonly operation: Operation;
  readonly handle: Handle;
  /** Everything about users needs a user's own token. */
  readonly acceptsAppOnly?: true;
}

/** What a route does by method; the body can tell two operations apart. */
export type Methods = Readonly<Record<string, (call: Call) => Endpoint>>;

/** Every second segment is an id. */
const routes: Readonly<Record<string, Methods>> = {
  '/customers': {
    GET: ({ query }) =>
      query.has('filter')
        ? { operation: 'findCustomers', handle: findCustomers, acceptsAppOnly: true }
        : { operation: 'listCustomers', handle: listCustomers, acceptsAppOnly: true },
  },
  '/customers/{id}': {
    GET: () => ({ operation: 'getCustomer', handle: getCustomer, acceptsAppOnly: true }),
  },
  '/customers/{id}/directoryroles': {
    GET: () => ({ operation: 'listDirectoryRoles', handle: listAllRoles }),
  },
  '/customers/{id}/users': {
    GET: () => ({ operation: 'listUsers', handle: listUsers }),
    POST: () => ({ operation: 'createUser', handle: createUser }),
  },
  '/customers/{id}/users/{id}': {
    GET: () => ({ operation: 'getUser', handle: getUser }),
    PATCH: ({ properties }) =>
      (properties?.get('passwordprofile') ?? null) !== null
        ? { operation: 'resetPassword', handle: resetPasswordOnLegacyRoute }
        : { operation: 'updateUser', handle: updateUser },
    DELETE: () => ({ operation: 'deleteUser', handle: deleteUser }),
  },
  '/customers/{id}/users/{id}/resetpassword': {
    PATCH: () => ({ operation: 'resetPassword', handle: resetPassword }),
  },
  '/customers/{id}/users/{id}/directoryroles': {
    GET: () => ({ operation: 'directoryRoles', handle: listRolesOfUser }),
  },
  '/auditrecords': {
    GET: () => ({ operation: 'listAuditRecords', handle: listAuditRecords, acceptsAppOnly: true }),
  },
};

/** The methods of the route with these segments below `/v1`, or undefined when there is no such route. */
export function findRoute(segments: readonly string[]): Methods | undefined {
  const pattern = segments.map((segment, index) => (index % 2 === 0 ? segment : '{id}')).join('/');
  return routes[`/${pattern}`];
}
