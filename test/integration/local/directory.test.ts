import { describe, expect, it } from '@jest/globals';
import { Directory } from '../../../infra/local/directory/directory.js';
import {
  directoryRoles,
  type DirectoryUser,
} from '../../../infra/local/directory/directory-user.js';
import { generateDirectory } from '../../../infra/local/directory/generate-directory.js';
import { findPasswordProblem } from '../../../infra/local/directory/password-rules.js';

const nowMs = Date.UTC(2026, 0, 15);
const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('generateDirectory()', () => {
  const directory = generateDirectory({ seed: 1, nowMs });
  const customers = [...directory.customers.values()];
  const users = customers.flatMap((customer) => [...customer.users.values()]);

  it('makes 12 customers of 40 users when it is not told how many', () => {
    expect(customers.map((customer) => customer.users.size)).toEqual(Array(12).fill(40));
  });

  it('makes the same directory from the same seed', () => {
    expect(describeAll(generateDirectory({ seed: 1, nowMs }))).toEqual(describeAll(directory));
  });

  it('makes another directory from another seed', () => {
    const other = generateDirectory({ seed: 2, nowMs });

    expect(describeAll(other)).not.toEqual(describeAll(directory));
  });

  it('gives every customer and user a GUID of its own', () => {
    const ids = [...customers.map(({ tenantId }) => tenantId), ...users.map(({ id }) => id)];

    expect(ids.filter((id) => !guid.test(id))).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('has a customer whose domain begins with the whole domain of another', () => {
    expect(customers.map(({ domain }) => domain).slice(0, 2)).toEqual([
      'contoso.com',
      'contoso.com.au',
    ]);
  });

  it('gives every customer a domain of its own and one of onmicrosoft.com', () => {
    const domains = customers.flatMap((customer) => customer.domains);

    expect(new Set(domains).size).toBe(domains.length);
    expect(
      customers.map(({ domains: [, initial] }) => initial?.endsWith('.onmicrosoft.com')),
    ).toEqual(Array(12).fill(true));
  });

  it('still makes distinct customers when the company names run out', () => {
    const many = [
      ...generateDirectory({
        seed: 1,
        customers: 40,
        usersPerCustomer: 1,
        nowMs,
      }).customers.values(),
    ];

    expect(new Set(many.map(({ domain }) => domain)).size).toBe(40);
  });

  it('writes sign-in names in ASCII, each once', () => {
    const names = users.map(({ userPrincipalName }) => userPrincipalName);

    expect(names.filter((name) => !/^[\w.'#-]{1,64}@[a-z.]{1,48}$/.test(name))).toEqual([]);
    expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(names.length);
  });

  it.each([
    'Latin',
    'Greek',
    'Cyrillic',
    'Arabic',
    'Hebrew',
    'Han',
    'Hiragana',
    'Hangul',
    'Devanagari',
    'Thai',
  ])('has names written in %s', (script) => {
    const written = new RegExp(`\\p{Script=${script}}`, 'u');

    expect(users.filter(({ displayName }) => written.test(displayName))).not.toHaveLength(0);
  });

  it.each<[string, (user: DirectoryUser) => boolean]>([
    ['guest', (user) => user.userPrincipalName.includes('#EXT#')],
    ['user synchronized from on-premises', (user) => user.lastDirectorySyncTime !== null],
    ['federated user', (user) => user.userDomainType === 'federated'],
    ['soft-deleted user', (user) => user.state === 'inactive' && user.softDeletionTime !== null],
    ['blocked user', (user) => user.signInBlocked],
    [
      'Global Administrator',
      (user) => user.directoryRoles.includes(directoryRoles.globalAdministrator),
    ],
    ['user with several roles', (user) => user.directoryRoles.length > 1],
  ])('gives every customer of 40 a %s', (_kind, holds) => {
    const counts = customers.map((customer) => [...customer.users.values()].filter(holds).length);

    expect(Math.min(...counts)).toBeGreaterThan(0);
  });

  it('makes most users plain, among them the first nine of a customer', () => {
    const isPlain = (user: DirectoryUser) =>
      user.state === 'active' &&
      !user.signInBlocked &&
      user.userDomainType === 'none' &&
      user.directoryRoles.length === 0;

    expect(users.filter(isPlain).length / users.length).toBeGreaterThan(0.7);
    expect([...(customers[3]?.users.values() ?? [])].slice(0, 9).every(isPlain)).toBe(true);
  });

  it('gives everybody a password that Entra would take', () => {
    const problems = customers.flatMap((customer) =>
      [...customer.users.values()].map((user) => {
        const [seed] = directory.passwordHistory(customer.tenantId, user.id);
        return findPasswordProblem(seed?.password ?? '', user, customer);
      }),
    );

    expect(new Set(problems)).toEqual(new Set([undefined]));
  });
});

describe('Directory', () => {
  it.each(['CONTOSO.com', 'contoso.onmicrosoft.com', 'tenant id'])(
    'finds a customer by %s',
    (name) => {
      const { directory, customer } = aDirectory();

      expect(
        directory.findCustomer(name === 'tenant id' ? customer.tenantId.toUpperCase() : name),
      ).toBe(customer);
    },
  );

  it('finds a user by id and by sign-in name, whatever the case', () => {
    const { directory, customer, user } = aDirectory();
    const find = (name: string) => directory.findUser(customer.tenantId, name);

    expect(find(user.id.toUpperCase())).toBe(user);
    expect(find(user.userPrincipalName.toUpperCase())).toBe(user);
    expect(find('nobody@contoso.com')).toBeUndefined();
  });

  it('finds a renamed user under the new name only', () => {
    const { directory, customer, user } = aDirectory();
    const former = user.userPrincipalName;

    directory.updateUser(customer.tenantId, user.id, { userPrincipalName: 'new@contoso.com' });

    expect(directory.findUser(customer.tenantId, 'new@contoso.com')).toBe(user);
    expect(directory.findUser(customer.tenantId, former)).toBeUndefined();
  });

  it('keeps every password in order, and takes only the last one', () => {
    const { directory, customer, user, signIn } = aDirectory();
    const change = {
      password: 'Second-22',
      atMs: 2,
      by: 'partner-center',
      requestId: 'r-1',
    } as const;

    directory.setPassword(customer.tenantId, user.id, change, false);

    expect(directory.passwordHistory(customer.tenantId, user.id)).toEqual([
      { password: 'First-111', atMs: 1, by: 'seed' },
      change,
    ]);
    expect([signIn('First-111'), signIn('Second-22')]).toEqual(['wrongPassword', 'signedIn']);
  });

  it.each<[string, Partial<DirectoryUser>]>([
    ['mustChangePassword', { mustChangePassword: true }],
    ['blocked', { signInBlocked: true }],
    ['deleted', { state: 'inactive' }],
    ['federated', { userDomainType: 'federated' }],
  ])('answers %s at sign-in', (outcome, changes) => {
    const { directory, customer, user, signIn } = aDirectory();

    directory.updateUser(customer.tenantId, user.id, changes);

    expect(signIn('First-111')).toBe(outcome);
  });

  it('tells an unknown user from an unknown tenant', () => {
    const { directory } = aDirectory();
    const attempt = { userPrincipalName: 'nobody@contoso.com', password: 'x' };

    expect(directory.signIn({ ...attempt, tenant: 'contoso.com' })).toBe('unknownUser');
    expect(directory.signIn({ ...attempt, tenant: 'fabrikam.com' })).toBe('unknownTenant');
  });

  it('lets people change a password that they were told to change', () => {
    const { directory, customer, user, signIn, changeOwn } = aDirectory();
    directory.updateUser(customer.tenantId, user.id, { mustChangePassword: true });

    expect(changeOwn('First-111', 'My-own-42')).toBe('changed');
    expect(signIn('My-own-42')).toBe('signedIn');
    expect(directory.passwordHistory(customer.tenantId, user.id).at(-1)?.by).toBe('user');
  });

  it.each([
    ['wrongPassword', 'Guess-123', 'My-own-42'],
    ['notAcceptable', 'First-111', 'short'],
    ['notAcceptable', 'First-111', 'First-111'],
  ])('answers %s to a change of one’s own password from %s to %s', (outcome, password, next) => {
    const { signIn, changeOwn } = aDirectory();

    expect(changeOwn(password, next)).toBe(outcome);
    expect(signIn('First-111')).toBe('signedIn');
  });
});

describe('findPasswordProblem()', () => {
  const user = { firstName: 'Daniel', lastName: 'Li' };
  const customer = { companyName: 'Contoso' };
  const alphabet = 'Aa1@#$%^&*-_!+=[]{}|\\:\',.?/~"();<>` ';

  it.each([
    ['7 characters', 'Renew45', 'length'],
    ['8 characters', 'Renew45*', undefined],
    ['the documented example', 'Renew456*', undefined],
    ['256 characters', `Aa1${'xy'.repeat(126)}z`, undefined],
    ['257 characters', `Aa1${'xy'.repeat(127)}`, 'length'],
    ['every symbol', alphabet, undefined],
    ['a letter with an accent', 'Renéw456*', 'alphabet'],
    ['a tab', 'Renew\t456*', 'alphabet'],
    ['two classes', 'renewRENEW', 'classes'],
    ['letters and digits of one case', 'renew456', 'classes'],
    ['three classes', 'renew456*', undefined],
    ['the first name', 'x-DaniEl-9', 'containsName'],
    ['the company name in disguise', 'C0nt0so-4711', 'containsName'],
    ['a last name of two letters', 'Lilac-4711', undefined],
    ['a banned word in disguise', 'P@ssw0rd', 'banned'],
    ['a banned word but for one letter', 'Pazsw0rd', 'banned'],
    ['a banned word less one letter', 'Micros0t', 'banned'],
    ['a banned word with one letter inside', 'Iloveyo0u', 'banned'],
    ['a banned word and three others', 'Password!12', 'banned'],
    ['a banned word and four others', 'Password!123', undefined],
    ['two banned words', 'Summer-Winter', 'banned'],
  ])('judges %s', (_what, password, problem) => {
    expect(findPasswordProblem(password, user, customer)).toBe(problem);
  });
});

function aDirectory() {
  const directory = new Directory();
  const tenantId = '4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f04';
  const customer = directory.addCustomer({
    tenantId,
    domain: 'contoso.com',
    domains: ['contoso.com', 'contoso.onmicrosoft.com'],
    federatedDomains: [],
    companyName: 'Contoso',
    relationshipToPartner: 'reseller',
  });
  const user: DirectoryUser = {
    id: 'a9ef48bb-8758-4590-a312-d4a47bfaded4',
    userPrincipalName: 'Daniel@contoso.com',
    firstName: 'Daniel',
    lastName: 'Tsai',
    displayName: 'Daniel Tsai',
    lastDirectorySyncTime: null,
    userDomainType: 'none',
    state: 'active',
    softDeletionTime: null,
    directoryRoles: [],
    mustChangePassword: false,
    signInBlocked: false,
  };
  directory.addUser(tenantId, user, { password: 'First-111', atMs: 1, by: 'seed' });
  const who = { tenant: 'contoso.com', userPrincipalName: 'daniel@contoso.com' };
  return {
    directory,
    customer,
    user,
    signIn: (password: string) => directory.signIn({ ...who, password }),
    changeOwn: (password: string, newPassword: string) =>
      directory.changeOwnPassword({ ...who, password, newPassword, atMs: 3 }),
  };
}

function describeAll(directory: Directory): unknown {
  return [...directory.customers.values()].map((customer) => [
    customer,
    [...customer.users.values()].map((user) => [
      user,
      directory.passwordHistory(customer.tenantId, user.id),
    ]),
  ]);
}
