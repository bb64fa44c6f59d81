import type { DirectoryCustomer } from '../directory/directory.js';
import type { DirectoryUser } from '../directory/directory-user.js';
import { findPasswordProblem } from '../directory/password-rules.js';
import type { AccessToken } from './access-token.js';
import type { Call, Handle, Reply, World } from './call.js';
import { requireUser } from './customers.js';
import { toProperties, type Properties } from './json.js';
import { Refusal } from './refusal.js';
import { toCustomerUser } from './users.js';

export interface PasswordProfile {
  /** Absent only on the legacy route, where the flag may come alone. */
  readonly password?: string;
  readonly forceChangePassword: boolean;
}

/** @see https://learn.microsoft.com/partner-center/developer/reset-user-password-for-a-customer */
export const resetPassword: Handle = (call, caller, world) => {
  const profile = readPasswordProfile(requireProperties(call));
  if (profile.password === undefined) {
    throw new Refusal('propertyInvalid', { data: ['passwordProfile.password'] });
  }
  return reset(call, caller, world, profile);
};

/** The route from before GDAP: a password among the fields of an ordinary update. */
export const resetPasswordOnLegacyRoute: Handle = (call, caller, world) => {
  const profile = readPasswordProfile(requireProperties(call));
  if (world.legacyRoute === 'refused') throw new Refusal('insufficientPrivileges');
  return reset(call, caller, world, profile);
};

/** @throws {@link Refusal} */
export function requireProperties({ properties }: Call): Properties {
  if (properties === undefined) throw new Refusal('bodyInvalid');
  const objectType = toProperties(properties.get('attributes'))?.get('objecttype');
  if (objectType !== undefined && objectType !== 'CustomerUser') {
    throw new Refusal('propertyInvalid', { data: ['attributes.objectType'] });
  }
  return properties;
}

/** @throws {@link Refusal} */
export function readPasswordProfile(properties: Properties): PasswordProfile {
  const profile = toProperties(properties.get('passwordprofile'));
  if (profile === undefined) throw new Refusal('propertyInvalid', { data: ['passwordProfile'] });
  const password = profile.get('password') ?? undefined;
  const forceChangePassword = profile.get('forcechangepassword') ?? false;
  if (password !== undefined && typeof password !== 'string') {
    throw new Refusal('propertyInvalid', { data: ['passwordProfile.password'] });
  }
  if (typeof forceChangePassword !== 'boolean') {
    throw new Refusal('propertyInvalid', { data: ['passwordProfile.forceChangePassword'] });
  }
  return { forceChangePassword, ...(password !== undefined && { password }) };
}

function reset(call: Call, caller: AccessToken, world: World, profile: PasswordProfile): Reply {
  const { customer, user } = requireUser(call, world);
  requireResettable(user, world);
  const { password, forceChangePassword } = profile;
  if (password !== undefined && findPasswordProblem(password, user, customer) !== undefined) {
    throw new Refusal('passwordTooWeak');
  }
  return {
    status: 200,
    // The documented answer says false to a request of true; nobody can rely on reading it back.
    body: toWrittenUser(customer, user, { ...profile, forceChangePassword: false }),
    apply: () => {
      const { directory, auditLog, now } = world;
      if (password === undefined) {
        directory.updateUser(customer.tenantId, user.id, {
          mustChangePassword: forceChangePassword,
        });
      } else {
        const change = {
          password,
          atMs: now(),
          by: 'partner-center',
          requestId: call.requestId,
        } as const;
        directory.setPassword(customer.tenantId, user.id, change, forceChangePassword);
      }
      auditLog.add({
        operationType: 'reset_customer_user_password',
        customer,
        userId: user.id,
        caller,
        correlationId: call.correlationId,
      });
    },
  };
}

function requireResettable(user: DirectoryUser, { privileged }: World): void {
  if (user.state === 'inactive') throw new Refusal('userNotFound');
  if (user.directoryRoles.length > 0 && !privileged) throw new Refusal('insufficientPrivileges');
  if (user.userDomainType === 'federated') throw new Refusal('userFederated');
  if (user.lastDirectorySyncTime !== null) throw new Refusal('userSynchronized');
}

/** A user as a reset or a creation answers it: with its nulls, and with the password in clear. */
export function toWrittenUser(
  customer: DirectoryCustomer,
  user: DirectoryUser,
  passwordProfile: PasswordProfile,
): object {
  const { lastDirectorySyncTime, softDeletionTime } = user;
  const shown = toCustomerUser(customer, user);
  return { ...shown, passwordProfile, lastDirectorySyncTime, softDeletionTime };
}
