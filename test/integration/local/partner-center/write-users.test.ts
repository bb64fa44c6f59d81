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

describe('PATCH user', () => {
  const patch = (body: unknown, one: Harness = harness) =>
    one.send(one.userPath(), { method: 'PATCH', body });

  it('resets on the legacy route', async () => {
    const body = { passwordProfile: { password: goodPassword, forceChangePassword: false } };

    expect(await patch(body)).toMatchObject({
      status: 200,
      json: { passwordProfile: { password: goodPassword } },
    });
    expect(harness.works(goodPassword)).toBe(true);
    expect(harness.standIn.requests[0]?.operation).toBe('resetPassword');
  });

  it('takes the flag alone on the legacy route', async () => {
    const body = { passwordProfile: { forceChangePassword: true } };

    expect((await patch(body)).status).toBe(200);
    expect(harness.user.mustChangePassword).toBe(true);
  });

  it('refuses a password, but not other fields, when the legacy route is refused', async () => {
    const gdap = await startHarness(tokens, { legacyRoute: 'refused' });

    expect(await patch({ passwordProfile: { password: goodPassword } }, gdap)).toMatchObject({
      status: 403,
      json: { code: 900308 },
    });
    expect(gdap.works(goodPassword)).toBe(false);
    expect((await patch({ displayName: 'Dan' }, gdap)).status).toBe(200);
    await gdap.standIn.close();
  });

  it('changes the fields that are given and keeps those that are absent or null', async () => {
    const { firstName } = harness.user;

    const { status, json } = await patch({
      displayName: 'Dan T.',
      firstName: null,
      userPrincipalName: 'Dan@contoso.com',
      state: 'active',
    });

    expect(status).toBe(200);
    expect(json).toMatchObject({ displayName: 'Dan T.', firstName });
    expect(json).not.toHaveProperty('passwordProfile');
    expect(harness.directory.findUser(harness.customer.tenantId, 'dan@contoso.com')).toBe(
      harness.user,
    );
  });

  it.each<[string, object]>([
    ['a state other than active', { state: 'inactive' }],
    ['a number for a name', { displayName: 1 }],
    ['a sign-in name in a foreign domain', { userPrincipalName: 'dan@fabrikam.com' }],
  ])('refuses %s', async (_what, body) => {
    expect(await patch(body)).toMatchObject({ status: 400, json: { code: 3000 } });
  });

  it('refuses the sign-in name of somebody else', async () => {
    const [, other] = harness.customer.users.values();

    expect(await patch({ userPrincipalName: other?.userPrincipalName })).toMatchObject({
      status: 400,
      json: { description: expect.stringContaining('already exists') },
    });
  });

  it('restores a deleted user with the documented body', async () => {
    const user = userWith(harness.customer, (one) => one.state === 'inactive');
    const body = { State: 'active', Attributes: { ObjectType: 'CustomerUser' } };

    const { status, json } = await harness.send(harness.userPath(user), { method: 'PATCH', body });

    expect(status).toBe(200);
    expect(json).toMatchObject({ id: user.id, state: 'active' });
    expect(json).not.toHaveProperty('softDeletionTime');
    expect(user.state).toBe('active');
  });

  it('does not find a deleted user that it is not asked to restore', async () => {
    const user = userWith(harness.customer, (one) => one.state === 'inactive');
    const body = { displayName: 'Ferdinand' };

    expect(await harness.send(harness.userPath(user), { method: 'PATCH', body })).toMatchObject({
      status: 404,
      json: { code: 60002 },
    });
  });
});

describe('POST users', () => {
  const documented = {
    usageLocation: 'US',
    userPrincipalName: 'userid@contoso.onmicrosoft.com',
    firstName: 'First',
    lastName: 'Last',
    displayName: 'User name',
    immutableId: 'Some unique ID',
    passwordProfile: { password: 'abCD123*', forceChangePassword: true },
    attributes: { objectType: 'CustomerUser' },
  };
  const create = (body: object) =>
    harness.send(`/v1/customers/${harness.customer.tenantId}/users`, { method: 'POST', body });

  it('creates the user of the documented example', async () => {
    const { status, json } = await create(documented);

    expect(status).toBe(200);
    expect(json).toMatchObject({
      ...documented,
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      lastDirectorySyncTime: null,
      userDomainType: 'none',
      state: 'active',
      softDeletionTime: null,
    });
    expect(
      harness.directory.signIn({
        tenant: 'contoso.com',
        userPrincipalName: documented.userPrincipalName,
        password: 'abCD123*',
      }),
    ).toBe('mustChangePassword');
  });

  it.each<[string, object]>([
    ['a federated domain', { userPrincipalName: 'userid@sso.contoso.com' }],
    ['no display name', { displayName: null }],
    ['no password', { passwordProfile: { forceChangePassword: true } }],
  ])('refuses %s', async (_what, change) => {
    expect(await create({ ...documented, ...change })).toMatchObject({
      status: 400,
      json: { code: 3000 },
    });
  });
});

describe('DELETE user', () => {
  it('makes the user inactive and answers 204 without a body', async () => {
    const { status, text, headers } = await harness.send(harness.userPath(), { method: 'DELETE' });

    expect([status, text]).toEqual([204, '']);
    expect(headers.get('ms-cv')).not.toBeNull();
    expect(harness.user).toMatchObject({ state: 'inactive', softDeletionTime: expect.any(String) });
    expect(await harness.send(harness.userPath(), { method: 'DELETE' })).toMatchObject({
      status: 404,
      json: { code: 60002 },
    });
  });
});
