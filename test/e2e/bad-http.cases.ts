import { describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { gzipSync } from 'node:zlib';
import { aPlainPerson } from './people.js';
import type { TestStack } from './start-test-stack.js';

const json = { 'content-type': 'application/json' };
const customer = '11111111-2222-4333-8444-555555555555';
const mebibyte = 1_048_576;
const user = '66666666-7777-4888-8999-aaaaaaaaaaaa';
const plainKey = 'Idempotency-Key';
const otherKey = 'Repeatability-Request-ID';

/** A body that is right but for the change. */
function order(change: object): string {
  return JSON.stringify({ customer, user, delivery: 'none', ...change });
}

// eslint-disable-next-line jest/no-export -- all of bad input goes to one stack
export function describeBadHttp(theStack: () => TestStack): void {
  describe('POST /password-resets', () => {
    const keyOf = (caller: string) =>
      theStack().facts.callers.find(({ name }) => name === caller)?.apiKey ?? '';

    async function expectRefusal(
      request: RequestInit & { readonly caller?: string },
      expected: { readonly status: number; readonly code: string; readonly target?: string },
    ): Promise<void> {
      const stack = theStack();
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
      ['objects in objects', '{"user":'.repeat(100_000) + '1' + '}'.repeat(100_000)],
      ['a field that is there twice', `{"customer":"fabrikam.com",${order({}).slice(1)}`],
      ['a field that is there twice, once in disguise', `{"us\\u0065r":"x",${order({}).slice(1)}`],
    ])('refuses %s', async (_, body) => {
      await expectRefusal({ body, headers: json }, { status: 400, code: 'InvalidRequest' });
    });

    it.each<[string, string, string | undefined]>([
      ['an unknown field', order({ passwrod: 'x' }), 'passwrod'],
      ['a field named __proto__', '{"__proto__":{"a":1},' + order({}).slice(1), '__proto__'],
      ['a field named constructor', order({ constructor: { prototype: { a: 1 } } }), 'constructor'],
      ['an unknown field after a BOM', `\ufeff${order({ passwrod: 'x' })}`, 'passwrod'],
      ['an unknown field in exactly 1 MiB', order({ x: '' }).padEnd(mebibyte), 'x'],
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
      ['a user with NUL', order({ user: `${user}\0` }), 'user'],
      ['a user with a lone surrogate', order({ user: '\ud800@contoso.com' }), 'user'],
      ['a user with two @', order({ user: 'a@b@contoso.com' }), 'user'],
      ['a user of 10,000 characters', order({ user: 'a'.repeat(10_000) }), 'user'],
      [
        'a sign-in name of 114 characters',
        order({ user: `${'a'.repeat(64)}@${'b'.repeat(45)}.com` }),
        'user',
      ],
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

    it('refuses a body of 1 MiB and one byte', async () => {
      const body = order({ x: '' }).padEnd(mebibyte + 1);

      await expectRefusal({ body, headers: json }, { status: 413, code: 'RequestTooLarge' });
    });

    it('refuses a small body that unpacks to a huge one, and unpacks none of it', async () => {
      await expectRefusal(
        {
          body: gzipSync(' '.repeat(64 * mebibyte)),
          headers: { ...json, 'content-encoding': 'gzip' },
        },
        { status: 415, code: 'UnsupportedMediaType' },
      );
    });

    it.each<[string, Record<string, string>, string]>([
      ['of 256 characters', { [plainKey]: 'x'.repeat(256) }, plainKey],
      ['of 4,000 characters', { [otherKey]: 'x'.repeat(4_000) }, otherKey],
      ['with a tab', { [plainKey]: 'a\tb' }, plainKey],
      ['that is not ASCII', { [plainKey]: 'schl\u00fcssel' }, plainKey],
      ['that another header contradicts', { [plainKey]: 'a', [otherKey]: 'b' }, otherKey],
    ])('refuses an idempotency key %s', async (_, headers, target) => {
      await expectRefusal(
        { body: order({}), headers: { ...json, ...headers } },
        { status: 400, code: 'InvalidRequest', target },
      );
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
      const own = { customer: theStack().facts.samples.customerTenantId };

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

    describe('under one idempotency key', () => {
      const post = (order: object) =>
        fetch(`${theStack().facts.apiUrl}/password-resets`, {
          method: 'POST',
          headers: { 'x-api-key': keyOf('helpdesk'), ...json, [plainKey]: 'the-same' },
          body: JSON.stringify(order),
        });
      const orderFor = (index: number) => {
        const { customer, user } = aPlainPerson(theStack(), index);
        return { customer: customer.tenantId, user: user.id, delivery: 'none' };
      };

      it('resets once, however often it is asked for at a time', async () => {
        theStack().partnerCenter.clearRequests();

        const answers = await Promise.all(
          Array.from({ length: 50 }, async () => {
            const response = await post(orderFor(0));
            const { id } = (await response.json()) as { id: string };
            return { status: response.status, id };
          }),
        );

        expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
        expect(answers.filter(({ status }) => status !== 200 && status !== 202)).toEqual([]);
        expect(resetsIn(theStack())).toHaveLength(1);
      });

      it('refuses another order', async () => {
        theStack().partnerCenter.clearRequests();

        const response = await post(orderFor(1));

        expect(response.status).toBe(409);
        expect(await response.json()).toMatchObject({ error: { code: 'IdempotencyConflict' } });
        expect(theStack().partnerCenter.requests).toEqual([]);
      });
    });

    describe('a body that never ends', () => {
      const open = (headers: Record<string, string>) => {
        const request = httpRequest(`${theStack().facts.apiUrl}/password-resets`, {
          method: 'POST',
          headers: { 'x-api-key': keyOf('helpdesk'), ...json, ...headers },
        });
        request.on('error', () => undefined);
        request.write('{"user":"');
        return request;
      };

      it('is refused when it comes in chunks of which nobody knows the number', async () => {
        const request = open({ 'transfer-encoding': 'chunked' });

        const [response] = (await once(request, 'response')) as [{ statusCode?: number }];
        request.destroy();

        expect(response.statusCode).toBe(400);
      });

      it('keeps nobody else waiting', async () => {
        const hanging = Array.from({ length: 50 }, () => open({ 'content-length': '1000000' }));
        await Promise.all(hanging.map((request) => once(request, 'socket')));

        await expectRefusal({ body: '', headers: json }, { status: 400, code: 'InvalidRequest' });

        for (const request of hanging) request.destroy();
      });
    });
  });
}

function resetsIn({ partnerCenter }: TestStack) {
  return partnerCenter.requests.filter(({ operation }) => operation === 'resetPassword');
}
