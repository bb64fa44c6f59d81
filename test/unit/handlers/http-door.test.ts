import { describe, expect, it } from '@jest/globals';
import { createHttpDoor } from '../../../shared/handlers/http-door.js';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import { call, expectRefusal, invocationId } from './invocation.js';

const door = createHttpDoor({ budgetMs: 25_000 });
const handler = door(() => Promise.resolve({ status: 200, jsonBody: {} }));

describe('createHttpDoor()', () => {
  it('answers what was answered, and lets nobody keep it', async () => {
    const handler = door(() =>
      Promise.resolve({ status: 202, headers: { 'Retry-After': '5' }, jsonBody: { id: 1 } }),
    );

    expect(await call(handler)).toMatchObject({
      status: 202,
      body: { id: 1 },
      headers: {
        'retry-after': '5',
        'x-ms-request-id': invocationId,
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
      },
    });
  });

  it('answers an error that was foreseen, and logs its code but not its words', async () => {
    const error = new ResetError('CustomerNotFound', 'there is no such customer', {
      correlationId: 'correlation-1',
      target: 'customer',
    });

    const answer = await call(door(() => Promise.reject(error)));

    expectRefusal(answer, { status: 404, code: 'CustomerNotFound', target: 'customer' });
    expect(answer.logged).toEqual([
      {
        level: 'warning',
        args: ['request refused', { code: 'CustomerNotFound', correlationId: 'correlation-1' }],
      },
    ]);
  });

  it('lets a bug travel up', async () => {
    const bug = new TypeError('is not a function');

    await expect(call(door(() => Promise.reject(bug)))).rejects.toBe(bug);
  });

  it.each(['client-1', '{"a b": ~}', 'x'.repeat(128)])(
    'repeats the request id of the client: %s',
    async (id) => {
      const headers = { 'x-ms-client-request-id': id };

      expect((await call(handler, { headers })).headers).toMatchObject(headers);
    },
  );

  it.each([
    ['is missing', undefined],
    ['is empty', ''],
    ['no answer could be sent with', 'caf\u00e9'],
    ['holds a tab', 'a\tb'],
    ['has 129 characters', 'x'.repeat(129)],
  ])('answers without a request id of the client that %s', async (_what, id) => {
    const headers = id === undefined ? {} : { 'x-ms-client-request-id': id };

    const answer = await call(handler, { headers });

    expect(answer.status).toBe(200);
    expect(answer.headers).not.toHaveProperty('x-ms-client-request-id');
  });

  it('ends the time of an answer at the budget', async () => {
    const handler = createHttpDoor({ budgetMs: 1 })(async (_request, signal) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      return { status: 200, jsonBody: { name: (signal.reason as Error).name } };
    });
    // The timer of a signal does not keep the process alive, so something else must.
    const keepAlive = setInterval(() => undefined, 1_000);

    const answer = await call(handler);
    clearInterval(keepAlive);

    expect(answer.body).toEqual({ name: 'TimeoutError' });
  });
});

describe('createHttpDoor() when the budget is over', () => {
  it('says that it took too long, and that a repeat can help', async () => {
    const slow = createHttpDoor({ budgetMs: 1 })(
      (_request, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error));
        }),
    );

    expectRefusal(await call(slow), { status: 503, code: 'TimedOut' });
  });
});
