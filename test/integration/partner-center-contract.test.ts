import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fetch from 'node-fetch';
import { createPartnerCenterUsers } from '../../shared/partner-center/customer-users.js';
import { createPartnerCenterCustomers } from '../../shared/partner-center/customers.js';
import { createSend } from '../../shared/partner-center/send.js';
import type {
  CustomerDomain,
  CustomerTenantId,
  UserId,
  UserPrincipalName,
} from '../../shared/password-reset/ids.js';
import { ResetError, type ResetErrorCode } from '../../shared/password-reset/reset-error.js';
import { Secret } from '../../shared/platform/secret.js';

const customerTenantId = '0b6e1a37-2f5c-4c0e-9a52-7d3f1e8c4a01' as CustomerTenantId;
const userId = '5d2f7c10-8f0a-4b6d-a9a3-1c2e3f4a5b06' as UserId;
const userPath = `/v1/customers/${customerTenantId}/users/${userId}`;
const requestId = '3f1d5a0c-7f0e-4c4a-9a52-0d8c3f1c7c52';
const password = 'Zq7-CANARY-f4Lk';
const now = () => Date.parse('2024-03-01T12:00:00Z');
const signal = new AbortController().signal;

interface RecordedRequest {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

type Respond = (response: http.ServerResponse, request: http.IncomingMessage) => void;

interface Answer {
  readonly status: number;
  readonly reason?: string;
  readonly headers?: http.OutgoingHttpHeaders;
  readonly body?: string | Buffer;
}

/** Answers in turn; the last one stands for all that follow. */
let answers: Respond[] = [];
let requests: RecordedRequest[] = [];
let connections = 0;
let baseUrl: string;

const server = http.createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const respond = answers[Math.min(requests.length, answers.length - 1)];
    const { method, url, headers } = request;
    requests.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
    respond?.(response, request);
  });
});
server.on('connection', () => {
  connections += 1;
});
let agent = new http.Agent();
const tlsAgent = new https.Agent();

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

beforeEach(() => {
  agent.destroy();
  agent = new http.Agent({ keepAlive: true });
  answers = [];
  requests = [];
  connections = 0;
});

afterAll(async () => {
  agent.destroy();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

function answering(...given: (Answer | Respond)[]) {
  answers = given.map((answer) => (typeof answer === 'function' ? answer : answered(answer)));
}

function answered({ status, reason, headers, body }: Answer): Respond {
  return (response) => {
    response.writeHead(status, reason ?? http.STATUS_CODES[status], {
      'content-type': 'application/json; charset=utf-8',
      ...headers,
    });
    response.end(body);
  };
}

function json(status: number, body: unknown, headers: http.OutgoingHttpHeaders = {}): Answer {
  return { status, headers, body: JSON.stringify(body) };
}

function aUser(values: Record<string, unknown> = {}) {
  return {
    id: userId,
    userPrincipalName: 'adele@contoso.com',
    state: 'active',
    passwordProfile: { password, forceChangePassword: true },
    attributes: { objectType: 'CustomerUser' },
    ...values,
  };
}

interface Options {
  readonly resetRoute?: 'resetpassword' | 'legacy';
  readonly timeoutMs?: number;
  readonly url?: string;
}

function partnerCenter({ resetRoute = 'resetpassword', timeoutMs = 10_000, url }: Options = {}) {
  let ids = 0;
  const renewals: string[] = [];
  const send = createSend({
    fetch: (target, init) =>
      fetch(target, {
        ...init,
        agent: ({ protocol }) => (protocol === 'https:' ? tlsAgent : agent),
      }),
    baseUrl: url ?? baseUrl,
    accessToken: {
      get: () => Promise.resolve(new Secret('Zq7-TOKEN-1')),
      renew: (rejected) => {
        renewals.push(rejected.reveal());
        return Promise.resolve(new Secret('Zq7-TOKEN-2'));
      },
    },
    timeoutMs,
    now,
    sleep: () => Promise.resolve(),
    random: () => 0,
    newRequestId: () => `request-${++ids}`,
    newCorrelationId: () => `correlation-${++ids}`,
  });
  const users = createPartnerCenterUsers({ send, resetRoute });
  const customers = createPartnerCenterCustomers({ send });
  const reset = () =>
    users.resetPassword(
      {
        customerTenantId,
        userId,
        passwordProfile: { password: new Secret(password), forceChangePassword: true },
        requestId,
      },
      signal,
    );
  const read = () => users.get({ customerTenantId, userId }, signal);
  return { users, customers, reset, read, renewals };
}

/** The failure of a call, after looking for secrets in all of it. */
async function failureOf(call: Promise<unknown>): Promise<ResetError> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ResetError);
  expect(everythingIn(error)).not.toMatch(/Zq7/);
  return error as ResetError;
}

function everythingIn(error: unknown): string {
  return inspect(error, { showHidden: true, depth: Infinity, maxStringLength: Infinity });
}

describe('Partner Center contract', () => {
  describe('requests', () => {
    it.each([
      ['resetpassword', `${userPath}/resetpassword`],
      ['legacy', userPath],
    ] as const)('reset a password on route %s exactly as documented', async (resetRoute, url) => {
      answering(json(200, aUser()));

      await partnerCenter({ resetRoute }).reset();

      expect(requests).toEqual([
        {
          method: 'PATCH',
          url,
          headers: {
            authorization: 'Bearer Zq7-TOKEN-1',
            accept: 'application/json',
            'content-type': 'application/json',
            'ms-requestid': requestId,
            'ms-correlationid': 'correlation-1',
            'ms-contract-version': 'v1',
            'ms-partnercenter-application': 'partner-password-reset',
            'x-locale': 'en-US',
            'accept-encoding': expect.any(String),
            'content-length': expect.any(String),
            'user-agent': expect.any(String),
            connection: 'keep-alive',
            host: new URL(baseUrl).host,
          },
          body: expect.any(String),
        },
      ]);
      expect(JSON.parse(requests[0]?.body ?? '')).toEqual({
        passwordProfile: { password, forceChangePassword: true },
        attributes: { objectType: 'CustomerUser' },
      });
    });

    it('read a user without a body', async () => {
      answering(json(200, aUser()));

      expect(await partnerCenter().read()).toMatchObject({ userId });

      expect(requests).toMatchObject([{ method: 'GET', url: userPath, body: '' }]);
      expect(requests[0]?.headers).not.toHaveProperty('content-type');
      expect(requests[0]?.headers).toMatchObject({
        accept: 'application/json',
        'ms-requestid': 'request-1',
        'ms-correlationid': 'correlation-2',
        'ms-contract-version': 'v1',
      });
    });

    it('share a connection, also after a refusal', async () => {
      answering(
        json(200, aUser()),
        json(404, { code: 60002 }),
        { status: 302 },
        json(200, aUser()),
      );
      const { reset } = partnerCenter();

      await reset();
      await failureOf(reset());
      await failureOf(reset());
      await reset();

      expect(connections).toBe(1);
    });
  });

  describe('successes', () => {
    it.each<[string, Answer]>([
      ['as documented', json(200, aUser())],
      ['behind a byte-order mark', { status: 200, body: `\uFEFF${JSON.stringify(aUser())}` }],
      [
        'behind two byte-order marks',
        { status: 200, body: `\uFEFF\uFEFF${JSON.stringify(aUser())}` },
      ],
      [
        'compressed',
        {
          status: 200,
          headers: { 'content-encoding': 'gzip' },
          body: gzipSync(JSON.stringify(aUser())),
        },
      ],
      ['with status 201', json(201, aUser())],
      ['with the flag the other way round', json(200, aUser({ passwordProfile: null }))],
      ['with the id alone', json(200, { id: userId.toUpperCase() })],
      ['declared as text', { ...json(200, aUser()), headers: { 'content-type': 'text/plain' } }],
    ])('are read %s', async (_, answer) => {
      answering(answer);

      await expect(partnerCenter().reset()).resolves.toBeUndefined();
    });
  });

  describe('refusals', () => {
    const description = `The password ${password} does not comply.`;

    it.each<[string, Answer, ResetErrorCode]>([
      [
        'a code as a number',
        json(400, { code: 2000, description, data: [], source: 'PartnerFD' }),
        'RequestRejected',
      ],
      [
        'a code as text',
        json(403, { code: '900308', description, data: [], source: 'PartnerFD' }),
        'PartnerPermissionDenied',
      ],
      ['no data', json(403, { code: 900309, description }), 'ConditionalAccessBlocked'],
      [
        'data of keys and values',
        json(403, { code: 20002, description, data: [`Password: ${password}`] }),
        'NoCustomerRelationship',
      ],
      [
        'a document as description',
        json(400, { code: 2007, description: JSON.stringify({ description }) }),
        'RequestRejected',
      ],
      [
        'a byte-order mark',
        { status: 404, body: `\uFEFF${JSON.stringify({ code: 60003, description })}` },
        'CustomerNotFound',
      ],
      ["a gateway's shape", json(404, { statusCode: 404, message: description }), 'UserNotFound'],
      ['a code of words', json(400, { code: password, description }), 'RequestRejected'],
      ['a code not listed', json(403, { code: 987654, description }), 'PartnerPermissionDenied'],
      ['HTML', { status: 403, body: `<html>${description}</html>` }, 'PartnerPermissionDenied'],
      ['plain text', { status: 400, body: description }, 'RequestRejected'],
      ['cut JSON', { status: 400, body: `{"password":"${password}` }, 'RequestRejected'],
      ['nothing', { status: 403, body: '' }, 'PartnerPermissionDenied'],
      ['a secret reason phrase', { status: 403, reason: password }, 'PartnerPermissionDenied'],
      [
        'a secret header',
        { status: 403, headers: { 'www-authenticate': password, 'retry-after': password } },
        'PartnerPermissionDenied',
      ],
      ['a customer under review', json(403, { code: 800073, description }), 'CustomerBlocked'],
      ['an inactive partner', json(403, { code: 800039, description }), 'PartnerAccountBlocked'],
      ['an app-only token', json(403, { code: 900329, description }), 'AppMisconfigured'],
      ['a refused audience', json(401, { code: 900420, description }), 'AppMisconfigured'],
      ['a missing second factor', json(401, { code: 900421, description }), 'MfaRequired'],
      ['an unsupported operation', json(400, { code: 900141, description }), 'AppMisconfigured'],
      ['a password that Entra knows', json(400, { code: 120002, description }), 'PasswordRejected'],
      ['405', { status: 405 }, 'RequestRejected'],
      ['412', { status: 412 }, 'RequestRejected'],
      ['415', { status: 415 }, 'RequestRejected'],
      ['417', json(417, { code: 800036, description }), 'RequestRejected'],
    ])('with %s are final', async (_, answer, code) => {
      answering(answer);

      const error = await failureOf(partnerCenter().reset());

      expect(error).toMatchObject({ code, retryAfterMs: undefined });
      expect(error.correlationId).toBe('correlation-1');
      expect(requests).toHaveLength(1);
    });

    it.each<[string, string | undefined, number | undefined]>([
      ['in seconds', '57', 57_000],
      ['as a date', 'Fri, 01 Mar 2024 12:01:00 GMT', 60_000],
      ['as a date in the past', 'Fri, 01 Mar 2024 11:00:00 GMT', 0],
      ['of no seconds', '0', 0],
      ['of a billion seconds', '1000000000', 1e12],
      ['of less than nothing', '-5', undefined],
      ['of words', 'abc', undefined],
      ['of nothing', '', undefined],
      ['not sent', undefined, undefined],
    ])('as throttled carry a wait %s', async (_, retryAfter, retryAfterMs) => {
      answering(
        json(
          429,
          { statusCode: 429, message: 'Rate limit is exceeded. Try again in 57 seconds.' },
          retryAfter === undefined ? {} : { 'retry-after': retryAfter },
        ),
      );

      const error = await failureOf(partnerCenter().reset());

      expect(error).toMatchObject({ code: 'Throttled', recovery: 'later', retryAfterMs });
      expect(requests).toHaveLength(1);
    });

    it.each([400, 403, 404, 429])(
      'with status %d stand although the body breaks off',
      async (status) => {
        answering((response) => {
          response.writeHead(status, { 'content-length': '100' });
          response.write('{"code":');
          response.socket?.end();
        });

        const { recovery } = await failureOf(partnerCenter().reset());

        expect(recovery).toBe(status === 429 ? 'later' : 'never');
      },
    );
  });

  describe('unknown outcomes', () => {
    it.each<[string, Answer | Respond]>([
      ['204', { status: 204 }],
      ['200 with nothing', { status: 200, body: '' }],
      ['200 with a byte-order mark alone', { status: 200, body: '\uFEFF' }],
      ['200 with HTML', { status: 200, body: `<html>${password}</html>` }],
      ['200 with null', json(200, null)],
      ['200 with an array', json(200, [aUser()])],
      ['200 without an id', json(200, { passwordProfile: { password } })],
      ['200 with another id', json(200, aUser({ id: customerTenantId }))],
      ['200 with cut JSON', { status: 200, body: `{"id":"${userId}","password":"${password}` }],
      ['200 with an error', json(200, { code: 400072, description: password })],
      ['301', { status: 301, headers: { location: '/elsewhere' } }],
      ['302', { status: 302, headers: { location: 'https://example.com/' } }],
      ['307', { status: 307, headers: { location: '/elsewhere' } }],
      ['308', { status: 308, headers: { location: '/elsewhere' } }],
      ['304', { status: 304 }],
      ['406', { status: 406 }],
      ['408', { status: 408 }],
      ['409', json(409, { code: 800014, description: password })],
      ['499', { status: 499, reason: 'Client Closed Request' }],
      ['500', json(500, { code: 800003, description: password })],
      ['501', json(501, { code: 0, description: password })],
      ['502 with HTML', { status: 502, body: `<html>${password}</html>` }],
      ['503', json(503, { code: 900192, description: password })],
      ['504', { status: 504 }],
      [
        'a connection cut before the answer',
        (_, request) => {
          request.socket.destroy();
        },
      ],
      [
        'a connection closed before the answer',
        (_, request) => {
          request.socket.end();
        },
      ],
      [
        'an answer cut in its body',
        (response) => {
          response.writeHead(200, { 'content-length': '1000' });
          response.write(`{"id":"${userId}"}`, () => response.destroy());
        },
      ],
      [
        'a chunked answer cut in its body',
        (response) => {
          response.writeHead(200);
          response.write(`{"id":"${userId}"}`, () => response.destroy());
        },
      ],
      [
        'an answer that is not HTTP',
        (_, request) => {
          request.socket.end(`${password}\r\n\r\n`);
        },
      ],
      [
        'compression that is none',
        { status: 200, headers: { 'content-encoding': 'gzip' }, body: JSON.stringify(aUser()) },
      ],
      [
        'an endless body',
        { status: 200, body: ' '.repeat(10 * 1024 * 1024) + JSON.stringify(aUser()) },
      ],
      [
        'a small body that unpacks to an endless one',
        {
          status: 200,
          headers: { 'content-encoding': 'gzip' },
          body: gzipSync(' '.repeat(10 * 1024 * 1024) + JSON.stringify(aUser())),
        },
      ],
    ])('come from %s, without another request', async (_, answer) => {
      answering(answer);

      const error = await failureOf(partnerCenter().reset());

      expect(error).toMatchObject({ code: 'OutcomeUnknown', recovery: 'unknown' });
      expect(error.correlationId).toBe('correlation-1');
      expect(requests).toHaveLength(1);
    });

    it.each<[string, Respond]>([
      ['no answer at all', () => undefined],
      ['headers, then silence', (response) => response.writeHead(200).flushHeaders()],
      [
        'half a body, then silence',
        (response) => {
          response.write('{"id":');
        },
      ],
    ])('come from %s', async (_, answer) => {
      answering(answer);

      const error = await failureOf(partnerCenter({ timeoutMs: 50 }).reset());

      expect(error).toMatchObject({ code: 'OutcomeUnknown', recovery: 'unknown' });
    });

    it('come from a connection cut while the request is sent', async () => {
      server.once('connection', (socket) => socket.destroy());

      const error = await failureOf(partnerCenter().reset());

      expect(error.code).toBe('OutcomeUnknown');
      expect(requests).toEqual([]);
    });

    it('carry the wait that was asked for', async () => {
      answering({ status: 503, headers: { 'retry-after': '30' } });

      const error = await failureOf(partnerCenter().reset());

      expect(error).toMatchObject({ code: 'OutcomeUnknown', retryAfterMs: 30_000 });
    });
  });

  describe('requests that never leave', () => {
    it('say so when nobody listens', async () => {
      const closed = http.createServer().listen(0, '127.0.0.1');
      await once(closed, 'listening');
      const url = `http://127.0.0.1:${(closed.address() as AddressInfo).port}`;
      closed.close();
      await once(closed, 'close');

      const error = await failureOf(partnerCenter({ url }).reset());

      expect(error).toMatchObject({
        code: 'PartnerCenterUnavailable',
        message: 'Cannot reset the password: the request could not be sent (ECONNREFUSED)',
      });
    });

    it('say so when the other side speaks no TLS', async () => {
      const url = baseUrl.replace('http:', 'https:');

      const error = await failureOf(partnerCenter({ url }).reset());

      expect(error.code).toBe('PartnerCenterUnavailable');
      expect(requests).toEqual([]);
    });
  });

  describe('a rejected access token', () => {
    it('is renewed, and the reset sent again under a new id', async () => {
      answering(json(401, { code: 400, description: password }), json(200, aUser()));
      const { reset, renewals } = partnerCenter();

      await reset();

      expect(renewals).toEqual(['Zq7-TOKEN-1']);
      expect(requests).toMatchObject([
        { headers: { authorization: 'Bearer Zq7-TOKEN-1', 'ms-requestid': requestId } },
        { headers: { authorization: 'Bearer Zq7-TOKEN-2' } },
      ]);
      const [first, second] = requests;
      expect(second?.body).toBe(first?.body);
      expect(second?.headers['ms-requestid']).toMatch(/^[0-9a-f-]{36}$/);
      expect(second?.headers['ms-requestid']).not.toBe(requestId);
      expect(second?.headers['ms-correlationid']).not.toBe(first?.headers['ms-correlationid']);
    });

    it.each<[string, Answer]>([
      ['401/400', json(401, { code: 400 })],
      ['401/800001', json(401, { code: '800001' })],
      ['an empty 401', { status: 401 }],
      [
        'a 401 for an expired token',
        { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } },
      ],
    ])('is renewed once only, after %s for ever', async (_, answer) => {
      answering(answer);
      const { reset, renewals } = partnerCenter();

      const error = await failureOf(reset());

      expect(error).toMatchObject({ code: 'AccessTokenRejected', recovery: 'later' });
      expect(requests).toHaveLength(2);
      expect(renewals).toHaveLength(1);
    });

    it('leaves the outcome of the second request unknown when its answer is lost', async () => {
      answering({ status: 401 }, (_, request) => {
        request.socket.destroy();
      });

      expect((await failureOf(partnerCenter().reset())).code).toBe('OutcomeUnknown');
    });

    it.each<[string, Answer, ResetErrorCode]>([
      [
        'a reason phrase that asks for MFA',
        {
          status: 401,
          reason: 'Unauthorized - MFA required',
          headers: {
            'www-authenticate': 'Bearer error="invalid_token"',
            'request-context': 'appId=cid-v1:1',
          },
        },
        'MfaRequired',
      ],
      ['the code for MFA', json(401, { code: '900421' }), 'MfaRequired'],
      ['the code for the audience', json(401, { code: 900420 }), 'AppMisconfigured'],
      [
        'a claims challenge',
        {
          status: 401,
          headers: {
            'www-authenticate': 'Bearer realm="", error="insufficient_claims", claims="e30="',
          },
        },
        'ReconsentRequired',
      ],
    ])('is not renewed after %s', async (_, answer, code) => {
      answering(answer);
      const { reset, renewals } = partnerCenter();

      expect(await failureOf(reset())).toMatchObject({ code });
      expect(requests).toHaveLength(1);
      expect(renewals).toEqual([]);
    });
  });

  describe('reads', () => {
    it.each<[string, Answer | Respond]>([
      ['408', { status: 408 }],
      ['500', json(500, { code: 800003 })],
      ['502', { status: 502, body: '<html>' }],
      ['503', { status: 503 }],
      ['504', { status: 504 }],
      ['204', { status: 204 }],
      ['HTML', { status: 200, body: '<html>' }],
      ['a cut connection', (_, request) => request.socket.destroy()],
    ])('are repeated after %s', async (_, answer) => {
      answering(answer, json(200, aUser()));

      expect(await partnerCenter().read()).toMatchObject({ userId });
      expect(requests).toHaveLength(2);
    });

    it.each<[string, Answer, ResetErrorCode]>([
      ['400', json(400, { code: 900118 }), 'RequestRejected'],
      ['403', json(403, { code: 900308 }), 'PartnerPermissionDenied'],
      ['404 for a user', json(404, { code: 60002 }), 'UserNotFound'],
      ['404 for a customer', json(404, { code: 3000 }), 'CustomerNotFound'],
      ['409', { status: 409 }, 'RequestRejected'],
      ['429', { status: 429 }, 'Throttled'],
      ['501', { status: 501 }, 'RequestRejected'],
    ])('are not repeated after %s', async (_, answer, code) => {
      answering(answer);

      expect((await failureOf(partnerCenter().read())).code).toBe(code);
      expect(requests).toHaveLength(1);
    });

    it('hand on how long a 429 wants them to wait', async () => {
      answering({ status: 429, headers: { 'retry-after': '5' } });

      const error = await failureOf(partnerCenter().read());

      expect(error).toMatchObject({ code: 'Throttled', retryAfterMs: 5_000 });
      expect(requests).toHaveLength(1);
    });
  });

  describe('pages', () => {
    const nextUri = `/customers/${customerTenantId}/users?size=500&seekOperation=Next`;
    const find = () =>
      partnerCenter().users.findBySignInName(
        { customerTenantId, userPrincipalName: 'ADELE@contoso.com' as UserPrincipalName },
        signal,
      );

    function aPage(uri: string) {
      const headers = [{ key: 'MS-ContinuationToken', value: 'token/1==' }];
      return json(200, {
        totalCount: 0,
        items: [],
        links: { next: { uri, method: 'GET', headers } },
      });
    }

    it.each([
      ['without a version', () => nextUri],
      ['with a version', () => `/v1${nextUri}`],
      ['with the version twice', () => `/v1/v1${nextUri}`],
      ['with the host', () => `${baseUrl}/v1${nextUri}`],
    ])('are followed by a link %s', async (_, uri) => {
      answering(aPage(uri()), json(200, { totalCount: 1, items: [aUser()] }));

      expect(await find()).toMatchObject({ userId });
      expect(requests).toMatchObject([
        { method: 'GET', url: `/v1/customers/${customerTenantId}/users?size=500` },
        {
          method: 'GET',
          url: `/v1${nextUri}`,
          headers: { 'ms-continuationtoken': 'token/1==', 'ms-contract-version': 'v1' },
        },
      ]);
    });

    it('are followed by a token alone', async () => {
      answering(
        json(200, { items: [], continuationToken: 'token/1==' }),
        json(200, { items: [aUser()] }),
      );

      expect(await find()).toMatchObject({ userId });
      expect(requests[1]).toMatchObject({
        url: `/v1${nextUri}`,
        headers: { 'ms-continuationtoken': 'token/1==' },
      });
    });

    it('of another host are refused, and the token stays here', async () => {
      const elsewhere = baseUrl.replace('127.0.0.1', 'localhost');
      answering(aPage(`${elsewhere}/v1${nextUri}`));

      expect((await failureOf(find())).code).toBe('PartnerCenterUnavailable');
      expect(requests).toHaveLength(1);
    });

    it('that lead back to themselves are refused', async () => {
      answering(aPage(nextUri));

      expect((await failureOf(find())).code).toBe('PartnerCenterUnavailable');
      expect(requests).toHaveLength(2);
    });

    it('that are missing do not make the customer unknown', async () => {
      answering(aPage(nextUri), { status: 404 });

      expect((await failureOf(find())).code).toBe('PartnerCenterUnavailable');
    });

    it('may hold more than one user may', async () => {
      const items = Array.from({ length: 500 }, () => aUser({ displayName: 'x'.repeat(2000) }));
      answering(json(200, { items }));

      expect(await find()).toMatchObject({ userId });
    });
  });

  describe('customers', () => {
    it('are found by a domain that is equal, not by one that starts alike', async () => {
      const australia = { tenantId: userId, domain: 'contoso.com.au', companyName: 'Contoso AU' };
      const contoso = { tenantId: customerTenantId, domain: 'Contoso.com', companyName: 'Contoso' };
      answering(json(200, { items: [{ companyProfile: australia }, { companyProfile: contoso }] }));
      const { customers } = partnerCenter();

      expect(await customers.findByDomain('contoso.com' as CustomerDomain, signal)).toBe(
        customerTenantId,
      );
      expect(requests[0]?.url).toBe(
        '/v1/customers?size=500&filter=%7B%22Field%22%3A%22Domain%22%2C%22Value%22%3A%22contoso.com%22%2C%22Operator%22%3A%22starts_with%22%7D',
      );
    });
  });
});
