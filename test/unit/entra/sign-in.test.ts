import { describe, expect, it } from '@jest/globals';
import type { ClientCredential } from '../../../shared/entra/client-credential.js';
import type { RedeemRefreshToken, Redeemed } from '../../../shared/entra/redeem-refresh-token.js';
import type { SignInEvent } from '../../../shared/entra/sign-in-event.js';
import { createSignIn, nextAttemptDelayMs } from '../../../shared/entra/sign-in.js';
import { ResetError, type ResetErrorCode } from '../../../shared/password-reset/reset-error.js';
import { Secret } from '../../../shared/platform/secret.js';
import { FakeClock } from '../../fakes/fake-clock.js';
import { FakeRefreshTokenStore } from '../../fakes/fake-refresh-token-store.js';

const signal = new AbortController().signal;
const hourMs = 3_600_000;
const alwaysUnavailable = Array.from({ length: 9 }, () => 'SignInUnavailable' as const);

describe('createSignIn()', () => {
  it('redeems what is stored', async () => {
    const { signIn, redemptions } = aSignIn();

    await expect(signIn(signal)).resolves.toMatchObject({ lifetimeMs: hourMs });

    expect(redemptions).toEqual([{ credential: 'secret 1', refreshToken: 'stored' }]);
  });

  it.each<ResetErrorCode>(['SignInUnavailable', 'SignInThrottled'])(
    'tries again after %s',
    async (code) => {
      const { signIn, redemptions, events } = aSignIn({ refusals: [code, code] });

      await signIn(signal);

      expect(redemptions).toHaveLength(3);
      expect(events).toContainEqual({
        kind: 'signInRepeated',
        severity: 'warn',
        code,
        attempt: 2,
      });
    },
  );

  it('gives up after four attempts', async () => {
    const { signIn, redemptions } = aSignIn({ refusals: alwaysUnavailable });

    await expect(signIn(signal)).rejects.toMatchObject({ code: 'SignInUnavailable' });

    expect(redemptions).toHaveLength(4);
  });

  it('gives up when waiting would leave no time', async () => {
    const { signIn, entra, redemptions, clock } = aSignIn({
      refusals: alwaysUnavailable,
    });
    entra.onRedeem = () => clock.pass(15_000);

    await expect(signIn(signal)).rejects.toMatchObject({ code: 'SignInUnavailable' });

    expect(redemptions).toHaveLength(2);
  });

  it.each<ResetErrorCode>([
    'ReconsentRequired',
    'MfaRequired',
    'ConditionalAccessBlocked',
    'ServiceAccountUnusable',
    'ConsentMissing',
    'ClientCredentialRejected',
    'AppMisconfigured',
  ])('tries %s only once when nothing else is stored', async (code) => {
    const { signIn, redemptions } = aSignIn({ refusals: [code] });

    await expect(signIn(signal)).rejects.toMatchObject({ code });

    expect(redemptions).toHaveLength(1);
  });

  it.each<ResetErrorCode>([
    'ReconsentRequired',
    'MfaRequired',
    'ConditionalAccessBlocked',
    'ServiceAccountUnusable',
    'ConsentMissing',
  ])('tries another refresh token that was stored meanwhile after %s', async (code) => {
    const { signIn, entra, redemptions, store } = aSignIn({ refusals: [code] });
    entra.onRedeem = () => {
      if (redemptions.length === 1) store.replace('consented again');
    };

    await signIn(signal);

    expect(redemptions.map(({ refreshToken }) => refreshToken)).toEqual([
      'stored',
      'consented again',
    ]);
    expect(store.written).toEqual(['next of consented again']);
  });

  it('tries the client credential that rotated in, and stays with it', async () => {
    const { signIn, entra, redemptions, credentials } = aSignIn({
      refusals: ['ClientCredentialRejected'],
    });
    entra.onRedeem = () => {
      credentials.current = 'secret 2';
    };

    await signIn(signal);
    await signIn(signal);

    expect(redemptions.map(({ credential }) => credential)).toEqual([
      'secret 1',
      'secret 2',
      'secret 2',
    ]);
    expect(credentials.reads).toBe(2);
  });

  it.each([
    [hourMs - 1, 1],
    [hourMs, 2],
  ])('has read the client credential after %i ms %i times', async (passedMs, reads) => {
    const { signIn, credentials, clock } = aSignIn();
    await signIn(signal);
    clock.pass(passedMs);

    await signIn(signal);

    expect(credentials.reads).toBe(reads);
  });

  it('goes on with what it knows while Key Vault is away', async () => {
    const { signIn, store, credentials, clock } = aSignIn();
    await signIn(signal);
    const away = new ResetError('KeyVaultUnavailable', 'away');
    store.readFailure = away;
    credentials.failure = away;
    clock.pass(2 * hourMs);

    await expect(signIn(signal)).resolves.toMatchObject({ lifetimeMs: hourMs });
  });

  it('rejects when a secret is missing, whatever it knew before', async () => {
    const { signIn, store } = aSignIn();
    await signIn(signal);
    store.readFailure = new ResetError('AppMisconfigured', 'no such secret');

    await expect(signIn(signal)).rejects.toThrow('no such secret');
  });

  it('keeps the refresh token of a sign-in when the stored one is over a day old', async () => {
    const { signIn, store } = aSignIn({ storedAgeMs: 24 * hourMs + 1 });

    await signIn(signal);

    expect(store.written).toEqual(['next of stored']);
  });
});

describe('nextAttemptDelayMs()', () => {
  const transient = new ResetError('SignInUnavailable', '');
  const throttled = new ResetError('SignInThrottled', '', { retryAfterMs: 7_000 });

  it.each([
    ['nothing at the least', transient, 1, 30_000, 0, 0],
    ['half a second at most after the first', transient, 1, 30_000, 1, 500],
    ['a second at most after the second', transient, 2, 30_000, 1, 1_000],
    ['two seconds at most after the third', transient, 3, 30_000, 1, 2_000],
    ['no more after the fourth', transient, 4, 30_000, 1, undefined],
    ['what Retry-After asks', throttled, 1, 30_000, 0, 7_000],
    ['more than Retry-After asks, so that not all return at once', throttled, 1, 30_000, 1, 7_500],
    ['as long as a second is left', throttled, 1, 8_001, 0, 7_000],
    ['not when less is left', throttled, 1, 8_000, 0, undefined],
    ['not for what needs a person', new ResetError('MfaRequired', ''), 1, 30_000, 0, undefined],
    ['not for a defect', new TypeError('defect'), 1, 30_000, 0, undefined],
  ])('waits %s', (_, error, attempt, remainingMs, random, expected) => {
    expect(nextAttemptDelayMs(error, attempt, remainingMs, () => random)).toBe(expected);
  });
});

/** Signs in against an Entra that refuses as told and then agrees to everything. */
function aSignIn(
  options: { readonly refusals?: readonly ResetErrorCode[]; readonly storedAgeMs?: number } = {},
) {
  const { refusals = [], storedAgeMs = 0 } = options;
  const clock = new FakeClock();
  const store = new FakeRefreshTokenStore('stored', clock.nowMs - storedAgeMs, clock.now);
  const credentials = { current: 'secret 1', reads: 0, failure: undefined as Error | undefined };
  const redemptions: { readonly credential: string; readonly refreshToken: string }[] = [];
  const entra = { onRedeem: (): void => undefined };
  const events: SignInEvent[] = [];
  const pending = [...refusals];

  const redeem: RedeemRefreshToken = ({ credential, refreshToken }) => {
    redemptions.push({ credential: secretOf(credential), refreshToken: refreshToken.reveal() });
    entra.onRedeem();
    const code = pending.shift();
    if (code !== undefined) return Promise.reject(new ResetError(code, 'refused'));
    const redeemed: Redeemed = {
      accessToken: new Secret('access'),
      lifetimeMs: hourMs,
      refreshToken: new Secret(`next of ${refreshToken.reveal()}`),
    };
    return Promise.resolve(redeemed);
  };

  const signIn = createSignIn({
    redeem,
    readClientCredential: () => {
      credentials.reads += 1;
      if (credentials.failure) return Promise.reject(credentials.failure);
      return Promise.resolve({ kind: 'secret', secret: new Secret(credentials.current) });
    },
    refreshTokenStore: store,
    now: clock.now,
    sleep: clock.sleep,
    random: () => 0.5,
    timeoutMs: 30_000,
    onEvent: (event) => events.push(event),
  });
  return { signIn, entra, store, credentials, redemptions, events, clock };
}

function secretOf(credential: ClientCredential): string {
  return credential.kind === 'secret' ? credential.secret.reveal() : '';
}
