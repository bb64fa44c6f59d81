import { describe, expect, it } from '@jest/globals';
import { createBrakes, findStop } from '../../../shared/password-reset/brakes.js';
import type { CustomerTenantId } from '../../../shared/password-reset/ids.js';
import {
  recoveryByCode,
  ResetError,
  type ResetErrorCode,
} from '../../../shared/password-reset/reset-error.js';
import {
  anotherCustomerTenantId as other,
  customerTenantId as customer,
} from '../../builders/a-reset-row.js';
import { FakeClock } from '../../fakes/fake-clock.js';
import { FakeControl } from '../../fakes/fake-control.js';

const { signal } = new AbortController();
const codes = Object.keys(recoveryByCode) as ResetErrorCode[];
const operatorCodes = codes.filter((code) => recoveryByCode[code] === 'operator');
const braking = [
  ...operatorCodes,
  'AccessTokenRejected',
  'Throttled',
  'SignInThrottled',
  'SignInUnavailable',
];

describe('createBrakes()', () => {
  describe('after a 429', () => {
    it.each([
      ['as long as Partner Center asks', 42_000, 42_000],
      ['less than usual when Partner Center asks for that', 1_000, 1_000],
      ['five seconds when it does not say', undefined, 5_000],
      ['five seconds when it asks for none', 0, 5_000],
      ['a quarter of an hour at most', 3_600_000, 900_000],
    ])('sends nothing to the customer for %s', async (_what, retryAfterMs, brakeMs) => {
      const { throttled, brakedMs } = brakes();

      await throttled(customer, retryAfterMs);

      expect(brakedMs()).toEqual({ [customer]: brakeMs });
    });

    it('waits twice as long after another one each time, a quarter of an hour at most', async () => {
      const { throttled, clock, brakedMs } = brakes();
      const waits: unknown[] = [];

      for (let time = 1; time <= 12; time += 1) {
        await throttled(customer);
        const waitMs = brakedMs()[customer] ?? 0;
        waits.push(waitMs / 1_000);
        clock.pass(waitMs);
      }

      expect(waits).toEqual([5, 10, 20, 40, 80, 160, 320, 640, 900, 900, 900, 900]);
    });

    it('waits as long as is asked when that is longer than the growing wait', async () => {
      const { throttled, clock, brakedMs } = brakes();
      await throttled(customer, 1_000);
      clock.pass(1_000);

      await throttled(customer, 30_000);

      expect(brakedMs()).toEqual({ [customer]: 30_000 });
    });

    it('learns nothing from what was under way when the brake was set', async () => {
      const { throttled, clock, brakedMs, paces } = brakes();
      await throttled(customer, 10_000);
      clock.pass(9_999);

      await throttled(customer, 60_000);
      expect(brakedMs()).toEqual({ [customer]: 1 });

      clock.pass(1);
      await throttled(customer, 1_000);
      expect(brakedMs()).toEqual({ [customer]: 10_000 });
      expect(paces).toEqual([`slower ${customer}`, `slower ${customer}`]);
    });

    it('slows what is under way to that customer', async () => {
      const { throttled, paces } = brakes();

      await throttled(customer);

      expect(paces).toEqual([`slower ${customer}`]);
    });
  });

  describe('when a second customer is refused', () => {
    it('brakes the partner as a whole, and slows everything', async () => {
      const { throttled, brakedMs, paces } = brakes();
      await throttled(customer, 10_000);

      await throttled(other, 20_000);

      expect(brakedMs()).toEqual({ [customer]: 10_000, [other]: 20_000, partner: 20_000 });
      expect(paces).toEqual([`slower ${customer}`, `slower ${other}`, 'slower all']);
    });

    it('brakes that one alone when any has succeeded meanwhile', async () => {
      const { throttled, control, brakes: learn } = brakes();
      await throttled(customer);
      learn.succeeded(customer);

      await throttled(other);

      expect([...control.brakedUntilMs.keys()]).toEqual([customer, other]);
    });

    it('does not take the same customer for a second one', async () => {
      const { throttled, clock, control } = brakes();
      await throttled(customer);
      clock.pass(5_000);

      await throttled(customer);

      expect([...control.brakedUntilMs.keys()]).toEqual([customer]);
    });
  });

  describe('a success', () => {
    it('quickens the customer, and lets the wait grow from its beginning again', async () => {
      const { throttled, clock, brakedMs, brakes: learn, paces } = brakes();
      await throttled(customer);
      clock.pass(5_000);

      learn.succeeded(customer);
      await throttled(customer);

      expect(brakedMs()).toEqual({ [customer]: 5_000 });
      expect(paces[1]).toBe(`faster ${customer}`);
    });

    it('of anybody lets the wait of the partner grow from its beginning again', async () => {
      const { failed, clock, brakedMs, brakes: learn } = brakes();
      await failed('SignInUnavailable');
      clock.pass(5_000);

      learn.succeeded(other);
      await failed('SignInUnavailable');

      expect(brakedMs()).toEqual({ partner: 5_000 });
    });

    it('of another customer leaves the wait as grown as it is', async () => {
      const { throttled, clock, brakedMs, brakes: learn } = brakes();
      await throttled(customer);
      clock.pass(5_000);

      learn.succeeded(other);
      await throttled(customer);

      expect(brakedMs()).toEqual({ [customer]: 10_000 });
    });
  });

  describe('while our own sign-in fails', () => {
    it.each([...operatorCodes, 'AccessTokenRejected'] as const)(
      'sends nothing at all for a minute: %s',
      async (code) => {
        const { failed, brakedMs, paces } = brakes();

        await failed(code);

        expect(brakedMs()).toEqual({ partner: 60_000 });
        expect(paces).toEqual(['slower all']);
      },
    );

    it.each(['SignInThrottled', 'SignInUnavailable'] as const)(
      'sends nothing at all for as long as is asked: %s',
      async (code) => {
        const { failed, brakedMs } = brakes();

        await failed(code, 17_000);

        expect(brakedMs()).toEqual({ partner: 17_000 });
      },
    );
  });

  it.each(codes.filter((code) => !braking.includes(code)))('goes on after %s', async (code) => {
    const { failed, brakedMs, paces } = brakes();

    await failed(code, 60_000);

    expect([brakedMs(), paces]).toEqual([{}, []]);
  });

  it('reports a brake that was lost, and fails nobody for it', async () => {
    const { throttled, control, lost } = brakes();
    control.failure = new ResetError('StorageUnavailable', 'Cannot set a brake');

    await throttled(customer);

    expect(lost).toEqual([control.failure]);
  });

  describe('check()', () => {
    it('finds what any instance has set', async () => {
      const one = brakes();
      const another = brakes(one);

      await one.throttled(customer, 7_000);

      expect(await another.brakes.check(customer, signal)).toEqual({
        reason: 'customer',
        untilMs: one.clock.nowMs + 7_000,
      });
      expect(await another.brakes.check(other, signal)).toBeUndefined();
    });

    it('rejects when nobody can say', async () => {
      const { control, brakes: braked } = brakes();
      control.failure = new ResetError('StorageUnavailable', 'Cannot read the brakes');

      await expect(braked.check(customer, signal)).rejects.toBe(control.failure);
    });
  });
});

describe('findStop()', () => {
  const nowMs = 1_000_000;
  const stop = (isHalted: boolean, ...brakedUntilMs: [CustomerTenantId | 'partner', number][]) =>
    findStop({ isHalted, brakedUntilMs: new Map(brakedUntilMs) }, customer, nowMs);

  it('finds none when nothing is set', () => {
    expect(stop(false)).toBeUndefined();
  });

  it('looks again half a minute later while everything is stopped, whatever is braked', () => {
    expect(stop(true, [customer, nowMs + 1])).toEqual({
      reason: 'halted',
      untilMs: nowMs + 30_000,
    });
  });

  it.each([
    ['the customer', [[customer, nowMs + 1]], nowMs + 1, 'customer'],
    ['the partner', [['partner', nowMs + 2]], nowMs + 2, 'partner'],
    [
      'both, the longer one',
      [
        ['partner', nowMs + 3],
        [customer, nowMs + 4],
      ],
      nowMs + 4,
      'partner',
    ],
    [
      'both, the other longer',
      [
        ['partner', nowMs + 6],
        [customer, nowMs + 5],
      ],
      nowMs + 6,
      'partner',
    ],
  ] satisfies [string, [CustomerTenantId | 'partner', number][], number, string][])(
    'finds the brake of %s',
    (_whose, set, untilMs, reason) => {
      expect(stop(false, ...set)).toEqual({ reason, untilMs });
    },
  );

  it('finds none when it is over, or of somebody else', () => {
    expect(stop(false, ['partner', nowMs], [customer, nowMs - 1])).toBeUndefined();
    expect(stop(false, [other, nowMs + 1])).toBeUndefined();
  });
});

function brakes({ clock = new FakeClock(), control = new FakeControl() } = {}) {
  const paces: string[] = [];
  const lost: unknown[] = [];
  const created = createBrakes({
    control,
    pace: {
      slowDown: (customerTenantId) => void paces.push(`slower ${customerTenantId ?? 'all'}`),
      speedUp: (customerTenantId) => void paces.push(`faster ${customerTenantId}`),
    },
    now: clock.now,
    onBrakeLost: (error) => void lost.push(error),
  });
  const throttled = (customerTenantId: CustomerTenantId, retryAfterMs?: number) =>
    created.failed(customerTenantId, new ResetError('Throttled', 'Later', { retryAfterMs }));
  const failed = (code: ResetErrorCode, retryAfterMs?: number) =>
    created.failed(customer, new ResetError(code, code, { retryAfterMs }));
  /** How long each brake lasts from now on. */
  const brakedMs = (): Record<string, number> =>
    Object.fromEntries(
      [...control.brakedUntilMs].map(([scope, untilMs]) => [scope, untilMs - clock.nowMs]),
    );
  return { brakes: created, throttled, failed, brakedMs, clock, control, paces, lost };
}
