import type { PartnerCenterUser } from '../../../shared/partner-center/partner-center-user.js';
import {
  createUserDirectory,
  type UserDirectoryDependencies,
} from '../../../shared/partner-center/user-directory.js';
import type {
  CustomerTenantId,
  UserId,
  UserPrincipalName,
} from '../../../shared/password-reset/ids.js';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import { FakeClock } from '../../fakes/fake-clock.js';

export const contoso = '0b6e1a37-2f5c-4c0e-9a52-7d3f1e8c4a01' as CustomerTenantId;
const never = new AbortController().signal;

type Customers = Record<CustomerTenantId, PartnerCenterUser[]>;

interface Hooks {
  onList?: (signal: AbortSignal) => void | Promise<void>;
}

/** A directory over customers in memory, and all that it asks for. */
export function directoryOf(
  customers: Customers,
  options: Partial<UserDirectoryDependencies> = {},
) {
  const clock = new FakeClock();
  const asked: string[] = [];
  /** Each ends one listing after its first user. */
  const failures: Error[] = [];
  const hooks: Hooks = {};
  const users: UserDirectoryDependencies['users'] = {
    async *list(customerTenantId, signal) {
      asked.push(`list ${customerTenantId}`);
      const failure = failures.shift();
      await hooks.onList?.(signal);
      for (const user of customers[customerTenantId] ?? []) {
        yield user;
        if (failure) throw failure;
      }
    },
    get({ customerTenantId, userId }) {
      asked.push(`get ${userId}`);
      const user = customers[customerTenantId]?.find((each) => each.userId === userId);
      return user
        ? Promise.resolve(user)
        : Promise.reject(new ResetError('UserNotFound', 'Cannot read the user'));
    },
  };
  const directory = createUserDirectory({ users, now: clock.now, ...options });
  return {
    clock,
    asked,
    failures,
    hooks,
    customers,
    find: (name: string, customerTenantId = contoso, signal = never) => {
      const userPrincipalName = signInNameOf(name);
      return directory.findBySignInName({ customerTenantId, userPrincipalName }, signal);
    },
    get: (name: string, customerTenantId = contoso) =>
      directory.get({ customerTenantId, userId: idOf(name) }, never),
  };
}

export function aUser(name: string, values: Partial<PartnerCenterUser> = {}): PartnerCenterUser {
  return {
    userId: idOf(name),
    userPrincipalName: signInNameOf(name),
    isDeleted: false,
    isFederated: false,
    isSynchronized: false,
    displayName: name,
    firstName: undefined,
    lastName: undefined,
    usageLocation: undefined,
    ...values,
  };
}

export function idOf(name: string): UserId {
  return `id-of-${name}` as UserId;
}

function signInNameOf(name: string): UserPrincipalName {
  return `${name}@contoso.com` as UserPrincipalName;
}
