import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  startFunctionsHost,
  type RunningFunctionsHost,
} from '../../../infra/local/functions-host/spawn.js';
import { buildFunctionsHost, removeSampleApps, writeSampleApp } from './sample-app.js';

const source = `
  import { app } from '@azure/functions';

  const echo = async (request, context) => ({
    status: 201,
    headers: { 'x-seen': request.headers.get('x-repeated') ?? 'none' },
    jsonBody: {
      method: request.method,
      url: request.url,
      params: request.params,
      query: Object.fromEntries(request.query),
      body: await request.text(),
      traceParent: context.traceContext?.traceParent,
      setting: process.env.GREETING,
      inherited: process.env.JEST_WORKER_ID,
    },
  });

  app.http('orders', { route: 'orders/{id:guid?}', methods: ['GET', 'POST'], handler: echo });
  app.http('latest-order', {
    route: 'orders/latest',
    methods: ['GET'],
    handler: () => ({ body: 'the latest' }),
  });
  app.http('files', { route: 'files/{kind}-{year}/{*path}', methods: ['GET'], handler: echo });
  app.http('sum', {
    methods: ['POST'],
    handler: async (request) => {
      const { terms } = await request.json();
      return { jsonBody: { sum: terms.reduce((a, b) => a + b) } };
    },
  });
  app.http('fails', {
    methods: ['GET'],
    handler: () => { throw new Error('the handler is broken'); },
  });
  app.http('nothing', { methods: ['GET'], handler: () => undefined });
  app.http('empty', { methods: ['GET'], handler: () => ({ status: 204 }) });
  app.http('cookie', {
    methods: ['GET'],
    handler: () => ({
      cookies: [
        { name: 'a', value: '1 2', path: '/', httpOnly: true, sameSite: 'Lax', maxAge: 60 },
        { name: 'b', value: '2', secure: true, expires: new Date('2027-01-01T00:00:00Z') },
      ],
    }),
  });
  app.http('keyed', { methods: ['GET'], authLevel: 'function', handler: () => ({ body: 'in' }) });
  app.http('hooked', { methods: ['GET'], handler: (request) => ({ body: request.changed }) });

  app.hook.preInvocation((hook) => {
    if (hook.invocationContext.functionName !== 'hooked') return;
    hook.inputs = [{ changed: 'input' }];
    hook.hookData.suffix = ' and result';
  });
  app.hook.postInvocation((hook) => {
    if (hook.invocationContext.functionName === 'hooked') hook.result.body += hook.hookData.suffix;
    if (hook.invocationContext.functionName === 'fails' && process.env.FORGIVE) {
      hook.error = null;
      hook.result = { body: 'forgiven' };
    }
  });
`;

let script: string;
let app: string;
let host: RunningFunctionsHost;

beforeAll(async () => {
  script = await buildFunctionsHost();
  app = await writeSampleApp({ 'main.mjs': source });
  host = await startFunctionsHost({
    app,
    script,
    env: {
      GREETING: 'hello',
      FUNCTIONS_HOST_KEY: 'local-key',
      FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '1000',
    },
  });
});

afterAll(async () => {
  await host.stop();
  await removeSampleApps();
});

async function read(path: string, init?: RequestInit): Promise<Record<string, unknown>> {
  const response = await fetch(`${host.url}${path}`, init);
  return (await response.json()) as Record<string, unknown>;
}

/** Node's own client, because fetch neither repeats headers nor sends chunks of a known text. */
async function send(
  path: string,
  headers: Record<string, string | string[]>,
  body?: string,
): Promise<{ status: number | undefined; seen: unknown; text: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(`${host.url}${path}`, { method: 'POST', headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode,
          seen: response.headers['x-seen'],
          text: Buffer.concat(chunks).toString(),
        }),
      );
    });
    outgoing.on('error', reject);
    if (body !== undefined) outgoing.write(body);
    outgoing.end();
  });
}

describe('the Functions host, for HTTP triggers', () => {
  it('hands over method, URL, route values, query and trace context', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

    const seen = await read('/api/orders/a%20b%2Fc?x=1&x=2&y=%C3%A4', { headers: { traceparent } });

    expect(seen).toMatchObject({
      method: 'GET',
      url: `${host.url}/api/orders/a%20b%2Fc?x=1&x=2&y=%C3%A4`,
      params: { id: 'a b%2Fc' },
      query: { x: '1,2', y: 'ä' },
      traceParent: traceparent,
      body: '',
    });
  });

  it('gives the app its own settings and nothing of the process that started it', async () => {
    const seen = await read('/api/orders');

    expect(seen).toMatchObject({ setting: 'hello' });
    expect(seen).not.toHaveProperty('inherited');
  });

  it.each([
    ['/api/orders', {}],
    ['/api/orders/', {}],
    ['/API/Orders/7', { id: '7' }],
    ['/api/files/log-2026/a/b.txt', { kind: 'log', year: '2026', path: 'a/b.txt' }],
    ['/api/files/log-2026', { kind: 'log', year: '2026' }],
  ])('matches %s', async (path, params) => {
    const seen = await read(path);

    expect(seen['params']).toStrictEqual(params);
  });

  it('prefers a literal route to one with a parameter', async () => {
    const response = await fetch(`${host.url}/api/orders/latest`);

    expect(await response.text()).toBe('the latest');
  });

  it.each([
    ['GET', '/api/unknown'],
    ['GET', '/orders'],
    ['GET', '/api/orders/1/2'],
    ['GET', '/api/sum'],
    ['HEAD', '/api/orders'],
    ['DELETE', '/api/orders/1'],
  ])('answers 404 to %s %s, wrong methods included', async (method, path) => {
    const response = await fetch(`${host.url}${path}`, { method });

    expect(response.status).toBe(404);
    expect(await response.text()).toBe('');
  });

  it('reads a JSON body and answers in JSON', async () => {
    const response = await fetch(`${host.url}/api/sum`, {
      method: 'POST',
      body: '{"terms":[1,2]}',
    });

    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toStrictEqual({ sum: 3 });
  });

  it('joins a repeated header with commas', async () => {
    const { status, seen } = await send('/api/orders', { 'X-Repeated': ['one', 'two'] });

    expect([status, seen]).toStrictEqual([201, 'one,two']);
  });

  it('reads a body of announced length and none that comes in chunks', async () => {
    const announced = await send('/api/orders', { 'content-length': '4' }, 'text');
    const chunked = await send('/api/orders', { 'transfer-encoding': 'chunked' }, 'text');

    expect(JSON.parse(announced.text)).toMatchObject({ body: 'text' });
    expect(JSON.parse(chunked.text)).toMatchObject({ body: '' });
  });

  it.each([
    [1000, 201],
    [1001, 413],
  ])('answers a body of %i bytes with %i', async (length, status) => {
    const response = await fetch(`${host.url}/api/orders`, {
      method: 'POST',
      body: 'x'.repeat(length),
    });

    expect(response.status).toBe(status);
  });

  it('answers 500 without a body and logs the stack when the handler throws', async () => {
    const response = await fetch(`${host.url}/api/fails`);

    expect(response.status).toBe(500);
    expect(await response.text()).toBe('');
    expect(host.lines.join('\n')).toMatch(
      /^\S+Z error \[fails\] invocation \S+ failed: Error: the handler is broken\n {8}at /m,
    );
  });

  it.each([
    ['/api/nothing', 200],
    ['/api/empty', 204],
  ])('answers %s with %i and no body', async (path, status) => {
    const response = await fetch(`${host.url}${path}`);

    expect(response.status).toBe(status);
    expect(await response.text()).toBe('');
  });

  it('sends cookies', async () => {
    const response = await fetch(`${host.url}/api/cookie`);

    expect(response.headers.getSetCookie()).toStrictEqual([
      'a=1%202; Max-Age=60; Path=/; SameSite=Lax; HttpOnly',
      'b=2; Expires=Fri, 01 Jan 2027 00:00:00 GMT; Secure',
    ]);
  });

  it.each([
    ['no key', '', {}, 401],
    ['a wrong key', '', { 'x-functions-key': 'other' }, 401],
    ['the key in the header', '', { 'x-functions-key': 'local-key' }, 200],
    ['the key in the query', '?code=local-key', {}, 200],
  ])('answers a keyed function called with %s', async (_, query, headers, status) => {
    const response = await fetch(`${host.url}/api/keyed${query}`, { headers });

    expect(response.status).toBe(status);
  });

  it('lets hooks replace input and result and share data', async () => {
    const response = await fetch(`${host.url}/api/hooked`);

    expect(await response.text()).toBe('input and result');
  });

  it('answers with what a hook puts in place of an error', async () => {
    const forgiving = await startFunctionsHost({ app, script, env: { FORGIVE: 'yes' } });

    const response = await fetch(`${forgiving.url}/api/fails`);

    expect(await response.text()).toBe('forgiven');
    await forgiving.stop();
  });

  it('answers 400 to a route value that cannot be decoded, and goes on', async () => {
    const response = await fetch(`${host.url}/api/orders/%E0%A4%A`);

    expect(response.status).toBe(400);
    expect((await fetch(`${host.url}/api/orders`)).status).toBe(201);
  });
});
