import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import { startTestStack, type TestStack } from './start-test-stack.js';

const json = { 'content-type': 'application/json' };
const customer = '11111111-2222-4333-8444-555555555555';
const user = '66666666-7777-4888-8999-aaaaaaaaaaaa';

/** A body that is right but for the change. */
function order(change: object): string {
  return JSON.stringify({ customer, user, delivery: 'none', ...change });
}

describe('POST /password-resets with bad input', () => {
  let stack: TestStack;

  beforeAll(async () => {
    stack = await startTestStack();
  });

  afterAll(async () => {
    await stack.stop();
  });

  const keyOf = (caller: string) =>
    stack.facts.callers.find(({ name }) => name === caller)?.apiKey ?? '';

  async function expectRefusal(
    request: RequestInit & { readonly caller?: string },
    expected: { readonly status: number; readonly code: string; readonly target?: string },
  ): Promise<void> {
    stack.partnerCenter.clearRequests();
    const { caller = 'helpdesk', headers, ...rest } = request;

    const response = await fetch(`${stack.facts.apiUrl}/password-resets`, {
      method: 'POST',
      headers: { 'x-api-key': keyOf(caller), ...(headers as Record<string, string>) },
      ...rest,
    });
    const { error } = (await response.json()) as { error: { code: string; target?: string } };

    expect({ status: response.status, code: error.code }).toEqual({
      status: expected.status,
      code: expected.code,
    });
    expect(error.target).toBe(expected.target);
    expect(response.headers.get('x-ms-error-code')).toBe(error.code);
    expect(response.headers.get('x-ms-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(stack.partnerCenter.requests).toEqual([]);
  }

  it.each<[string, string | Buffer]>([
    ['an empty body', ''],
    ['half of a JSON text', '{"customer":'],
    ['bytes that are not UTF-8', Buffer.from([0x22, 0xc3, 0x28, 0x22])],
    ['null', 'null'],
    ['an array', '[]'],
    ['text', '"reset"'],
    ['a number', '1'],
    ['arrays in arrays', '['.repeat(100_000) + ']'.repeat(100_000)],
  ])('refuses %s', async (_, body) => {
    await expectRefusal({ body, headers: json }, { status: 400, code: 'InvalidRequest' });
  });

  it.each<[string, string, string | undefined]>([
    ['an unknown field', order({ passwrod: 'x' }), 'passwrod'],
    ['a field named __proto__', '{"__proto__":{"a":1},' + order({}).slice(1), '__proto__'],
    ['no customer', order({ customer: undefined }), 'customer'],
    ['a customer that is a number', order({ customer: 1 }), 'customer'],
    ['a customer that is neither GUID nor domain', order({ customer: 'contoso' }), 'customer'],
    ['a customer that climbs the path', order({ customer: '..' }), 'customer'],
    ['a customer with NUL', order({ customer: 'contoso.com\0' }), 'customer'],
    ['no user', order({ user: undefined }), 'user'],
    ['a user that climbs the path', order({ user: '..' }), 'user'],
    ['a user that climbs the path in disguise', order({ user: '%2e%2e' }), 'user'],
    ['a user with a slash', order({ user: 'a/b' }), 'user'],
    ['a user with a query', order({ user: 'x?y#z' }), 'user'],
    ['a user with two @', order({ user: 'a@b@contoso.com' }), 'user'],
    ['a user of 10,000 characters', order({ user: 'a'.repeat(10_000) }), 'user'],
    [
      'a sign-in name of 114 characters',
      order({ user: `${'a'.repeat(64)}@${'b'.repeat(45)}.com` }),
      'user',
    ],
    ['no delivery', order({ delivery: undefined }), 'delivery'],
    ['an unknown delivery', order({ delivery: 'mail' }), 'delivery'],
    ['forceChangePassword as text', order({ forceChangePassword: 'yes' }), 'forceChangePassword'],
    ['a reference of 101 characters', order({ reference: 'x'.repeat(101) }), 'reference'],
  ])('refuses %s', async (_, body, target) => {
    await expectRefusal(
      { body, headers: json },
      { status: 400, code: 'InvalidRequest', ...(target !== undefined && { target }) },
    );
  });

  it.each([
    ['text', 'text/plain', undefined],
    ['no type at all', '', undefined],
    ['a compressed body', 'application/json', 'gzip'],
  ])('refuses %s', async (_, type, encoding) => {
    await expectRefusal(
      {
        body: encoding === undefined ? order({}) : gzipSync(order({})),
        headers: {
          'content-type': type,
          ...(encoding !== undefined && { 'content-encoding': encoding }),
        },
      },
      { status: 415, code: 'UnsupportedMediaType' },
    );
  });

  it('refuses a body of more than 1 MiB', async () => {
    const body = order({ reference: 'x'.repeat(1_048_576) });

    await expectRefusal({ body, headers: json }, { status: 413, code: 'RequestTooLarge' });
  });

  it.each([
    ['no key', ''],
    ['an unknown key', 'nobody-has-this-key'],
  ])('does not let in %s', async (_, apiKey) => {
    await expectRefusal(
      { body: order({}), headers: { ...json, 'x-api-key': apiKey } },
      { status: 401, code: 'Unauthorized' },
    );
  });

  it.each([
    ['to choose a password', { password: 'Correct-Horse-7-Battery' }],
    ['to read a password', { delivery: 'response' }],
  ])('does not let a caller without the permission %s', async (_, change) => {
    const own = { customer: stack.facts.samples.customerTenantId };

    await expectRefusal(
      { body: order({ ...own, ...change }), headers: json, caller: 'ticket-system' },
      { status: 403, code: 'PermissionDenied' },
    );
  });

  it.each([
    ['seven characters', 'Abc-123'],
    ['two classes', 'abcdefgh1234'],
    ['letters beyond ASCII', 'Pässwort-1234'],
  ])('refuses a chosen password of %s', async (_, password) => {
    await expectRefusal(
      { body: order({ password }), headers: json },
      { status: 422, code: 'PasswordNotAllowed', target: 'password' },
    );
  });
});
