import { describe, expect, it } from '@jest/globals';
import { createAccessTokenCache } from '../../../shared/entra/access-token-cache.js';
import type { SignInEvent } from '../../../shared/entra/sign-in-event.js';
import type { SignIn } from '../../../shared/entra/sign-in.js';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import { untilAborted } from '../../../shared/platform/deadline.js';
import { Secret } from '../../../shared/platform/secret.js';
import { FakeClock } from '../../fakes/fake-clock.js';

const signal = new AbortController().signal;
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const unavailable = new ResetError('SignInUnavailable', 'away');

describe('createAccessTokenCache() get', () => {
  it('signs in once for a hundred who ask at the same time', async () => {
    const { tokens, signIns } = aCache();

    const given = await Promise.all(Array.from({ length: 100 }, () => tokens.get(signal)));

    expect(new Set(given.map((token) => token.reveal()))).toEqual(new Set(['token 1']));
    expect(signIns.count).toBe(1);
  });

  it.each([
    ['uses the token until ten minutes before it expires', hourMs - 10 * minuteMs - 1, 1, 1],
    ['uses the token and renews it behind from then on', hourMs - 10 * minuteMs, 1, 2],
    ['still uses it right before the last five minutes', hourMs - 5 * minuteMs - 1, 1, 2],
    ['waits for another in the last five minutes', hourMs - 5 * minuteMs, 2, 2],
  ])('%s', async (_, passedMs, token, signInCount) => {
    const { tokens, signIns, clock } = aCache({ lifetimeMs: hourMs });
    await tokens.get(signal);
    clock.pass(passedMs);

    const given = await tokens.get(signal);

    expect(given.reveal()).toBe(`token ${token}`);
    expect(signIns.count).toBe(signInCount);
  });

  it.each([
    [29_999, 1, 1],
    [30_000, 1, 2],
    [44_999, 1, 2],
    [45_000, 2, 2],
  ])('treats a token of one minute after %i ms alike', async (passedMs, token, signInCount) => {
    const { tokens, signIns, clock } = aCache({ lifetimeMs: minuteMs });
    await tokens.get(signal);
    clock.pass(passedMs);

    const given = await tokens.get(signal);

    expect(given.reveal()).toBe(`token ${token}`);
    expect(signIns.count).toBe(signInCount);
  });

  it('counts the life of a token from when it was asked for', async () => {
    const { tokens, signIns, clock } = aCache({ lifetimeMs: hourMs });
    signIns.onSignIn = () => {
      clock.pass(20_000);
      return Promise.resolve();
    };
    await tokens.get(signal);
    clock.pass(hourMs - 10 * minuteMs - 20_000);

    await tokens.get(signal);

    expect(signIns.count).toBe(2);
  });

  it('hands out the token renewed behind as soon as it is there', async () => {
    const { tokens, clock } = aCache({ lifetimeMs: hourMs });
    await tokens.get(signal);
    clock.pass(hourMs - 10 * minuteMs);
    await tokens.get(signal);
    await nextTurn();

    const given = await tokens.get(signal);

    expect(given.reveal()).toBe('token 2');
  });

  it('renews behind once for all who ask meanwhile', async () => {
    const { tokens, signIns, clock } = aCache({ lifetimeMs: hourMs });
    await tokens.get(signal);
    clock.pass(hourMs - 10 * minuteMs);

    await Promise.all(Array.from({ length: 100 }, () => tokens.get(signal)));

    expect(signIns.count).toBe(2);
  });

  it('goes on with the token when renewing behind fails, and reports it once', async () => {
    const { tokens, signIns, clock, events } = aCache({ lifetimeMs: hourMs });
    await tokens.get(signal);
    clock.pass(hourMs - 10 * minuteMs);
    signIns.failure = unavailable;

    const given = await Promise.all(Array.from({ length: 100 }, () => tokens.get(signal)));
    await nextTurn();

    expect(new Set(given.map((token) => token.reveal()))).toEqual(new Set(['token 1']));
    expect(events).toEqual([{ kind: 'signInFailed', severity: 'warn', code: 'SignInUnavailable' }]);
  });

  it('lets a waiter go by its own signal while the others wait on', async () => {
    const { tokens, signIns } = aCache();
    let finish: () => void = () => undefined;
    signIns.onSignIn = () => new Promise((resolve) => (finish = resolve));
    const controller = new AbortController();
    const first = tokens.get(controller.signal);
    const second = tokens.get(signal);

    controller.abort(new Error('caller left'));

    await expect(first).rejects.toThrow('caller left');
    finish();
    await expect(second).resolves.toEqual(new Secret('token 1'));
    expect(signIns.count).toBe(1);
  });

  it('gives nothing to whoever has left', async () => {
    const { tokens } = aCache();
    await tokens.get(signal);

    await expect(tokens.get(AbortSignal.abort(new Error('left')))).rejects.toThrow('left');
  });

  it('rejects as SignInUnavailable when the sign-in outlasts its deadline', async () => {
    const { tokens, signIns, events } = aCache({ timeoutMs: 1 });
    signIns.onSignIn = (deadline) => untilAborted(new Promise<never>(() => undefined), deadline);

    await expect(tokens.get(signal)).rejects.toMatchObject({
      name: 'ResetError',
      code: 'SignInUnavailable',
    });

    expect(events).toMatchObject([{ kind: 'signInFailed', code: 'SignInUnavailable' }]);
  });

  it.each([
    ['5 s', 4_999, unavailable, 1],
    ['5 s', 5_000, unavailable, 2],
    ['as Retry-After asks', 59_999, throttled(60_000), 1],
    ['as Retry-After asks', 60_000, throttled(60_000), 2],
    ['five minutes when Retry-After asks for a day', 299_999, throttled(24 * hourMs), 1],
    ['five minutes when Retry-After asks for a day', 300_000, throttled(24 * hourMs), 2],
    ['5 s when Retry-After asks for less', 4_999, throttled(1_000), 1],
  ])('rests %s after a failure: at %i ms', async (_, passedMs, failure, signInCount) => {
    const { tokens, signIns, clock } = aCache();
    signIns.failure = failure;
    await expect(tokens.get(signal)).rejects.toBe(failure);
    clock.pass(passedMs);

    await expect(tokens.get(signal)).rejects.toBe(failure);

    expect(signIns.count).toBe(signInCount);
  });

  it('signs in again after the rest', async () => {
    const { tokens, signIns, clock } = aCache();
    signIns.failure = unavailable;
    await expect(tokens.get(signal)).rejects.toBe(unavailable);
    signIns.failure = undefined;
    clock.pass(5_000);

    await expect(tokens.get(signal)).resolves.toEqual(new Secret('token 2'));
  });

  it.each([
    [unavailable, 'warn', 'SignInUnavailable'],
    [new ResetError('ReconsentRequired', 'expired'), 'error', 'ReconsentRequired'],
    [new TypeError('defect'), 'error', undefined],
  ])('reports %s as %s', async (failure, severity, code) => {
    const { tokens, signIns, events } = aCache();
    signIns.failure = failure;

    await expect(tokens.get(signal)).rejects.toBe(failure);

    expect(events).toEqual([{ kind: 'signInFailed', severity, code }]);
  });
});

describe('createAccessTokenCache() renew', () => {
  it('signs in once for a hundred whose token was rejected', async () => {
    const { tokens, signIns } = aCache();
    const rejected = await tokens.get(signal);

    const given = await Promise.all(
      Array.from({ length: 100 }, () => tokens.renew(rejected, signal)),
    );

    expect(new Set(given.map((token) => token.reveal()))).toEqual(new Set(['token 2']));
    expect(signIns.count).toBe(2);
  });

  it('gives the newer token when there is one already', async () => {
    const { tokens, signIns } = aCache();
    const rejected = await tokens.get(signal);
    await tokens.renew(rejected, signal);

    const given = await tokens.renew(new Secret(rejected.reveal()), signal);

    expect(given.reveal()).toBe('token 2');
    expect(signIns.count).toBe(2);
  });
});

/** A cache over an Entra that gives "token 1", "token 2" and so on. */
function aCache(options: { readonly lifetimeMs?: number; readonly timeoutMs?: number } = {}) {
  const { lifetimeMs = hourMs, timeoutMs = 30_000 } = options;
  const clock = new FakeClock();
  const events: SignInEvent[] = [];
  const signIns = {
    count: 0,
    failure: undefined as Error | undefined,
    onSignIn: (() => Promise.resolve()) as (deadline: AbortSignal) => Promise<void>,
  };
  const signIn: SignIn = async (deadline) => {
    signIns.count += 1;
    const accessToken = new Secret(`token ${signIns.count}`);
    await signIns.onSignIn(deadline);
    if (signIns.failure) throw signIns.failure;
    return { accessToken, lifetimeMs, refreshToken: undefined };
  };
  const tokens = createAccessTokenCache({
    signIn,
    now: clock.now,
    timeoutMs,
    onEvent: (event) => events.push(event),
  });
  return { tokens, signIns, events, clock };
}

function throttled(retryAfterMs: number): ResetError {
  return new ResetError('SignInThrottled', 'throttled', { retryAfterMs });
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
