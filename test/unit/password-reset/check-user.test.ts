import { describe, expect, it } from '@jest/globals';
import { plainGrant } from '../../fakes/allow-everything.js';
import type { SealedRequest } from '../../../shared/password-reset/ports.js';
import { createCheckUser } from '../../../shared/password-reset/check-user.js';
import type { UserId, UserPrincipalName } from '../../../shared/password-reset/ids.js';
import {
  recoveryByCode,
  ResetError,
  type ResetErrorCode,
} from '../../../shared/password-reset/reset-error.js';
import { Secret } from '../../../shared/platform/secret.js';
import { anotherCustomerTenantId, userId } from '../../builders/a-reset-row.js';
import { aSealedRequest } from '../../builders/a-sealed-request.js';
import { aUser } from '../../builders/a-user.js';
import { FakeCustomerUsers, type FakeUser } from '../../fakes/fake-customer-users.js';

const { signal } = new AbortController();
const byId = { kind: 'id', userId } as const;
const bySignInName = {
  kind: 'signInName',
  userPrincipalName: 'Adele@Contoso.com' as UserPrincipalName,
} as const;

describe.each([
  ['by id', byId],
  ['by sign-in name', bySignInName],
])('createCheckUser(), a user asked for %s', (_how, user) => {
  it('resolves with the id of a plain user', async () => {
    const { check } = checkOf([aUser()]);

    expect(await check(aSealedRequest({ user }), signal)).toBe(userId);
  });

  it.each([
    ['UserNotFound', 'an unknown user', []],
    ['UserDeleted', 'a deleted user', [aUser({ isDeleted: true })]],
    ['UserFederated', 'a federated user', [aUser({ isFederated: true })]],
    ['UserSynchronized', 'a synchronized user', [aUser({ isSynchronized: true })]],
    ['UserIsAdmin', 'a holder of a role', [aUser({ roles: ['Global Administrator'] })]],
    ['UserIsAdmin', 'a holder of two roles', [aUser({ roles: ['Reader', 'Printer Admin'] })]],
    ['UserIsAdmin', 'a holder of a role without a name', [aUser({ roles: [''] })]],
  ] as const)('refuses with %s: %s', async (code, _what, users) => {
    const { check } = checkOf(users);

    await expect(check(aSealedRequest({ user }), signal)).rejects.toMatchObject({
      name: 'ResetError',
      code,
    });
  });

  it('says first what can be helped least, when several things speak against it', async () => {
    const everything = aUser({
      isDeleted: true,
      isFederated: true,
      isSynchronized: true,
      roles: ['Global Administrator'],
    });

    const { check } = checkOf([everything]);

    await expect(check(aSealedRequest({ user }), signal)).rejects.toMatchObject({
      code: 'UserDeleted',
    });
  });

  it('lets a synchronized user pass where passwords are written back', async () => {
    const { check } = checkOf([aUser({ isSynchronized: true })], { resetSynchronizedUsers: true });

    expect(await check(aSealedRequest({ user }), signal)).toBe(userId);
  });

  it('lets no other guard down for that', async () => {
    const { check } = checkOf([aUser({ isSynchronized: true, roles: ['Global Administrator'] })], {
      resetSynchronizedUsers: true,
    });

    await expect(check(aSealedRequest({ user }), signal)).rejects.toMatchObject({
      code: 'UserIsAdmin',
    });
  });

  describe('when the roles cannot be read', () => {
    const codes = Object.entries(recoveryByCode) as [ResetErrorCode, string][];

    it.each(codes.filter(([, recovery]) => recovery === 'never'))(
      'refuses with RolesUnreadable after %s',
      async (code) => {
        const { check, users } = checkOf([aUser()]);
        const failure = new ResetError(code, 'Cannot read', { correlationId: 'correlation-1' });
        users.failures.directoryRoles = failure;

        await expect(check(aSealedRequest({ user }), signal)).rejects.toMatchObject({
          code: 'RolesUnreadable',
          recovery: 'never',
          correlationId: 'correlation-1',
          cause: failure,
        });
      },
    );

    it.each(codes.filter(([, recovery]) => recovery !== 'never'))(
      'leaves it to another attempt after %s',
      async (code) => {
        const { check, users } = checkOf([aUser()]);
        const failure = new ResetError(code, 'Cannot read', { retryAfterMs: 7_000 });
        users.failures.directoryRoles = failure;

        await expect(check(aSealedRequest({ user }), signal)).rejects.toBe(failure);
      },
    );

    it('does not take a bug for an answer', async () => {
      const { check, users } = checkOf([aUser()]);
      const bug = new TypeError('not a function');
      users.failures.directoryRoles = bug;

      await expect(check(aSealedRequest({ user }), signal)).rejects.toBe(bug);
    });

    it('says that the user is deleted, which is why', async () => {
      const { check, users } = checkOf([aUser({ isDeleted: true })]);
      users.failures.directoryRoles = new ResetError('UserNotFound', 'Cannot read');

      await expect(check(aSealedRequest({ user }), signal)).rejects.toMatchObject({
        code: 'UserDeleted',
      });
    });
  });

  it('passes on why the user cannot be read', async () => {
    const { check, users } = checkOf([aUser()]);
    const failure = new ResetError('Throttled', 'Cannot read', { retryAfterMs: 7_000 });
    users.failures.get = failure;
    users.failures.findBySignInName = failure;

    await expect(check(aSealedRequest({ user }), signal)).rejects.toBe(failure);
  });

  it('refuses a chosen password that holds the name with which the user signs in', async () => {
    const { check } = checkOf([aUser()]);
    const request = aSealedRequest({
      user,
      isChosen: true,
      passwordProfile: profile('Xadele-123'),
    });

    await expect(check(request, signal)).rejects.toMatchObject({
      code: 'PasswordNotAllowed',
      message: "Cannot reset password: the password must not contain the user's sign-in name",
    });
  });

  it('lets a chosen password pass that Entra would take', async () => {
    const { check } = checkOf([aUser()]);
    const request = aSealedRequest({ user, isChosen: true, passwordProfile: profile('Snow-1234') });

    expect(await check(request, signal)).toBe(userId);
  });

  it('does not judge a generated password: a name in it is chance', async () => {
    const { check } = checkOf([aUser()]);
    const request = aSealedRequest({ user, passwordProfile: profile('Xadele-123') });

    expect(await check(request, signal)).toBe(userId);
  });

  it('names no sign-in name and no password in what it says', async () => {
    for (const flaw of [
      { isDeleted: true },
      { isFederated: true },
      { isSynchronized: true },
      { roles: ['Global Administrator'] },
      {},
    ]) {
      const { check } = checkOf([aUser(flaw)]);
      const request = aSealedRequest({ user, isChosen: true, passwordProfile: profile('adele') });

      const error = await check(request, signal).catch((caught: unknown) => caught as ResetError);

      expect((error as ResetError).message).not.toMatch(/adele|contoso/i);
    }
  });
});

describe('createCheckUser()', () => {
  it('lets an administrator pass for who may reset them', async () => {
    const roles = ['Global Administrator'];
    const { check } = checkOf([{ ...aUser(), roles }]);
    const request = aSealedRequest({ user: { kind: 'id', userId } });

    await expect(check(request, signal, { mayResetAdmins: true })).resolves.toBe(userId);
    await expect(check(request, signal)).rejects.toMatchObject({ code: 'UserIsAdmin' });
  });

  it('looks for the user of the named customer alone', async () => {
    const elsewhere = aUser({ customerTenantId: anotherCustomerTenantId });
    const { check } = checkOf([elsewhere]);

    for (const user of [byId, bySignInName]) {
      await expect(check(aSealedRequest({ user }), signal)).rejects.toMatchObject({
        code: 'UserNotFound',
      });
    }
  });

  it('reads the roles of the user that the name belongs to', async () => {
    const plain = aUser();
    const admin = aUser({
      userId: 'aaaaaaaa-1111-4111-8111-111111111111' as UserId,
      userPrincipalName: 'admin@contoso.com' as UserPrincipalName,
      roles: ['Global Administrator'],
    });
    const { check } = checkOf([plain, admin]);
    const user = { kind: 'signInName', userPrincipalName: admin.userPrincipalName } as const;

    await expect(check(aSealedRequest({ user }), signal)).rejects.toMatchObject({
      code: 'UserIsAdmin',
    });
  });
});

function checkOf(
  known: readonly FakeUser[],
  policy: { resetSynchronizedUsers: boolean } = { resetSynchronizedUsers: false },
) {
  const users = new FakeCustomerUsers(known);
  const checkUser = createCheckUser({ users, policy });
  const check = (request: SealedRequest, signal: AbortSignal, grant = plainGrant) =>
    checkUser(request, grant, signal);
  return { users, check };
}

function profile(password: string) {
  return { password: new Secret(password), forceChangePassword: true };
}
