import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { FaultRule } from '../../../../infra/local/partner-center/fault-rule.js';
import {
  goodPassword,
  startHarness,
  startTokenIssuer,
  type Harness,
  type TokenIssuer,
} from './harness.js';

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

/** Asks once in a while: what is awaited here happens on a timer of the stand-in. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) {
    await new Promise((resolve) => {
      setTimeout(resolve, 2);
    });
  }
}

const statusesOf = async (count: number, path = harness.userPath()) => {
  const statuses: number[] = [];
  for (let sent = 0; sent < count; sent += 1) statuses.push((await harness.send(path)).status);
  return statuses;
};

describe('fault rules', () => {
  const busy = { kind: 'answer', status: 503 } as const;

  it('take effect as often as they say, after as many as they say', async () => {
    harness.standIn.faults.set([{ after: 1, times: 2, effect: busy }]);

    expect(await statusesOf(5)).toEqual([200, 503, 503, 200, 200]);
  });

  it('take effect until they are cleared when they do not say how often', async () => {
    harness.standIn.faults.set([{ effect: busy }]);
    expect(await statusesOf(3)).toEqual([503, 503, 503]);

    harness.standIn.faults.clear();

    expect(await statusesOf(1)).toEqual([200]);
  });

  it('win in their order, and one that is not asked is not used up', async () => {
    harness.standIn.faults.set([
      { times: 1, effect: { kind: 'throttle', retryAfter: 1 } },
      { times: 1, effect: busy },
    ]);

    expect(await statusesOf(3)).toEqual([429, 503, 200]);
  });

  it('apply to the operation, the customer and the user that they name', async () => {
    const { standIn, customer, directory, user } = harness;
    const [, otherCustomer] = directory.customers.keys();
    const [, otherUser] = customer.users.values();
    standIn.faults.set([
      {
        operation: 'getUser',
        customerTenantId: customer.tenantId.toUpperCase(),
        userId: user.id,
        effect: busy,
      },
    ]);

    expect(await statusesOf(1)).toEqual([503]);
    expect(await statusesOf(1, harness.userPath(otherUser))).toEqual([200]);
    expect(await statusesOf(1, `${harness.userPath()}/directoryroles`)).toEqual([200]);
    expect(await statusesOf(1, `/v1/customers/${otherCustomer ?? ''}/users`)).toEqual([200]);
  });

  it('with a probability strike the same requests every time', async () => {
    const rules: FaultRule[] = [{ probability: 0.5, effect: busy }];
    harness.standIn.faults.set(rules);
    const first = await statusesOf(20);

    harness.standIn.faults.set(rules);

    expect(await statusesOf(20)).toEqual(first);
    expect(new Set(first)).toEqual(new Set([200, 503]));
  });
});

describe('fault effects', () => {
  it('latency: adds up, and combines with what comes after', async () => {
    harness.standIn.faults.set([
      { effect: { kind: 'latency', ms: 30 } },
      { effect: { kind: 'latency', ms: 30, jitterMs: 10 } },
      { effect: { kind: 'answer', status: 503 } },
    ]);
    const startedAtMs = performance.now();

    expect(await statusesOf(1)).toEqual([503]);
    // Timers count whole milliseconds and may be up to one early, each.
    expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(58);
  });

  it.each([
    [undefined, false],
    [false, false],
    [true, true],
  ])('answer: applied %s', async (applied, works) => {
    const effect = {
      kind: 'answer',
      status: 504,
      headers: { 'Retry-After': '7' },
      body: { code: 900192 },
      ...(applied !== undefined && { applied }),
    } as const;
    harness.standIn.faults.set([{ effect }]);

    const { status, json, headers } = await harness.reset();

    expect([status, json, headers.get('retry-after')]).toEqual([504, { code: 900192 }, '7']);
    expect(headers.get('ms-requestid')).toBeNull();
    expect(harness.works(goodPassword)).toBe(works);
    expect(harness.standIn.requests).toMatchObject([{ status: 504, applied: works }]);
  });

  it('throttle: is the documented 429', async () => {
    harness.standIn.faults.set([{ effect: { kind: 'throttle', retryAfter: 57 } }]);

    const { status, statusText, text, headers } = await harness.reset();

    expect([status, statusText]).toEqual([429, 'Too Many Requests']);
    expect(text).toBe(
      '{"statusCode":429,"message":"Rate limit is exceeded. Try again in 57 seconds."}',
    );
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': 'application/json',
      'retry-after': '57',
    });
    expect(harness.works(goodPassword)).toBe(false);
  });

  it.each([true, false])('cut: applied %s', async (applied) => {
    harness.standIn.faults.set([{ effect: { kind: 'cut', applied } }]);

    await expect(harness.reset()).rejects.toThrow('fetch failed');

    expect(harness.works(goodPassword)).toBe(applied);
    expect(harness.standIn.requests).toMatchObject([{ status: 'cut', applied }]);
  });

  it('late: applies after the answer', async () => {
    const effect = { kind: 'late', applyAfterMs: 50, answer: { status: 504 } } as const;
    harness.standIn.faults.set([{ effect }]);

    expect((await harness.reset()).status).toBe(504);
    expect(harness.works(goodPassword)).toBe(false);

    await until(() => harness.works(goodPassword));
    expect(harness.standIn.requests).toMatchObject([{ status: 504, applied: true }]);
  });

  it('late: applies after the connection was cut', async () => {
    const effect = { kind: 'late', applyAfterMs: 50, answer: 'cut' } as const;
    harness.standIn.faults.set([{ effect }]);

    await expect(harness.reset()).rejects.toThrow('fetch failed');
    expect(harness.works(goodPassword)).toBe(false);

    await until(() => harness.works(goodPassword));
  });

  it('late: applies though the client never gets an answer', async () => {
    const effect = { kind: 'late', applyAfterMs: 10, answer: 'never' } as const;
    harness.standIn.faults.set([{ effect }]);
    const givingUp = new AbortController();

    const answer = harness.reset({ signal: givingUp.signal });
    await until(() => harness.works(goodPassword));

    expect(harness.standIn.requests).toMatchObject([{ status: 'pending', applied: true }]);
    givingUp.abort();
    await expect(answer).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('late: applies nothing that would have been refused', async () => {
    const effect = { kind: 'late', applyAfterMs: 0, answer: { status: 504 } } as const;
    harness.standIn.faults.set([{ times: 1, effect }]);

    await harness.reset({ password: 'short' });
    await harness.reset();

    expect(harness.standIn.requests.map(({ applied }) => applied)).toEqual([false, true]);
  });

  it('hang: answers nothing and applies nothing until the client gives up', async () => {
    harness.standIn.faults.set([{ effect: { kind: 'hang' } }]);
    const givingUp = new AbortController();

    const answer = harness.reset({ signal: givingUp.signal });
    await until(() => harness.standIn.requests.length === 1);
    expect(harness.standIn.requests).toMatchObject([{ status: 'pending', applied: false }]);
    givingUp.abort();

    await expect(answer).rejects.toMatchObject({ name: 'AbortError' });
    await until(() => harness.standIn.requests[0]?.status === 'cut');
    expect(harness.works(goodPassword)).toBe(false);
  });

  it('truncate: answers the first half, having applied', async () => {
    const whole = await harness.reset();
    harness.standIn.faults.set([{ effect: { kind: 'truncate' } }]);

    const { status, text } = await harness.reset();

    const bytes = Buffer.from(whole.text);
    expect(status).toBe(200);
    expect(text).toBe(bytes.subarray(0, Math.floor(bytes.length / 2)).toString());
  });

  it('html: answers a gateway’s page', async () => {
    harness.standIn.faults.set([{ effect: { kind: 'html', status: 502, applied: true } }]);

    const { status, text, headers } = await harness.reset();

    expect([status, headers.get('content-type')]).toEqual([502, 'text/html']);
    expect(text).toMatch(/^<html>.*<\/html>$/);
    expect(harness.works(goodPassword)).toBe(true);
  });

  it('bom: puts a byte-order mark before the real answer', async () => {
    harness.standIn.faults.set([{ effect: { kind: 'bom' } }]);

    const { status, text } = await harness.reset();

    expect(status).toBe(200);
    expect(text.charCodeAt(0)).toBe(0xfeff);
    expect(JSON.parse(text.slice(1))).toMatchObject({ id: harness.user.id });
  });

  it('stringCode: writes the code as a string', async () => {
    harness.standIn.faults.set([{ effect: { kind: 'stringCode' } }]);

    expect((await harness.reset({ password: 'short' })).json).toMatchObject({ code: '2000' });
    expect((await harness.reset()).json).not.toHaveProperty('code');
  });

  it('wrongId: names another user of the customer', async () => {
    harness.standIn.faults.set([{ effect: { kind: 'wrongId' } }]);

    const { id } = (await harness.reset()).json as { id: string };

    expect(id).not.toBe(harness.user.id);
    expect(harness.customer.users.has(id)).toBe(true);
    expect(harness.works(goodPassword)).toBe(true);
  });

  it('empty: answers with a reason phrase and headers alone', async () => {
    const effect = {
      kind: 'empty',
      status: 401,
      statusText: 'Unauthorized - MFA required',
      headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' },
    } as const;
    harness.standIn.faults.set([{ effect }]);

    const { status, statusText, text, headers } = await harness.reset();

    expect([status, statusText, text]).toEqual([401, 'Unauthorized - MFA required', '']);
    expect(headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
  });

  it('huge: pads the real answer to the size', async () => {
    harness.standIn.faults.set([{ effect: { kind: 'huge', bytes: 1_000_000 } }]);

    const { text, headers, json } = await harness.reset();

    expect([Buffer.byteLength(text), headers.get('content-length')]).toEqual([
      1_000_000,
      '1000000',
    ]);
    expect(json).toMatchObject({ id: harness.user.id });
  });
});
