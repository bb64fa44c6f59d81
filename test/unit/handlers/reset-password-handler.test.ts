import { describe, expect, it } from '@jest/globals';
import { aCallerList } from '../../builders/a-caller-list.js';
import { createAuthorize } from '../../../shared/callers/authorize.js';
import type { Caller, Permission } from '../../../shared/callers/caller.js';
import { createPasswordResetLinks } from '../../../shared/handlers/password-reset-view.js';
import { createResetPasswordHandler } from '../../../shared/handlers/reset-password-handler.js';
import { createTakePasswordReset } from '../../../shared/handlers/take-password-reset.js';
import type { CustomerTenantId } from '../../../shared/password-reset/ids.js';
import {
  type AcceptDependencies,
  createAcceptPasswordReset,
} from '../../../shared/password-reset/accept-password-reset.js';
import type { PasswordResetOrder } from '../../../shared/password-reset/password-reset-order.js';
import type {
  ReadablePassword,
  ReadPassword,
} from '../../../shared/password-reset/read-password-reset.js';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import { defaultLimits, type ResetRow } from '../../../shared/password-reset/reset-row.js';
import { Secret } from '../../../shared/platform/secret.js';
import { aCaller } from '../../builders/a-caller.js';
import { acceptedAtMs, aResetRow, customerTenantId, userId } from '../../builders/a-reset-row.js';
import { FakeCustomers } from '../../fakes/fake-customers.js';
import { aCallerDoor } from './a-caller-door.js';
import { call, expectRefusal, invocationId } from './invocation.js';
import { FakeAudit, noAudit } from '../../fakes/fake-audit.js';

const canary = ['canary', '7f3a'].join('-');
const body = { customer: customerTenantId, user: userId, delivery: 'response' };
const address = 'https://resets.example/api/reveal/a-token';
const result =
  'https://resets.example/api/password-resets/20260101-6f1f8a5e-9a64-4f4d-9c0a-2f9f0a6c1b11';

describe('createResetPasswordHandler()', () => {
  it('hands the order on as the caller asked for it', async () => {
    const { handler, orders } = aDoor();
    const all = {
      customer: 'Contoso.com',
      user: 'Adele@contoso.com',
      password: canary,
      forceChangePassword: false,
      delivery: 'none',
      reference: 'INC-7',
    };

    await call(handler, { body: all });

    expect(orders).toEqual([
      {
        caller: 'helpdesk',
        requestId: invocationId,
        customer: { kind: 'domain', domain: 'contoso.com' },
        user: { kind: 'signInName', userPrincipalName: 'Adele@contoso.com' },
        password: new Secret(canary),
        forceChangePassword: false,
        delivery: 'none',
        reference: 'INC-7',
      },
    ]);
    expect(orders[0]?.password?.reveal()).toBe(canary);
  });

  it('asks for a change of the password, and for a generated one, unless told otherwise', async () => {
    const { handler, orders } = aDoor();

    await call(handler, { body });

    expect(orders).toEqual([
      {
        caller: 'helpdesk',
        requestId: invocationId,
        customer: { kind: 'id', customerTenantId },
        user: { kind: 'id', userId },
        forceChangePassword: true,
        delivery: 'response',
      },
    ]);
  });

  it('answers 200 with the password when the reset is applied', async () => {
    const { handler } = aDoor({ row: aResetRow({ state: 'applied', userId }) });

    const answer = await call(handler, { body });

    expect(answer).toMatchObject({
      status: 200,
      headers: { 'operation-location': result, 'cache-control': 'no-store' },
      body: { status: 'Succeeded', password: canary, userId, delivery: 'response' },
    });
    expect(JSON.stringify(answer.logged)).not.toContain(canary);
    expect(answer.logged).toMatchObject([
      { level: 'information', args: ['password reset accepted', { state: 'applied', userId }] },
    ]);
  });

  it('answers 200 with the link, and without the password, unless told otherwise', async () => {
    const link = { kind: 'link', address, expiresAtMs: acceptedAtMs } as const;
    const { handler, orders } = aDoor({
      row: aResetRow({ state: 'applied', delivery: 'link' }),
      readPassword: () => Promise.resolve(link),
    });

    const answer = await call(handler, { body: { ...body, delivery: undefined } });

    expect(orders).toMatchObject([{ delivery: 'link' }]);
    expect(answer).toMatchObject({
      status: 200,
      body: { delivery: 'link', link: address, linkExpiresAt: '2026-01-01T00:00:00.000Z' },
    });
    expect(answer.text).not.toContain(canary);
    expect(JSON.stringify(answer.logged)).not.toContain(address);
  });

  describe('when the user was reset but the link cannot be read', () => {
    const row = aResetRow({ state: 'applied', delivery: 'link' });
    const failure = new ResetError('KeyVaultUnavailable', 'Cannot read secret sealing-key');
    const readPassword = () => Promise.reject(failure);

    it('answers 202: an error would have the caller ask for another reset', async () => {
      const answer = await call(aDoor({ row, readPassword }).handler, { body });

      expect(answer).toMatchObject({
        status: 202,
        headers: { location: `${result}/result`, 'retry-after': '5' },
        body: { status: 'Running' },
      });
      expect(answer.logged).toContainEqual({
        level: 'warning',
        args: ['result not read', { resetId: row.resetId }],
      });
    });

    it('answers the error to the same request again: it is the same reset', async () => {
      const { handler } = aDoor({ row, readPassword, before: { kind: 'none' } });

      expectRefusal(await call(handler, { body }), { status: 503, code: failure.code });
    });

    it('hides no mistake of ours', async () => {
      const mistake = new TypeError('a mistake');
      const { handler } = aDoor({ row, readPassword: () => Promise.reject(mistake) });

      await expect(call(handler, { body })).rejects.toBe(mistake);
    });
  });

  it('answers 200 without the password when it is not to be delivered', async () => {
    const { handler } = aDoor({ row: aResetRow({ state: 'applied', delivery: 'none' }) });

    const answer = await call(handler, { body: { ...body, delivery: 'none' } });

    expect(answer.status).toBe(200);
    expect(answer.body).not.toHaveProperty('password');
  });

  it.each<[string, ResetRow, string, string]>([
    ['under way', aResetRow({ state: 'claimed' }), '5', 'Running'],
    ['to be tried again', aResetRow({ notBeforeMs: acceptedAtMs + 20_000 }), '20', 'NotStarted'],
    ['to be tried again at once', aResetRow({ notBeforeMs: acceptedAtMs }), '5', 'NotStarted'],
    ['left alone for long', aResetRow({ state: 'uncertain' }), '60', 'Running'],
  ])('answers 202 when the reset is %s', async (_, row, seconds, status) => {
    const { handler } = aDoor({ row });

    const answer = await call(handler, { body });

    expect(answer).toMatchObject({
      status: 202,
      headers: {
        location: `${result}/result`,
        'operation-location': result,
        'retry-after': seconds,
      },
      body: { status },
    });
    expect(answer.text).not.toContain(canary);
  });

  it.each([
    ['UserNotFound', 404],
    ['UserIsAdmin', 422],
    ['PasswordRejected', 422],
    ['ReconsentRequired', 503],
  ] as const)('answers a reset that was refused as %s with %d', async (code, status) => {
    const { handler } = aDoor({ row: aResetRow({ state: 'rejected', code }) });

    const answer = await call(handler, { body });

    expectRefusal(answer, { status, code });
    expect(answer.headers).toMatchObject({ 'operation-location': result });
    expect(answer.text).not.toContain(canary);
  });

  describe('under an idempotency key', () => {
    const headers = { 'idempotency-key': 'key-1' };

    it.each<[string, Record<string, string>, string | undefined]>([
      ['Idempotency-Key', { 'Idempotency-Key': 'key-1' }, undefined],
      ['Repeatability-Request-ID', { 'Repeatability-Request-ID': 'key-1' }, 'accepted'],
    ])('hands the key on from the header %s', async (_, given, result) => {
      const { handler, orders } = aDoor();

      const answer = await call(handler, { body, headers: given });

      expect(orders).toMatchObject([{ caller: 'helpdesk', idempotencyKey: 'key-1' }]);
      expect(answer.headers['repeatability-result']).toBe(result);
    });

    it.each<[string, Record<string, string>]>([
      ['no header', {}],
      ['the text of an expression', { 'idempotency-key': '@{guid()}' }],
    ])('takes the request as a new one with %s', async (_, given) => {
      const { handler, orders } = aDoor();

      await call(handler, { body, headers: given });

      expect(orders[0]).not.toHaveProperty('idempotencyKey');
    });

    it('refuses a key that cannot be one, and does nothing', async () => {
      const { handler, orders } = aDoor();

      const answer = await call(handler, { body, headers: { 'idempotency-key': 'x'.repeat(256) } });

      expectRefusal(answer, { status: 400, code: 'InvalidRequest', target: 'Idempotency-Key' });
      expect(orders).toEqual([]);
    });

    it('answers the first request with the password', async () => {
      const { handler } = aDoor({ row: aResetRow({ state: 'applied', userId }) });

      expect((await call(handler, { body, headers })).body).toMatchObject({ password: canary });
    });

    it('answers a repeated request with the password that is to be seen now', async () => {
      const before = { kind: 'password', password: new Secret(canary) } as const;
      const { handler } = aDoor({ row: aResetRow({ state: 'applied', userId }), before });

      const answer = await call(handler, { body, headers });

      expect(answer).toMatchObject({
        status: 200,
        body: { status: 'Succeeded', password: canary },
      });
      expect(JSON.stringify(answer.logged)).not.toContain(canary);
    });

    it('answers a repeated request with 202 while the password may not be shown yet', async () => {
      const before = { kind: 'settling', untilMs: acceptedAtMs + 20_000 } as const;
      const { handler } = aDoor({ row: aResetRow({ state: 'applied' }), before });

      expect(await call(handler, { body, headers })).toMatchObject({
        status: 202,
        headers: { location: `${result}/result`, 'retry-after': '20' },
        body: { status: 'Running' },
      });
    });

    it('answers a repeated request with 409 when a newer reset has begun', async () => {
      const row = aResetRow({ state: 'applied' });
      const { handler } = aDoor({ row, before: { kind: 'superseded' } });

      expectRefusal(await call(handler, { body, headers }), { status: 409, code: 'Superseded' });
    });

    it.each(['UserNotFound', 'ReconsentRequired', 'TimedOut'] as const)(
      'answers a reset that ended with %s as final: no repeat can mend it',
      async (code) => {
        const { handler } = aDoor({ row: aResetRow({ state: 'rejected', code }) });

        const answer = await call(handler, { body, headers });

        expectRefusal(answer, { status: 422, code });
        expect(answer.headers).not.toHaveProperty('retry-after');
      },
    );
  });

  describe('refuses, before anything is done,', () => {
    const wrong = (changes: object) => JSON.stringify({ ...body, ...changes });

    it.each<[string, unknown, string | undefined]>([
      ['an empty body', '', undefined],
      ['null', 'null', undefined],
      ['an array', '[]', undefined],
      ['a text', '"reset"', undefined],
      ['a number', '1', undefined],
      ['half of a JSON text', '{"customer":', undefined],
      ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0x22]), undefined],
      ['100,000 arrays in each other', '['.repeat(100_000) + ']'.repeat(100_000), undefined],
      ['a field named twice', `{"user":"${userId}",${wrong({}).slice(1)}`, undefined],
      ['an unknown field', wrong({ forcechangepassword: true }), 'forcechangepassword'],
      ['a field __proto__', `{"__proto__":{"isAdmin":true},${wrong({}).slice(1)}`, '__proto__'],
      ['a field constructor', wrong({ constructor: { prototype: {} } }), 'constructor'],
      ['no customer', wrong({ customer: undefined }), 'customer'],
      ['a customer that is null', wrong({ customer: null }), 'customer'],
      ['a customer that is a number', wrong({ customer: 7 }), 'customer'],
      ['a customer that is an object', wrong({ customer: { id: customerTenantId } }), 'customer'],
      ['a customer that is empty', wrong({ customer: '' }), 'customer'],
      ['a customer that is a word', wrong({ customer: 'contoso' }), 'customer'],
      ['a customer with NUL', wrong({ customer: `${customerTenantId}\0` }), 'customer'],
      ['a customer with a line break', wrong({ customer: `${customerTenantId}\n` }), 'customer'],
      ['a customer with a path', wrong({ customer: `../${customerTenantId}` }), 'customer'],
      ['no user', wrong({ user: undefined }), 'user'],
      ['a user that is a list', wrong({ user: [userId] }), 'user'],
      ['a user ..', wrong({ user: '..' }), 'user'],
      ['a user %2e%2e', wrong({ user: '%2e%2e' }), 'user'],
      ['a user with a slash', wrong({ user: `${userId}/a` }), 'user'],
      ['a user with a query', wrong({ user: `${userId}?a#b` }), 'user'],
      ['a user with NUL', wrong({ user: `adele\0@contoso.com` }), 'user'],
      ['a user with half of an emoji', wrong({ user: '\ud83d@contoso.com' }), 'user'],
      ['a user of 10,000 characters', wrong({ user: 'a'.repeat(10_000) }), 'user'],
      ['a user with two @', wrong({ user: 'adele@a@contoso.com' }), 'user'],
      ['a sign-in name of 114 characters', wrong({ user: signInName(114) }), 'user'],
      ['a password that is a number', wrong({ password: 12345678 }), 'password'],
      ['a password that is null', wrong({ password: null }), 'password'],
      ['forceChangePassword as text', wrong({ forceChangePassword: 'no' }), 'forceChangePassword'],
      ['no recipient', wrong({ delivery: 'recipientKey' }), 'recipientKeyId'],
      ['a recipient for another delivery', wrong({ recipientKeyId: '2026' }), 'recipientKeyId'],
      ['an unknown delivery', wrong({ delivery: 'mail' }), 'delivery'],
      ['a delivery in capitals', wrong({ delivery: 'None' }), 'delivery'],
      ['a reference of 101 characters', wrong({ reference: 'x'.repeat(101) }), 'reference'],
      ['a reference that is a number', wrong({ reference: 7 }), 'reference'],
    ])('%s', async (_, wrongBody, target) => {
      const { handler, orders } = aDoor();

      const answer = await call(handler, { body: wrongBody });

      const refusal = { status: 400, code: 'InvalidRequest' } as const;
      expectRefusal(answer, { ...refusal, ...(target !== undefined && { target }) });
      expect(orders).toEqual([]);
    });

    it('each fault of a body at once, and quotes none of its values', async () => {
      const { handler, orders } = aDoor();
      const wrongBody = wrong({ customer: canary, user: canary, delivery: canary, [canary]: 1 });

      const answer = await call(handler, { body: wrongBody.replace(canary, `${canary}!`) });

      expect(answer.body).toMatchObject({
        error: {
          target: 'customer',
          details: [
            { code: 'InvalidRequest', target: 'customer' },
            { code: 'InvalidRequest', target: 'user' },
            { code: 'InvalidRequest', target: 'delivery' },
            { code: 'InvalidRequest', target: canary, message: 'There is no such field' },
          ],
        },
      });
      expect(answer.text.split(canary)).toHaveLength(2);
      expect(JSON.stringify(answer.logged)).not.toContain(canary);
      expect(orders).toEqual([]);
    });

    it('an unknown field, and does not repeat a long name', async () => {
      const answer = await call(aDoor().handler, { body: { ...body, ['x'.repeat(10_000)]: 1 } });

      expectRefusal(answer, { status: 400, code: 'InvalidRequest', target: 'x'.repeat(64) });
      expect(answer.text.length).toBeLessThan(500);
    });

    it('a body that is too large', async () => {
      const { handler, orders } = aDoor();

      const answer = await call(handler, { body: { ...body, reference: 'x'.repeat(1_048_576) } });

      expectRefusal(answer, { status: 413, code: 'RequestTooLarge' });
      expect(orders).toEqual([]);
    });

    it.each<[string, Record<string, string>]>([
      ['text', { 'content-type': 'text/plain' }],
      ['something compressed', { 'content-encoding': 'gzip' }],
    ])('a body sent as %s', async (_, headers) => {
      const { handler, orders } = aDoor();

      const answer = await call(handler, { body, headers });

      expectRefusal(answer, { status: 415, code: 'UnsupportedMediaType' });
      expect(orders).toEqual([]);
    });

    it('a caller that nobody knows, without a look at the body', async () => {
      const { handler, orders } = aDoor({ caller: undefined });

      const answer = await call(handler, { body: 'not JSON' });

      expectRefusal(answer, { status: 401, code: 'Unauthorized' });
      expect(orders).toEqual([]);
    });

    it('a password in the answer for a caller that may not read one', async () => {
      const { handler, orders } = aDoor({ permissions: ['reset'] });

      const answer = await call(handler, { body });

      expectRefusal(answer, {
        status: 403,
        code: 'PermissionDenied',
        message: 'The caller helpdesk lacks the permission readPassword',
      });
      expect(orders).toEqual([]);
    });
  });

  it.each<[string, unknown]>([
    ['a BOM before the body', `\ufeff${JSON.stringify(body)}`],
    ['a sign-in name of 113 characters', { ...body, user: signInName(113) }],
    ['a guest', { ...body, user: 'adele_fabrikam.com#EXT#@contoso.com' }],
    ['a reference of 100 characters', { ...body, reference: 'x'.repeat(100) }],
    ['no password to read', { ...body, delivery: 'none' }],
  ])('takes %s', async (_, accepted) => {
    const { handler, orders } = aDoor();

    await call(handler, { body: accepted });

    expect(orders).toHaveLength(1);
  });

  describe('with the rules of acceptance behind it', () => {
    it.each<[string, readonly Permission[], object]>([
      ['reset', ['readPassword'], body],
      ['choosePassword', ['reset', 'readPassword'], { ...body, password: canary }],
    ])('answers 403 to a caller without the permission %s', async (missing, permissions, asked) => {
      const answer = await call(aDoorWithRules(permissions), { body: asked });

      expectRefusal(answer, {
        status: 403,
        code: 'PermissionDenied',
        message: `The caller helpdesk lacks the permission ${missing}`,
      });
      expect(answer.text).not.toContain(canary);
    });

    it('answers 422 to a password that the directory would refuse', async () => {
      const permissions = ['reset', 'readPassword', 'choosePassword'] as const;

      const answer = await call(aDoorWithRules(permissions), { body: { ...body, password: 'x' } });

      expectRefusal(answer, { status: 422, code: 'PasswordNotAllowed', target: 'password' });
    });

    it('answers alike, byte for byte, for a customer out of scope and for an unknown one', async () => {
      const handler = aDoorWithRules(['reset', 'readPassword']);
      const ask = (customer: string) => call(handler, { body: { ...body, customer } });

      const [unknown, unknownDomain, outOfScope, domainOutOfScope] = await Promise.all([
        ask('11111111-2222-4333-8444-555555555555'),
        ask('nowhere.com'),
        ask(fabrikam),
        ask('fabrikam.com'),
      ]);

      expectRefusal(unknown, { status: 404, code: 'CustomerNotFound', target: 'customer' });
      expect(unknownDomain).toEqual(unknown);
      expect(outOfScope).toEqual(unknown);
      expect(domainOutOfScope).toEqual(unknown);
    });
  });
});

const fabrikam = '9d8e7f60-1a2b-4c3d-8e4f-5a6b7c8d9e0f' as CustomerTenantId;
const links = createPasswordResetLinks('https://resets.example');

interface DoorValues {
  readonly row?: ResetRow;
  readonly permissions?: readonly Permission[];
  readonly caller?: Caller | undefined;
  /** The same request came before, and what is to be seen of its password now. */
  readonly before?: ReadablePassword;
  readonly readPassword?: ReadPassword;
}

describe('the audit of the password in the answer', () => {
  const row = aResetRow({ state: 'applied', delivery: 'response' });
  const body = { customer: customerTenantId, user: userId, delivery: 'response' };

  it('says to whom it is shown', async () => {
    const { handler, audit } = aDoor({ row });

    await call(handler, { body });

    expect(audit.events).toMatchObject([
      { action: 'password.revealed', caller: 'helpdesk', resetId: row.resetId },
    ]);
  });

  it('comes first: while it cannot be told, the caller is to ask for the password later', async () => {
    const { handler, audit } = aDoor({ row });
    audit.failure = new ResetError('StorageUnavailable', 'is away');

    const answer = await call(handler, { body });

    expect(answer).toMatchObject({ status: 202, body: { status: 'Running' } });
    expect(answer.headers['location']).toBe(links.result(row.resetId));
    expect(answer.text).not.toContain(canary);
  });

  it('says nothing while the reset is under way', async () => {
    const { handler, audit } = aDoor();

    await call(handler, { body });

    expect(audit.events).toEqual([]);
  });
});

/** The door, and the orders that came through it. */
function aDoor(values: DoorValues = {}) {
  const { row = aResetRow({ state: 'claimed' }), permissions = ['reset', 'readPassword'] } = values;
  const { before, readPassword } = values;
  const known = aCaller({ permissions: new Set(permissions) });
  const caller = 'caller' in values ? values.caller : known;
  const orders: PasswordResetOrder[] = [];
  const audit = new FakeAudit();
  const handler = createResetPasswordHandler({
    door: aCallerDoor(() =>
      caller === undefined
        ? Promise.reject(new ResetError('Unauthorized', 'nobody'))
        : Promise.resolve(caller),
    ),
    takePasswordReset: createTakePasswordReset({
      acceptPasswordReset: (order) => {
        orders.push(order);
        return Promise.resolve(before ? { row } : { row, password: new Secret(canary) });
      },
    }),
    readPassword: readPassword ?? (() => Promise.resolve(before ?? { kind: 'none' })),
    audit: audit.audit,
    links,
    now: () => acceptedAtMs,
  });
  return { handler, orders, audit };
}

/** The door before the real use case, in front of which nothing may be done. */
function aDoorWithRules(permissions: readonly Permission[]) {
  const caller = aCaller({
    permissions: new Set(permissions),
    customers: new Set([customerTenantId]),
  });
  const unreachable = (): never => {
    throw new Error('must not be reached');
  };
  const dependencies: AcceptDependencies = {
    customers: new FakeCustomers({ 'contoso.com': customerTenantId, 'fabrikam.com': fabrikam }),
    authorize: createAuthorize(() => Promise.resolve(aCallerList([caller]))),
    brakes: { check: unreachable },
    claimIdempotencyKey: unreachable,
    reserveResets: unreachable,
    checkUser: unreachable,
    seals: { seal: unreachable },
    resets: { create: unreachable, read: unreachable, replace: unreachable },
    wakeUps: { send: unreachable },
    attempt: unreachable,
    audit: unreachable,
    note: unreachable,
    newPassword: () => new Secret(canary),
    limits: defaultLimits,
    now: () => acceptedAtMs,
    newResetId: unreachable,
    newAttemptId: unreachable,
  };
  return createResetPasswordHandler({
    door: aCallerDoor(() => Promise.resolve(caller)),
    takePasswordReset: createTakePasswordReset({
      acceptPasswordReset: createAcceptPasswordReset(dependencies),
    }),
    readPassword: unreachable,
    ...noAudit,
    links,
    now: () => acceptedAtMs,
  });
}

function signInName(length: number): string {
  const domain = '@contoso.example.com';
  const longest = 'a'.repeat(64);
  const filler = 'b'.repeat(length - longest.length - domain.length - 1);
  return `${longest}@${filler}.${domain.slice(1)}`;
}
