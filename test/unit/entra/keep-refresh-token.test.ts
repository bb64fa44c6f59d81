import { describe, expect, it } from '@jest/globals';
import { createKeepRefreshToken } from '../../../shared/entra/keep-refresh-token.js';
import type { SignInEvent } from '../../../shared/entra/sign-in-event.js';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import { Secret } from '../../../shared/platform/secret.js';
import { FakeClock } from '../../fakes/fake-clock.js';
import { FakeRefreshTokenStore } from '../../fakes/fake-refresh-token-store.js';

const dayMs = 24 * 3_600_000;

describe('createKeepRefreshToken()', () => {
  it.each([
    [dayMs, []],
    [dayMs + 1, ['next']],
  ])('with a stored token of %i ms writes %j', async (storedAgeMs, written) => {
    const { store, keepNext } = aKeeper({ storedAgeMs });

    await keepNext();

    expect(store.written).toEqual(written);
  });

  it('writes at once when another stored token had been refused', async () => {
    const { store, keepNext } = aKeeper({ storedAgeMs: 0 });

    await keepNext({ isReplacement: true });

    expect(store.written).toEqual(['next']);
  });

  it('writes once and then not before another day', async () => {
    const { store, keepNext, clock } = aKeeper({ storedAgeMs: dayMs + 1 });
    await keepNext();
    clock.pass(dayMs);

    await keepNext();

    expect(store.written).toEqual(['next']);
  });

  it('reports a write', async () => {
    const { events, keepNext } = aKeeper({ storedAgeMs: dayMs + 1 });

    await keepNext();

    expect(events).toEqual([{ kind: 'refreshTokenStored', severity: 'info' }]);
  });

  it('is loud about a write that fails, and does not reject', async () => {
    const { store, events, keepNext, clock } = aKeeper({ storedAgeMs: dayMs + 1 });
    store.writeFailure = new ResetError('KeyVaultUnavailable', 'away');

    await keepNext();

    expect(events).toEqual([
      {
        kind: 'refreshTokenNotStored',
        severity: 'error',
        code: 'KeyVaultUnavailable',
        storedAtMs: clock.nowMs - dayMs - 1,
      },
    ]);
  });

  it('does not reject when the store has a defect either', async () => {
    const { store, events, keepNext } = aKeeper({ storedAgeMs: dayMs + 1 });
    store.writeFailure = new TypeError('defect');

    await keepNext();

    expect(events).toMatchObject([{ kind: 'refreshTokenNotStored', code: undefined }]);
  });

  it('writes at the next sign-in what it could not write', async () => {
    const { store, keepNext } = aKeeper({ storedAgeMs: 0 });
    store.writeFailure = new ResetError('KeyVaultUnavailable', 'away');
    await keepNext({ isReplacement: true });
    store.writeFailure = undefined;

    await keepNext();

    expect(store.written).toEqual(['next']);
  });

  it('never writes over a token that somebody stored meanwhile', async () => {
    const { store, keepNext, events } = aKeeper({ storedAgeMs: dayMs + 1 });
    const used = await store.read();
    store.replace('consented again');

    await keepNext({ used });

    expect(store.written).toEqual([]);
    expect(events).toEqual([]);
  });

  it('warns when Entra gives no new token, and keeps the old one', async () => {
    const { store, events, keepNext, clock } = aKeeper({ storedAgeMs: dayMs + 1 });

    await keepNext({ next: undefined });

    expect(store.written).toEqual([]);
    expect(events).toEqual([
      {
        kind: 'refreshTokenNotReturned',
        severity: 'warn',
        storedAtMs: clock.nowMs - dayMs - 1,
      },
    ]);
  });
});

function aKeeper({ storedAgeMs }: { readonly storedAgeMs: number }) {
  const clock = new FakeClock();
  const store = new FakeRefreshTokenStore('stored', clock.nowMs - storedAgeMs, clock.now);
  const events: SignInEvent[] = [];
  const keep = createKeepRefreshToken({
    refreshTokenStore: store,
    now: clock.now,
    timeoutMs: 10_000,
    onEvent: (event) => events.push(event),
  });
  const keepNext = async (trace: Partial<Parameters<typeof keep>[0]> = {}) =>
    keep({ used: await store.read(), next: new Secret('next'), isReplacement: false, ...trace });
  return { store, events, keepNext, clock };
}
