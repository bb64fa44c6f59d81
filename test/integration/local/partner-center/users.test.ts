import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { directoryRoles } from '../../../../infra/local/directory/directory-user.js';
import {
  startHarness,
  startTokenIssuer,
  userWith,
  type Harness,
  type TokenIssuer,
} from './harness.js';

const unknownId = '00000000-1111-4222-8333-444444444444';

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

describe('GET user', () => {
  it('answers a CustomerUser without its nulls and without a password', async () => {
    const { customer, user } = harness;

    const { status, json } = await harness.send(harness.userPath());

    expect(status).toBe(200);
    expect(json).toEqual({
      usageLocation: user.usageLocation,
      id: user.id,
      userPrincipalName: user.userPrincipalName,
      firstName: user.firstName,
      lastName: user.lastName,
      displayName: user.displayName,
      ...(user.phoneNumber !== undefined && { phoneNumber: user.phoneNumber }),
      userDomainType: 'none',
      state: 'active',
      links: {
        self: {
          uri: `/customers/${customer.tenantId}/users/${user.id}`,
          method: 'GET',
          headers: [],
        },
      },
      attributes: { objectType: 'CustomerUser' },
    });
  });

  it('shows when a user was synchronized', async () => {
    const user = userWith(harness.customer, (one) => one.lastDirectorySyncTime !== null);

    expect((await harness.send(harness.userPath(user))).json).toMatchObject({
      lastDirectorySyncTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      immutableId: user.immutableId,
    });
  });

  it('shows a soft-deleted user as inactive', async () => {
    const user = userWith(harness.customer, (one) => one.state === 'inactive');

    expect(await harness.send(harness.userPath(user))).toMatchObject({
      status: 200,
      json: { state: 'inactive', softDeletionTime: user.softDeletionTime },
    });
  });

  it.each([
    ['no GUID for a customer', 'contoso.com', unknownId, 400, 2000],
    ['an unknown customer', unknownId, unknownId, 404, 60003],
    ['no GUID for a user', undefined, 'daniel@contoso.com', 400, 2000],
    ['an unknown user', undefined, unknownId, 404, 60002],
  ])('refuses %s', async (_what, customerTenantId, userId, status, code) => {
    const tenantId = customerTenantId ?? harness.customer.tenantId;

    expect(await harness.send(`/v1/customers/${tenantId}/users/${userId}`)).toMatchObject({
      status,
      json: { code, description: expect.any(String), data: [], source: expect.any(String) },
    });
  });
});

describe('GET users', () => {
  interface Page {
    readonly totalCount: number;
    readonly items: { readonly id: string; readonly state: string }[];
    readonly continuationToken?: string;
    readonly links: {
      readonly next?: { readonly uri: string; readonly headers: { key: string; value: string }[] };
    };
  }
  const usersPath = () => `/v1/customers/${harness.customer.tenantId}/users`;
  const list = async (path: string, headers = {}) =>
    (await harness.send(path, { headers })).json as Page;

  it('leaves out soft-deleted users', async () => {
    const { tenantId, users } = harness.customer;
    const active = [...users.values()].filter(({ state }) => state === 'active');

    const page = await list(usersPath());

    expect(page.items.map(({ id }) => id)).toEqual(active.map(({ id }) => id));
    expect(page).toMatchObject({
      totalCount: active.length,
      links: { self: { uri: `/customers/${tenantId}/users`, method: 'GET', headers: [] } },
      attributes: { objectType: 'Collection' },
    });
    expect(page.continuationToken).toBeUndefined();
    expect(page.links.next).toBeUndefined();
  });

  it('is walked page by page with the next link and its headers', async () => {
    const pages: Page[] = [await list(`${usersPath()}?size=15`)];
    for (let next = pages[0]?.links.next; next; next = pages.at(-1)?.links.next) {
      const headers = Object.fromEntries(next.headers.map(({ key, value }) => [key, value]));
      pages.push(await list(`/v1${next.uri}`, headers));
    }

    const ids = pages.flatMap(({ items }) => items.map(({ id }) => id));
    expect(pages.map(({ totalCount }) => totalCount)).toEqual([15, 15, 9]);
    expect(new Set(ids).size).toBe(39);
    expect(pages[0]).toMatchObject({
      continuationToken: expect.any(String),
      links: {
        next: {
          uri: `/customers/${harness.customer.tenantId}/users?size=15&seekOperation=Next`,
          method: 'GET',
          headers: [{ key: 'MS-ContinuationToken', value: pages[0]?.continuationToken }],
        },
      },
    });
  });

  it('starts over when a token comes without seekOperation', async () => {
    const first = await list(`${usersPath()}?size=5`);

    const again = await list(`${usersPath()}?size=5`, {
      'MS-ContinuationToken': first.continuationToken,
    });

    expect(again.items).toEqual(first.items);
  });

  it.each([
    ['a size that is no number', '?size=many', {}],
    ['a negative size', '?size=-1', {}],
    ['the next page without a token', '?seekOperation=Next', {}],
    ['a token of its own making', '?seekOperation=Next', { 'MS-ContinuationToken': 'bmV4dA==' }],
    ['a page before', '?seekOperation=Previous', {}],
  ])('refuses %s', async (_what, query, headers) => {
    expect(await harness.send(usersPath() + query, { headers })).toMatchObject({
      status: 400,
      json: { code: 3000 },
    });
  });

  it('does not continue a listing with the token of another', async () => {
    const { continuationToken = '' } = await list('/v1/customers?size=1');

    const headers = { 'MS-ContinuationToken': continuationToken };
    expect(await harness.send(`${usersPath()}?seekOperation=Next`, { headers })).toMatchObject({
      status: 400,
    });
  });

  it('gives all 250 users at once for size=0, and 100 without a size', async () => {
    const { directory, customer, user } = harness;
    for (let count = customer.users.size; count < 251; count += 1) {
      const id = `00000000-0000-4000-8000-${String(count).padStart(12, '0')}`;
      const copy = { ...user, id, userPrincipalName: `user${count}@contoso.com` };
      directory.addUser(customer.tenantId, copy, { password: 'x', atMs: 0, by: 'seed' });
    }

    expect((await list(`${usersPath()}?size=0`)).totalCount).toBe(250);
    expect((await list(usersPath())).totalCount).toBe(100);
  });

  it('gives the deleted ones to the documented filter, and echoes it as documented', async () => {
    const query =
      '?size=500&filter=%7B%22Field%22%3A%22UserState%22%2C%22Value%22%3A%22Inactive%22%2C%22Operator%22%3A%22equals%22%7D';

    const page = await list(usersPath() + query);

    expect(page.items.map(({ state }) => state)).toEqual(['inactive']);
    expect(page.links).toMatchObject({
      self: {
        uri: `/customers/${harness.customer.tenantId}/users${query.replace('UserState', 'UserStatus')}`,
      },
    });
  });
});

describe('GET directoryroles', () => {
  it('answers the roles of a user in a collection without links', async () => {
    const user = userWith(harness.customer, (one) => one.directoryRoles.length === 2);

    expect((await harness.send(`${harness.userPath(user)}/directoryroles`)).json).toEqual({
      totalCount: 2,
      items: [
        {
          name: 'Exchange Administrator',
          id: '29232cdf-9323-42fd-ade2-1d097af3e4de',
          attributes: { objectType: 'DirectoryRole' },
        },
        {
          name: 'Reports Reader',
          id: '4a5d8f65-41da-4de4-8968-e035b65339cf',
          attributes: { objectType: 'DirectoryRole' },
        },
      ],
      attributes: { objectType: 'Collection' },
    });
  });

  it('answers no roles for a plain user', async () => {
    expect((await harness.send(`${harness.userPath()}/directoryroles`)).json).toEqual({
      totalCount: 0,
      items: [],
      attributes: { objectType: 'Collection' },
    });
  });

  it('answers all roles of a customer', async () => {
    const path = `/v1/customers/${harness.customer.tenantId}/directoryroles`;

    expect((await harness.send(path)).json).toMatchObject({
      totalCount: Object.keys(directoryRoles).length,
    });
  });
});
