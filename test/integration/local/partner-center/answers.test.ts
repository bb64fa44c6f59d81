import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { RawRequest } from '../../../../infra/local/partner-center/parse-call.js';
import {
  goodPassword,
  startHarness,
  startTokenIssuer,
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

describe('every answer', () => {
  const requestId = 'b1317092-f087-471e-a637-f66523b2b94c';
  const correlationId = '8a53b025-d5be-4d98-ab20-229d1813de76';

  it('repeats the ids of the request among the documented headers', async () => {
    const sent = { 'MS-RequestId': requestId, 'MS-CorrelationId': correlationId };

    const { status, headers, text } = await harness.send(harness.userPath(), { headers: sent });

    expect(status).toBe(200);
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'content-length': String(Buffer.byteLength(text)),
      'ms-requestid': requestId,
      'ms-correlationid': correlationId,
      'ms-cv': expect.stringMatching(/^[A-Za-z0-9+/]{16}\.0$/),
      'ms-serverid': expect.stringMatching(/^\d{9}$/),
    });
  });

  it('invents ids when the request has none, for a refusal too', async () => {
    const { status, headers } = await harness.send(`/v1/customers/${unknownId}`);

    expect(status).toBe(404);
    expect(headers.get('ms-requestid')).toMatch(/^[0-9a-f-]{36}$/);
    expect(headers.get('ms-correlationid')).not.toBe(headers.get('ms-requestid'));
  });
});

describe('routes', () => {
  it.each(['/', '/v1', '/v1/nothing', '/v2/customers', '/v1/v1/customers', '/v1/constructor'])(
    'answers 404 with code 1000 at %s',
    async (path) => {
      expect(await harness.send(path)).toMatchObject({ status: 404, json: { code: 1000 } });
    },
  );

  it.each([
    ['POST', '', 'GET, PATCH, DELETE'],
    ['GET', '/resetpassword', 'PATCH'],
    ['PUT', '/resetpassword', 'PATCH'],
  ])('answers 405 to %s of a user%s', async (method, suffix, allowed) => {
    const { status, headers, text } = await harness.send(harness.userPath() + suffix, { method });

    expect([status, headers.get('allow'), text]).toEqual([405, allowed, '']);
  });
});

describe('requests', () => {
  it('are recorded in order, without token and values', async () => {
    const { standIn, customer, user } = harness;
    await harness.send(`/v1/customers/${customer.tenantId}?x=1`);

    await harness.reset({
      headers: { 'MS-RequestId': 'request-1', 'MS-CorrelationId': 'call-1' },
    });

    expect(standIn.requests).toMatchObject([
      { operation: 'getCustomer', path: `/v1/customers/${customer.tenantId}?x=1`, status: 200 },
      {
        atMs: expect.any(Number),
        operation: 'resetPassword',
        method: 'PATCH',
        path: `${harness.userPath()}/resetpassword`,
        customerTenantId: customer.tenantId,
        userId: user.id,
        requestId: 'request-1',
        correlationId: 'call-1',
        status: 200,
        applied: true,
        bodyKeys: ['passwordProfile', 'attributes'],
      },
    ]);
    expect(standIn.requests[1]?.headers).toMatchObject({ accept: 'application/json' });
    expect(standIn.requests[1]?.headers).not.toHaveProperty('authorization');
    expect(JSON.stringify(standIn.requests)).not.toContain(goodPassword);
  });

  it('say of a refused reset that it was not applied, and of a read nothing', async () => {
    await harness.reset({ password: 'short' });
    await harness.send(harness.userPath());

    expect(harness.standIn.requests.map(({ applied }) => applied)).toEqual([false, undefined]);
  });

  it('are shown raw to whoever asked for them', async () => {
    const seen: RawRequest[] = [];
    const watched = await startHarness(tokens, { onRequest: (raw) => seen.push(raw) });

    await watched.reset({ body: '{"passwordProfile":{"password":"Renew456*"}}' });

    expect(seen).toMatchObject([
      {
        method: 'PATCH',
        url: `${watched.userPath()}/resetpassword`,
        headers: { authorization: expect.stringMatching(/^Bearer /) },
        body: '{"passwordProfile":{"password":"Renew456*"}}',
      },
    ]);
    expect(seen[0]?.rawHeaders).toContain(seen[0]?.headers.authorization);
    await watched.standIn.close();
  });

  it('are forgotten on demand', async () => {
    const { standIn } = harness;
    await harness.send(harness.userPath());

    standIn.clearRequests();

    expect(standIn.requests).toEqual([]);
  });
});
