import { describe, expect, it, jest } from '@jest/globals';
import { z } from 'zod';
import type { AccessTokenSource } from '../../../shared/partner-center/access-token-source.js';
import type { Call } from '../../../shared/partner-center/call.js';
import { createSend, type SendDependencies } from '../../../shared/partner-center/send.js';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import type { Fetch, FetchInit } from '../../../shared/platform/http.js';
import { Secret } from '../../../shared/platform/secret.js';

const signal = new AbortController().signal;
const read: Call<{ id: number }> = {
  purpose: 'read the thing',
  method: 'GET',
  path: '/things/1',
  absent: 'UserNotFound',
  reply: z.object({ id: z.number() }),
};
const requestId = '3f1d5a0c-7f0e-4c4a-9a52-0d8c3f1c7c52';
const change: Call<{ id: number }> = { ...read, method: 'PATCH', requestId, body: {} };

const ok = { status: 200, body: '{"id":1}' };
const unauthorized = { status: 401 };
const busy = { status: 503 };

interface Answer {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Record<string, string>;
}

/** Partner Center as a list of answers; the last one stands for all that follow. */
function aSend(answers: readonly (Answer | Error)[], dependencies: Partial<SendDependencies> = {}) {
  const requests: (FetchInit & { url: string })[] = [];
  const waits: number[] = [];
  let nowMs = 1_700_000_000_000;
  let requestIds = 0;
  let correlationIds = 0;

  const fetch: Fetch = (url, init) => {
    const answer = answers[Math.min(requests.length, answers.length - 1)];
    requests.push({ url, ...init });
    if (answer === undefined || answer instanceof Error) {
      return Promise.reject(answer ?? new Error('no answer'));
    }
    return Promise.resolve({
      status: answer.status,
      statusText: '',
      headers: { get: (name: string) => answer.headers?.[name] ?? null },
      text: () => Promise.resolve(answer.body ?? ''),
    });
  };
  const send = createSend({
    fetch,
    baseUrl: 'https://api.partnercenter.microsoft.com',
    accessToken: {
      get: () => Promise.resolve(new Secret('token-1')),
      renew: () => Promise.resolve(new Secret('token-2')),
    },
    timeoutMs: 60_000,
    now: () => nowMs,
    sleep: (ms) => {
      waits.push(ms);
      nowMs += ms;
      return Promise.resolve();
    },
    random: () => 0.5,
    newRequestId: () => `request-${++requestIds}`,
    newCorrelationId: () => `correlation-${++correlationIds}`,
    ...dependencies,
  });
  const sent = (header: string) => requests.map(({ headers }) => headers[header]);
  return { send, requests, waits, sent };
}

describe('createSend()', () => {
  describe('repeating', () => {
    it('repeats a read that may pass, waiting longer each time', async () => {
      const { send, waits } = aSend([busy, new Error('cut'), { status: 200, body: '<html>' }, ok]);

      expect(await send(read, signal)).toEqual({ id: 1 });
      expect(waits).toEqual([250, 500, 1000]);
    });

    it('makes at most four requests', async () => {
      const { send, requests } = aSend([busy]);

      await expect(send(read, signal)).rejects.toMatchObject({ code: 'PartnerCenterUnavailable' });
      expect(requests).toHaveLength(4);
    });

    it.each([400, 403, 404, 405, 406, 409, 412, 417, 429, 501])(
      'does not repeat a read after %d',
      async (status) => {
        const { send, requests } = aSend([{ status }]);

        await expect(send(read, signal)).rejects.toBeInstanceOf(ResetError);
        expect(requests).toHaveLength(1);
      },
    );

    it.each([200, 408, 409, 429, 500, 501, 502, 503, 504])(
      'never repeats a change, here after %d',
      async (status) => {
        const { send, requests, waits } = aSend([{ status }]);

        await expect(send(change, signal)).rejects.toBeInstanceOf(ResetError);
        expect(requests).toHaveLength(1);
        expect(waits).toEqual([]);
      },
    );

    it('never repeats a change that got no answer', async () => {
      const { send, requests } = aSend([new Error('cut')]);

      await expect(send(change, signal)).rejects.toMatchObject({ code: 'OutcomeUnknown' });
      expect(requests).toHaveLength(1);
    });

    it('waits at least as long as it is asked to', async () => {
      const { send, waits } = aSend([{ status: 503, headers: { 'retry-after': '7' } }, ok]);

      await send(read, signal);

      expect(waits).toEqual([7250]);
    });

    it.each([
      ['59', 1],
      ['60', 0],
      ['1000000000', 0],
    ])('hands a wait of %s s on when it goes past the deadline', async (seconds, repeats) => {
      const { send, requests, waits } = aSend([
        { status: 503, headers: { 'retry-after': seconds } },
      ]);

      await expect(send(read, signal)).rejects.toMatchObject({
        code: 'PartnerCenterUnavailable',
        retryAfterMs: Number(seconds) * 1000,
      });
      expect(waits).toHaveLength(repeats);
      expect(requests).toHaveLength(repeats + 1);
    });

    it('fails as the last request did when it is stopped while it waits', async () => {
      const { send } = aSend([{ status: 503, headers: { 'retry-after': '7' } }], {
        sleep: () => Promise.reject(new Error('stopped')),
      });

      await expect(send(read, signal)).rejects.toMatchObject({
        code: 'PartnerCenterUnavailable',
        retryAfterMs: 7000,
      });
    });

    it('reports each failure that it repeats after', async () => {
      const onRetry = jest.fn();
      const { send } = aSend([busy, { status: 500 }, ok], { onRetry });

      await send(read, signal);

      expect(onRetry.mock.calls).toMatchObject([
        [{ code: 'PartnerCenterUnavailable', correlationId: 'correlation-1' }, 1],
        [{ code: 'PartnerCenterUnavailable', correlationId: 'correlation-2' }, 2],
      ]);
    });
  });

  describe('access token', () => {
    it.each([
      ['read', read],
      ['change', change],
    ])('is renewed once when a %s is refused for it', async (_, call) => {
      const { send, sent, waits } = aSend([unauthorized, ok]);

      expect(await send(call, signal)).toEqual({ id: 1 });
      expect(sent('Authorization')).toEqual(['Bearer token-1', 'Bearer token-2']);
      expect(waits).toEqual([]);
    });

    it('is never renewed twice', async () => {
      const { send, requests } = aSend([unauthorized]);

      await expect(send(read, signal)).rejects.toMatchObject({ code: 'AccessTokenRejected' });
      expect(requests).toHaveLength(2);
    });

    it('stays the renewed one for the repeats', async () => {
      const { send, sent } = aSend([unauthorized, busy, unauthorized]);

      await expect(send(read, signal)).rejects.toMatchObject({ code: 'AccessTokenRejected' });
      expect(sent('Authorization')).toEqual(['Bearer token-1', 'Bearer token-2', 'Bearer token-2']);
    });

    it('is renewed in exchange for the one rejected', async () => {
      const renew = jest.fn<AccessTokenSource['renew']>(() =>
        Promise.resolve(new Secret('token-2')),
      );
      const first = new Secret('token-1');
      const { send } = aSend([unauthorized, ok], {
        accessToken: { get: () => Promise.resolve(first), renew },
      });

      await send(change, signal);

      expect(renew).toHaveBeenCalledTimes(1);
      expect(renew).toHaveBeenCalledWith(first, expect.anything());
    });

    it('that cannot be had fails the call with the reason of the sign-in', async () => {
      const refusal = new ResetError('ReconsentRequired', 'Cannot sign in');
      const { send, requests } = aSend([ok], {
        accessToken: {
          get: () => Promise.reject(refusal),
          renew: () => Promise.reject(refusal),
        },
      });

      await expect(send(change, signal)).rejects.toBe(refusal);
      expect(requests).toEqual([]);
    });

    it('that cannot be renewed fails the call with the reason of the sign-in', async () => {
      const refusal = new ResetError('ReconsentRequired', 'Cannot sign in');
      const { send } = aSend([unauthorized, ok], {
        accessToken: {
          get: () => Promise.resolve(new Secret('token-1')),
          renew: () => Promise.reject(refusal),
        },
      });

      await expect(send(change, signal)).rejects.toBe(refusal);
    });
  });

  describe('ids', () => {
    it('gives each request of a read a request id and a correlation id of its own', async () => {
      const { send, sent } = aSend([busy, ok]);

      await send(read, signal);

      expect(sent('MS-RequestId')).toEqual(['request-1', 'request-2']);
      expect(sent('MS-CorrelationId')).toEqual(['correlation-1', 'correlation-2']);
    });

    it('gives a change the given request id, and another one after an answer', async () => {
      const { send, sent } = aSend([unauthorized, ok]);

      await send(change, signal);

      const [first, second] = sent('MS-RequestId');
      expect(first).toBe(requestId);
      expect(second).toMatch(
        /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      );
    });

    it('comes to the same request id again when the answer after the first was lost', async () => {
      const { send, sent } = aSend([unauthorized, new Error('cut'), unauthorized, ok]);
      await expect(send(change, signal)).rejects.toMatchObject({ code: 'OutcomeUnknown' });

      await send(change, signal);

      const [first, lost, again, afterLost] = sent('MS-RequestId');
      expect(again).toBe(first);
      expect(afterLost).toBe(lost);
    });

    it('comes to another request id after each given one', async () => {
      const { send, sent } = aSend([unauthorized, ok, unauthorized, ok]);

      await send(change, signal);
      await send({ ...change, requestId: 'a9b5c3a2-1111-4c4a-9a52-0d8c3f1c7c52' }, signal);

      expect(new Set(sent('MS-RequestId')).size).toBe(4);
    });

    it('gives a change without a request id a new one each time', async () => {
      const { send, sent } = aSend([unauthorized, ok]);

      await send({ ...read, method: 'PATCH', body: {} }, signal);

      expect(sent('MS-RequestId')).toEqual(['request-1', 'request-2']);
    });

    it('names the call that failed', async () => {
      const { send } = aSend([unauthorized, { status: 403 }]);

      await expect(send(change, signal)).rejects.toMatchObject({ correlationId: 'correlation-2' });
    });
  });

  describe('time', () => {
    /** Waits for its signal, as a server that never answers lets a client wait. */
    const silence: Fetch = (_, init) =>
      new Promise((_resolve, reject) => {
        init.signal.addEventListener('abort', () => reject(new Error('aborted')));
      });

    it.each([
      ['change', 'OutcomeUnknown', change],
      ['read', 'PartnerCenterUnavailable', read],
    ] as const)('ends a %s that gets no answer, as %s', async (_, code, call) => {
      const { send } = aSend([], { fetch: silence, timeoutMs: 5 });

      await expect(send(call, signal)).rejects.toMatchObject({ code });
    });

    it('ends with the caller, as an unknown outcome', async () => {
      const caller = new AbortController();
      const fetch: Fetch = (url, init) => {
        queueMicrotask(() => caller.abort());
        return silence(url, init);
      };
      const { send } = aSend([], { fetch });

      await expect(send(change, caller.signal)).rejects.toMatchObject({ code: 'OutcomeUnknown' });
    });

    it('sends nothing for a caller who has gone', async () => {
      const { send, requests } = aSend([ok]);

      await expect(send(change, AbortSignal.abort())).rejects.toMatchObject({
        code: 'PartnerCenterUnavailable',
        message: 'Cannot read the thing: the request could not be sent (out of time)',
      });
      expect(requests).toEqual([]);
    });

    it('sends nothing when the time is over before there is a token', async () => {
      const { send, requests } = aSend([ok], {
        timeoutMs: 5,
        accessToken: {
          get: (given) =>
            new Promise((_, reject) => {
              given.addEventListener('abort', () => reject(given.reason as Error));
            }),
          renew: () => Promise.reject(new Error('not asked')),
        },
      });

      await expect(send(change, signal)).rejects.toMatchObject({
        code: 'PartnerCenterUnavailable',
      });
      expect(requests).toEqual([]);
    });

    it('sends nothing when the token comes too late', async () => {
      const caller = new AbortController();
      const { send, requests } = aSend([ok], {
        accessToken: {
          get: () => {
            caller.abort();
            return Promise.resolve(new Secret('token-1'));
          },
          renew: () => Promise.reject(new Error('not asked')),
        },
      });

      await expect(send(change, caller.signal)).rejects.toMatchObject({
        code: 'PartnerCenterUnavailable',
      });
      expect(requests).toEqual([]);
    });
  });

  it('lets a fault of our own through', async () => {
    const fault = new TypeError('a fault');
    const { send } = aSend([ok], {
      accessToken: { get: () => Promise.reject(fault), renew: () => Promise.reject(fault) },
    });

    await expect(send(read, signal)).rejects.toBe(fault);
  });

  it('sends the token to no other host', async () => {
    const { send, requests } = aSend([ok]);

    await expect(send({ ...read, path: 'https://example.com/' }, signal)).rejects.toMatchObject({
      code: 'PartnerCenterUnavailable',
      message: 'Cannot read the thing: its address leads away from Partner Center',
    });
    expect(requests).toEqual([]);
  });
});
