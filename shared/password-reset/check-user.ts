import type { UserId } from './ids.js';
import { findPasswordFault } from './password.js';
import type { CustomerUser, CustomerUsers, Grant, SealedRequest } from './ports.js';
import { ResetError } from './reset-error.js';

export interface CheckUserDependencies {
  readonly users: Pick<CustomerUsers, 'get' | 'findBySignInName' | 'directoryRoles'>;
  readonly policy: ResetPolicy;
}

export interface ResetPolicy {
  /** A cloud reset of a synchronised user lasts only where passwords are written back on-premises. */
  readonly resetSynchronizedUsers: boolean;
}

export type CheckUser = (
  request: SealedRequest,
  grant: Grant,
  signal: AbortSignal,
) => Promise<UserId>;

/**
 * Finds the user and refuses whoever must not be reset.
 *
 * The check rejects with a {@link ResetError}: `UserNotFound`, `CustomerNotFound`, `UserDeleted`,
 * `UserFederated`, `UserSynchronized`, `UserIsAdmin`, `RolesUnreadable`, `PasswordNotAllowed`, or any
 * code of a read.
 */
export function createCheckUser({ users, policy }: CheckUserDependencies): CheckUser {
  return async (request, grant, signal) => {
    const { customerTenantId, user: reference } = request;
    if (reference.kind === 'id') {
      const { userId } = reference;
      const [user, roles] = await Promise.all([
        users.get({ customerTenantId, userId }, signal),
        readRoles(request, userId, signal),
      ]);
      refuse(user, roles, request, grant);
      return userId;
    }
    const { userPrincipalName } = reference;
    const user = await users.findBySignInName({ customerTenantId, userPrincipalName }, signal);
    refuse(user, await readRoles(request, user.userId, signal), request, grant);
    return user.userId;
  };

  /** An administrator must never pass because the roles could not be read. */
  async function readRoles(
    { customerTenantId }: SealedRequest,
    userId: UserId,
    signal: AbortSignal,
  ): Promise<readonly string[] | ResetError> {
    try {
      return await users.directoryRoles({ customerTenantId, userId }, signal);
    } catch (error) {
      if (error instanceof ResetError) return error;
      throw error;
    }
  }

  function refuse(
    user: CustomerUser,
    roles: readonly string[] | ResetError,
    { passwordProfile, isChosen }: SealedRequest,
    { mayResetAdmins }: Grant,
  ): void {
    if (user.isDeleted) refuseAs('UserDeleted', 'the user is deleted');
    if (user.isFederated) {
      refuseAs('UserFederated', 'the user signs in through a federated domain; reset it there');
    }
    if (user.isSynchronized && !policy.resetSynchronizedUsers) {
      refuseAs('UserSynchronized', 'the user is synchronized from on-premises; reset it there');
    }
    if (roles instanceof ResetError) throw rolesUnreadable(roles);
    if (roles.length > 0 && !mayResetAdmins) {
      refuseAs('UserIsAdmin', 'the user holds a directory role');
    }
    const fault = isChosen
      ? findPasswordFault(passwordProfile.password, user.userPrincipalName)
      : undefined;
    if (fault !== undefined) refuseAs('PasswordNotAllowed', `the password ${fault}`);
  }
}

function refuseAs(code: ResetError['code'], why: string): never {
  throw new ResetError(code, `Cannot reset password: ${why}`);
}

/** What may pass, or is for whoever runs the service to mend, is no refusal. */
function rolesUnreadable(error: ResetError): ResetError {
  if (error.recovery !== 'never') return error;
  return new ResetError(
    'RolesUnreadable',
    "Cannot reset password: the user's directory roles cannot be read",
    { cause: error, correlationId: error.correlationId },
  );
}
