import { describe, expect, it } from '@jest/globals';
import type {
  CustomerTenantId,
  UserId,
  UserPrincipalName,
} from '../../../shared/password-reset/ids.js';
import {
  createPartnerCenterUsers,
  type UserChanges,
} from '../../../shared/partner-center/customer-users.js';
import { Secret } from '../../../shared/platform/secret.js';
import { fakeSend } from './fake-send.js';

const signal = new AbortController().signal;
const customerTenantId = '0b6e1a37-2f5c-4c0e-9a52-7d3f1e8c4a01' as CustomerTenantId;
const userId = '5d2f7c10-8f0a-4b6d-a9a3-1c2e3f4a5b06' as UserId;
const usersPath = `/customers/${customerTenantId}/users`;
const key = { customerTenantId, userId };

function aUser(values: Record<string, unknown> = {}) {
  return { id: userId, userPrincipalName: 'adele@contoso.com', state: 'active', ...values };
}

function usersOf(...replies: unknown[]) {
  const { send, calls } = fakeSend(...replies);
  return { users: createPartnerCenterUsers({ send, resetRoute: 'resetpassword' }), calls };
}

describe('createPartnerCenterUsers()', () => {
  describe('get()', () => {
    it('reads the user', async () => {
      const { users, calls } = usersOf(
        aUser({ displayName: 'Adele', firstName: null, userDomainType: 'none' }),
      );

      expect(await users.get(key, signal)).toEqual({
        userId,
        userPrincipalName: 'adele@contoso.com',
        isDeleted: false,
        isFederated: false,
        isSynchronized: false,
        displayName: 'Adele',
        firstName: undefined,
        lastName: undefined,
        usageLocation: undefined,
      });
      expect(calls).toMatchObject([
        { method: 'GET', path: `${usersPath}/${userId}`, absent: 'UserNotFound' },
      ]);
    });

    it.each([
      ['deleted', { state: 'inactive' }, { isDeleted: true }],
      ['deleted, in other case', { state: 'Inactive' }, { isDeleted: true }],
      ['not deleted when the state is null', { state: null }, { isDeleted: false }],
      ['not deleted when the state is absent', { state: undefined }, { isDeleted: false }],
      ['federated', { userDomainType: 'federated' }, { isFederated: true }],
      ['not federated when managed', { userDomainType: 'managed' }, { isFederated: false }],
      ['not federated when that is null', { userDomainType: null }, { isFederated: false }],
      ['synchronized', { lastDirectorySyncTime: '2024-05-01T00:00:00Z' }, { isSynchronized: true }],
      [
        'not synchronized when that is null',
        { lastDirectorySyncTime: null },
        { isSynchronized: false },
      ],
    ])('says that the user is %s', async (_, values, expected) => {
      const { users } = usersOf(aUser(values));

      expect(await users.get(key, signal)).toMatchObject(expected);
    });

    it('does not take another user for the one asked for', async () => {
      const { users } = usersOf(aUser({ id: customerTenantId }));

      await expect(users.get(key, signal)).rejects.toMatchObject({
        code: 'PartnerCenterUnavailable',
      });
    });
  });

  describe('findBySignInName()', () => {
    const name = { customerTenantId, userPrincipalName: 'Adele@Contoso.com' as UserPrincipalName };
    const other = { id: customerTenantId, userPrincipalName: 'adele@contoso.com.au' };

    it('finds the user on a later page, whatever the case, and reads no further', async () => {
      const { users, calls } = usersOf(
        { items: [other], continuationToken: 'token-1' },
        { items: [aUser()], continuationToken: 'token-2' },
      );

      expect(await users.findBySignInName(name, signal)).toMatchObject({ userId });
      expect(calls).toHaveLength(2);
      expect(calls[0]).toMatchObject({
        path: usersPath,
        query: { size: '500' },
        absent: 'CustomerNotFound',
      });
    });

    it('is UserNotFound when nobody has that name, without repeating it', async () => {
      const { users } = usersOf({ items: [other] });

      await expect(users.findBySignInName(name, signal)).rejects.toMatchObject({
        code: 'UserNotFound',
        message: 'Cannot find the user: the customer has no such user',
      });
    });

    it('prefers who has the name now to a deleted user who had it', async () => {
      const deleted = aUser({ id: customerTenantId, state: 'inactive' });
      const { users } = usersOf({ items: [deleted, aUser()] }, { items: [deleted] });

      expect(await users.findBySignInName(name, signal)).toMatchObject({ userId });
      expect(await users.findBySignInName(name, signal)).toMatchObject({ isDeleted: true });
    });
  });

  describe('list()', () => {
    it('gives the users of every page', async () => {
      const { users } = usersOf(
        { items: [aUser()], continuationToken: 'token-1' },
        { items: [aUser({ id: customerTenantId })] },
      );
      const ids: string[] = [];

      for await (const user of users.list(customerTenantId, signal)) ids.push(user.userId);

      expect(ids).toEqual([userId, customerTenantId]);
    });
  });

  describe('directoryRoles()', () => {
    it('gives the names of the roles of every page', async () => {
      const { users, calls } = usersOf(
        { items: [{ id: 'role-1', name: 'Helpdesk Administrator' }], continuationToken: 'token-1' },
        { items: [{ id: 'role-2', name: 'Global Reader' }] },
      );

      expect(await users.directoryRoles(key, signal)).toEqual([
        'Helpdesk Administrator',
        'Global Reader',
      ]);
      expect(calls[0]).toMatchObject({ path: `${usersPath}/${userId}/directoryroles` });
    });

    it('is empty for a plain user', async () => {
      const { users } = usersOf({ totalCount: 0, items: [] });

      expect(await users.directoryRoles(key, signal)).toEqual([]);
    });

    it('counts a role without a name', async () => {
      const { users } = usersOf({ items: [{ id: 'role-1', name: null }, { id: 'role-2' }] });

      expect(await users.directoryRoles(key, signal)).toEqual(['role-1', 'role-2']);
    });

    it('does not take a reply without items for a plain user', async () => {
      const { users } = usersOf({ totalCount: 0 });

      await expect(users.directoryRoles(key, signal)).rejects.toMatchObject({
        code: 'PartnerCenterUnavailable',
      });
    });
  });

  describe('update()', () => {
    it('sends the given fields and no others', async () => {
      const { users, calls } = usersOf(aUser());
      const changes = {
        displayName: 'Adele V',
        usageLocation: 'NL',
        state: 'active',
        passwordProfile: { password: 'x' },
      } as UserChanges;

      await users.update(key, changes, signal);

      expect(calls).toMatchObject([{ method: 'PATCH', path: `${usersPath}/${userId}` }]);
      expect(JSON.parse(JSON.stringify(calls[0]?.body))).toEqual({
        displayName: 'Adele V',
        usageLocation: 'NL',
        attributes: { objectType: 'CustomerUser' },
      });
    });
  });

  describe('resetPassword()', () => {
    const request = {
      ...key,
      passwordProfile: { password: new Secret('Zq7-CANARY-1'), forceChangePassword: false },
      requestId: 'request-1',
    };

    it.each([
      ['resetpassword', `${usersPath}/${userId}/resetpassword`],
      ['legacy', `${usersPath}/${userId}`],
    ] as const)('sends the password and the flag, nothing else, on route %s', async (...row) => {
      const [resetRoute, path] = row;
      const { send, calls } = fakeSend(aUser());

      await createPartnerCenterUsers({ send, resetRoute }).resetPassword(request, signal);

      expect(calls).toMatchObject([{ method: 'PATCH', path, requestId: 'request-1' }]);
      expect(calls[0]?.body).toEqual({
        passwordProfile: { password: 'Zq7-CANARY-1', forceChangePassword: false },
        attributes: { objectType: 'CustomerUser' },
      });
    });

    it('takes the id in any case', async () => {
      const { users } = usersOf({ id: userId.toUpperCase() });

      await expect(users.resetPassword(request, signal)).resolves.toBeUndefined();
    });

    it.each([
      ['of another user', { id: customerTenantId }],
      ['without an id', { userPrincipalName: 'adele@contoso.com' }],
      ['of null', null],
    ])('does not take a reply %s for a success', async (_, reply) => {
      const { users } = usersOf(reply);

      await expect(users.resetPassword(request, signal)).rejects.toMatchObject({
        code: 'OutcomeUnknown',
      });
    });
  });
});
