import type { Directory } from '../directory/directory.js';
import type { AccessToken } from './access-token.js';
import type { AuditLog } from './audit-log.js';
import type { Properties } from './json.js';

export type Operation =
  | 'getCustomer'
  | 'listCustomers'
  | 'findCustomers'
  | 'getUser'
  | 'listUsers'
  | 'createUser'
  | 'updateUser'
  | 'deleteUser'
  | 'resetPassword'
  | 'directoryRoles'
  | 'listDirectoryRoles'
  | 'listAuditRecords'
  | 'unknown';

/** One request, taken apart. */
export interface Call {
  /** The path below `/v1`, as sent, and the query with its question mark. */
  readonly path: string;
  readonly search: string;
  readonly query: URLSearchParams;
  readonly continuationToken: string | undefined;
  /** The ids as sent, not yet known to be GUIDs or to exist. */
  readonly customerTenantId: string | undefined;
  readonly userId: string | undefined;
  /** The properties of the body; undefined when it is no JSON object. */
  readonly properties: Properties | undefined;
  readonly requestId: string;
  readonly correlationId: string;
}

/** An answer, and for a write what is to be done before it goes out. */
export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
  readonly apply?: () => void;
}

/** @throws {@link Refusal} */
export type Handle = (call: Call, caller: AccessToken, world: World) => Reply;

/** What stays the same from request to request. */
export interface World {
  readonly directory: Directory;
  readonly auditLog: AuditLog;
  readonly now: () => number;
  readonly legacyRoute: 'accepted' | 'refused';
  readonly privileged: boolean;
}
