import type { UserPrincipalName } from '../../shared/password-reset/ids.js';
import type { FakeUser } from '../fakes/fake-customer-users.js';
import { customerTenantId, userId } from './a-reset-row.js';

/** A plain user in the cloud. */
export function aUser(values: Partial<FakeUser> = {}): FakeUser {
  return {
    customerTenantId,
    userId,
    userPrincipalName: 'adele@contoso.com' as UserPrincipalName,
    isDeleted: false,
    isFederated: false,
    isSynchronized: false,
    ...values,
  };
}
