import { z } from 'zod';
import { type CustomerTenantId, isSameSignInName, type UserId } from '../password-reset/ids.js';
import type { CustomerUsers, PasswordProfile } from '../password-reset/ports.js';
import { ResetError } from '../password-reset/reset-error.js';
import type { Send } from './call.js';
import { readCollection } from './paging.js';
import { partnerCenterUser, type PartnerCenterUser } from './partner-center-user.js';

/**
 * `resetpassword` is the route of today. `legacy` is the plain update that came before it, not to be used
 * where the partner's permissions are granular (GDAP).
 */
export type ResetRoute = 'resetpassword' | 'legacy';

/** What may be changed of a user here; a password or a deletion has its own way. */
export type UserChanges = Partial<
  Record<'userPrincipalName' | 'displayName' | 'firstName' | 'lastName' | 'usageLocation', string>
>;

interface UserKey {
  readonly customerTenantId: CustomerTenantId;
  readonly userId: UserId;
}

export interface PartnerCenterUsers extends CustomerUsers {
  get(user: UserKey, signal: AbortSignal): Promise<PartnerCenterUser>;

  /** The users, page by page as they are taken. Rejects with any code of a read; it never ends early. */
  list(customerTenantId: CustomerTenantId, signal: AbortSignal): AsyncIterable<PartnerCenterUser>;

  /**
   * Changes the given fields and leaves the others. Sent once, never repeated here.
   *
   * @throws {@link ResetError} with any upstream code; `OutcomeUnknown` when it may have been applied
   */
  update(user: UserKey, changes: UserChanges, signal: AbortSignal): Promise<void>;
}

/** A role without a name must still count as one. */
const directoryRole = z
  .object({ id: z.string(), name: z.string().nullish() })
  .transform(({ id, name }) => name ?? id);

/** @see https://learn.microsoft.com/partner-center/developer/reset-user-password-for-a-customer */
export function createPartnerCenterUsers({
  send,
  resetRoute,
}: {
  readonly send: Send;
  readonly resetRoute: ResetRoute;
}): PartnerCenterUsers {
  function list(customerTenantId: CustomerTenantId, signal: AbortSignal) {
    return readCollection(
      send,
      {
        purpose: 'list the users',
        path: usersPath(customerTenantId),
        query: { size: '500' },
        item: partnerCenterUser,
        absent: 'CustomerNotFound',
      },
      signal,
    );
  }

  return {
    list,

    get: (key, signal) =>
      send(
        {
          purpose: 'read the user',
          method: 'GET',
          path: userPath(key),
          absent: 'UserNotFound',
          reply: partnerCenterUser.refine(({ userId }) => userId === key.userId),
        },
        signal,
      ),

    /** The API takes no sign-in name in place of an id and cannot search for one. */
    async findBySignInName({ customerTenantId, userPrincipalName }, signal) {
      let deleted: PartnerCenterUser | undefined;
      for await (const candidate of list(customerTenantId, signal)) {
        if (!isSameSignInName(candidate.userPrincipalName, userPrincipalName)) continue;
        if (!candidate.isDeleted) return candidate;
        // The name of a deleted user may have been given to another one since.
        deleted ??= candidate;
      }
      if (deleted !== undefined) return deleted;
      throw new ResetError('UserNotFound', 'Cannot find the user: the customer has no such user');
    },

    /** @see https://learn.microsoft.com/partner-center/developer/get-user-roles-for-a-customer */
    async directoryRoles(key, signal) {
      const roles = readCollection(
        send,
        {
          purpose: "read the user's directory roles",
          path: `${userPath(key)}/directoryroles`,
          item: directoryRole,
          absent: 'UserNotFound',
        },
        signal,
      );
      const names: string[] = [];
      for await (const name of roles) names.push(name);
      return names;
    },

    /** @see https://learn.microsoft.com/partner-center/developer/update-user-accounts-for-a-customer */
    async update(key, changes, signal) {
      // Named one by one: `state` would restore a deleted user, `passwordProfile` would reset one.
      const { userPrincipalName, displayName, firstName, lastName, usageLocation } = changes;
      await send(
        {
          purpose: 'update the user',
          method: 'PATCH',
          path: userPath(key),
          body: {
            userPrincipalName,
            displayName,
            firstName,
            lastName,
            usageLocation,
            attributes: { objectType: 'CustomerUser' },
          },
          absent: 'UserNotFound',
          reply: replyAbout(key.userId),
        },
        signal,
      );
    },

    async resetPassword({ passwordProfile, requestId, ...key }, signal) {
      await send(
        {
          purpose: 'reset the password',
          method: 'PATCH',
          path: resetRoute === 'legacy' ? userPath(key) : `${userPath(key)}/resetpassword`,
          body: resetBody(passwordProfile),
          requestId,
          absent: 'UserNotFound',
          // The reply repeats the new password, so nothing but its user id is read.
          reply: replyAbout(key.userId),
        },
        signal,
      );
    },
  };
}

function usersPath(customerTenantId: CustomerTenantId): string {
  return `/customers/${encodeURIComponent(customerTenantId)}/users`;
}

function userPath({ customerTenantId, userId }: UserKey): string {
  return `${usersPath(customerTenantId)}/${encodeURIComponent(userId)}`;
}

/** Nothing else: on the legacy route any other field would change the user, and `state` undelete it. */
function resetBody({ password, forceChangePassword }: PasswordProfile) {
  return {
    passwordProfile: { password: password.reveal(), forceChangePassword },
    attributes: { objectType: 'CustomerUser' },
  };
}

/** A reply about somebody else proves nothing about this user. */
function replyAbout(userId: UserId) {
  return z.object({ id: z.string().refine((id) => id.toLowerCase() === userId) });
}
