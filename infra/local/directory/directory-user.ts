/** A user as Entra keeps it; the fields of a CustomerUser, and what Partner Center does not show. */
export interface DirectoryUser {
  readonly id: string;
  userPrincipalName: string;
  firstName: string;
  lastName: string;
  displayName: string;
  /** ISO 3166-1 alpha-2. */
  usageLocation?: string;
  /** The source anchor of a synchronized user. */
  immutableId?: string;
  phoneNumber?: string;
  /** ISO 8601 in UTC; anything but null means synchronized from on-premises. */
  lastDirectorySyncTime: string | null;
  /** Cloud users are `none`, as in the documented examples. */
  userDomainType: 'none' | 'managed' | 'federated';
  /** `inactive` is soft-deleted; a blocked sign-in does not show here. */
  state: 'active' | 'inactive';
  softDeletionTime: string | null;
  directoryRoles: DirectoryRole[];
  mustChangePassword: boolean;
  signInBlocked: boolean;
}

export interface DirectoryRole {
  readonly id: string;
  readonly name: string;
}

/**
 * The built-in roles that occur here, by template id.
 *
 * @see https://learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference
 */
export const directoryRoles = {
  globalAdministrator: {
    id: '62e90394-69f5-4237-9190-012177145e10',
    name: 'Global Administrator',
  },
  userAdministrator: { id: 'fe930be7-5e62-47db-91af-98c3a49a38b1', name: 'User Administrator' },
  helpdeskAdministrator: {
    id: '729827e3-9c14-49f7-bb1b-9608f156bbb8',
    name: 'Helpdesk Administrator',
  },
  authenticationAdministrator: {
    id: 'c4e39bd9-1100-46d3-8c65-fb160da0071f',
    name: 'Authentication Administrator',
  },
  exchangeAdministrator: {
    id: '29232cdf-9323-42fd-ade2-1d097af3e4de',
    name: 'Exchange Administrator',
  },
  reportsReader: { id: '4a5d8f65-41da-4de4-8968-e035b65339cf', name: 'Reports Reader' },
} as const satisfies Record<string, DirectoryRole>;
