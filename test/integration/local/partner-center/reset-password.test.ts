import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  goodPassword,
  startHarness,
  startTokenIssuer,
  userWith,
  type Harness,
  type TokenIssuer,
} from './harness.js';

let tokens: TokenIssuer;
let harness: Harness;

beforeAll(async () => {
  tokens = await startTokenIssuer();
});
afterAll(() => tokens.close());
beforeEach(async () => {
  harness = await startHarness(tokens);
});
afterEach(() => harness.standIn.close());

describe('PATCH resetpassword', () => {
  it('changes the password and repeats it, as documented', async () => {
    const { customer, user, directory } = harness;
    const [seed] = directory.passwordHistory(customer.tenantId, user.id);

    const { status, json } = await harness.reset();

    expect(status).toBe(200);
    expect(json).toEqual({
      usageLocation: user.usageLocation,
      id: user.id,
      userPrincipalName: user.userPrincipalName,
      firstName: user.firstName,
      lastName: user.lastName,
      displayName: user.displayName,
      ...(user.phoneNumber !== undefined && { phoneNumber: user.phoneNumber }),
      passwordProfile: { forceChangePassword: false, password: goodPassword },
      lastDirectorySyncTime: null,
      userDomainType: 'none',
      state: 'active',
      softDeletionTime: null,
      links: {
        self: {
          uri: `/customers/${customer.tenantId}/users/${user.id}`,
          method: 'GET',
          headers: [],
        },
      },
      attributes: { objectType: 'CustomerUser' },
    });
    expect(harness.works(goodPassword)).toBe(true);
    expect(harness.works(seed?.password ?? '')).toBe(false);
  });

  it('remembers by which request a password came', async () => {
    const { customer, user, directory } = harness;

    await harness.reset({ headers: { 'MS-RequestId': 'request-1' } });

    expect(directory.passwordHistory(customer.tenantId, user.id).at(-1)).toEqual({
      password: goodPassword,
      atMs: expect.any(Number),
      by: 'partner-center',
      requestId: 'request-1',
    });
  });

  it('tells the user to change the password when it was asked to', async () => {
    const body = { passwordProfile: { password: goodPassword, forceChangePassword: true } };

    const { json } = await harness.reset({ body });

    expect(harness.user.mustChangePassword).toBe(true);
    expect(json).toMatchObject({ passwordProfile: { forceChangePassword: false } });
  });

  it('reads property names without regard to case', async () => {
    const body = {
      PasswordProfile: { Password: goodPassword, ForceChangePassword: false },
      Attributes: { ObjectType: 'CustomerUser' },
    };

    expect((await harness.reset({ body })).status).toBe(200);
    expect(harness.works(goodPassword)).toBe(true);
  });

  it.each<[string, unknown, number]>([
    [
      'the body of the documentation, which is not JSON',
      '{"passwordProfile":{ password: 1 }}',
      800002,
    ],
    ['an array', [], 800002],
    ['no profile', { attributes: { objectType: 'CustomerUser' } }, 3000],
    ['no password', { passwordProfile: { forceChangePassword: true } }, 3000],
    ['a number for a password', { passwordProfile: { password: 12345678 } }, 3000],
    [
      'text for a flag',
      { passwordProfile: { password: goodPassword, forceChangePassword: 'true' } },
      3000,
    ],
    [
      'another type of object',
      { passwordProfile: { password: goodPassword }, attributes: { objectType: 'User' } },
      3000,
    ],
    ['a password that is too short', { passwordProfile: { password: 'Ab1!' } }, 2000],
    ['a password with banned words', { passwordProfile: { password: 'Password1!' } }, 2000],
  ])('refuses %s and changes nothing', async (_what, body, code) => {
    const { customer, user, directory } = harness;

    expect(await harness.reset({ body })).toMatchObject({ status: 400, json: { code } });
    expect(directory.passwordHistory(customer.tenantId, user.id)).toHaveLength(1);
  });

  it('does not quote a refused password', async () => {
    const { text } = await harness.reset({ password: 'Password1!' });

    expect(text).toContain('does not comply with password complexity requirements');
    expect(text).not.toContain('Password1!');
  });

  it.each([
    ['deleted', 404, 60002],
    ['synchronized', 400, 2000],
    ['federated', 400, 2000],
    ['admin', 403, 900308],
  ])('refuses a %s user', async (kind, status, code) => {
    const user = userWith(harness.customer, (one) => kindOf(one) === kind);

    expect(await harness.reset({ user })).toMatchObject({ status, json: { code } });
    expect(harness.directory.passwordHistory(harness.customer.tenantId, user.id)).toHaveLength(1);
  });

  it('resets an admin when the partner is privileged', async () => {
    const privileged = await startHarness(tokens, { privileged: true });
    const user = userWith(privileged.customer, (one) => kindOf(one) === 'admin');

    expect((await privileged.reset({ user })).status).toBe(200);
    expect(privileged.works(goodPassword, user)).toBe(true);
    await privileged.standIn.close();
  });

  it('applies a repeated MS-RequestId again', async () => {
    const headers = { 'MS-RequestId': 'request-1' };
    await harness.reset({ headers });

    await harness.reset({ headers, password: 'Another-456' });

    expect(harness.works('Another-456')).toBe(true);
  });

  it('does nothing for a repeated MS-RequestId when it remembers them', async () => {
    const remembering = await startHarness(tokens, { remembersRequestIds: true });
    const headers = { 'MS-RequestId': 'request-1' };
    await remembering.reset({ headers });

    const again = await remembering.reset({ headers, password: 'Another-456' });

    expect(again).toMatchObject({
      status: 200,
      json: { passwordProfile: { password: goodPassword } },
    });
    expect(remembering.works(goodPassword)).toBe(true);
    expect(remembering.standIn.requests.map(({ applied }) => applied)).toEqual([true, false]);
    await remembering.standIn.close();
  });
});

function kindOf(user: {
  state: string;
  userDomainType: string;
  lastDirectorySyncTime: string | null;
  directoryRoles: readonly unknown[];
}): string {
  if (user.state === 'inactive') return 'deleted';
  if (user.userDomainType === 'federated') return 'federated';
  if (user.lastDirectorySyncTime !== null) return 'synchronized';
  return user.directoryRoles.length > 0 ? 'admin' : 'plain';
}
