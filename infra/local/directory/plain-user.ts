import type { DirectoryUser } from './directory-user.js';

/** A cloud user of the customer who may be reset and can sign in: no administrator, guest or synchronized user. */
export function isPlain(user: DirectoryUser): boolean {
  return (
    user.state === 'active' &&
    user.userDomainType !== 'federated' &&
    user.lastDirectorySyncTime === null &&
    user.directoryRoles.length === 0 &&
    !user.signInBlocked &&
    !user.userPrincipalName.includes('#EXT#')
  );
}
