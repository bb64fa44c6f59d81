import { beforeEach, describe, expect, it } from '@jest/globals';
import type { BrakeScope, Control } from '../../shared/password-reset/ports.js';
import { anotherCustomerTenantId, customerTenantId } from '../builders/a-reset-row.js';
import { FakeClock } from '../fakes/fake-clock.js';

const { signal } = new AbortController();

/** What every stop switch with brakes does, whatever it is made of. */
// eslint-disable-next-line jest/no-export -- one suite runs on the fake and on the adapter
export function describeControl(name: string, open: (now: () => number) => Promise<Control>): void {
  describe(`${name} as Control`, () => {
    const clock = new FakeClock();
    let control: Control;

    beforeEach(async () => {
      control = await open(clock.now);
    });

    it('lets everything go until it is told otherwise', async () => {
      expect(await control.read(signal)).toEqual({ isHalted: false, brakedUntilMs: new Map() });
    });

    it.each<[string, BrakeScope]>([
      ['a customer', customerTenantId],
      ['the partner', 'partner'],
    ])('brakes %s, and shows it at once', async (_whom, scope) => {
      await control.read(signal);

      await control.brake(scope, clock.nowMs + 60_000);

      const { brakedUntilMs } = await control.read(signal);
      expect([...brakedUntilMs]).toEqual([[scope, clock.nowMs + 60_000]]);
    });

    it('brakes each for itself', async () => {
      await control.brake(customerTenantId, clock.nowMs + 1_000);
      await control.brake(anotherCustomerTenantId, clock.nowMs + 2_000);
      await control.brake('partner', clock.nowMs + 3_000);

      const { brakedUntilMs } = await control.read(signal);
      expect(new Map(brakedUntilMs)).toEqual(
        new Map<BrakeScope, number>([
          [customerTenantId, clock.nowMs + 1_000],
          [anotherCustomerTenantId, clock.nowMs + 2_000],
          ['partner', clock.nowMs + 3_000],
        ]),
      );
    });

    it.each([
      ['lengthens a brake', 60_000, 120_000],
      ['leaves a brake that is longer', 120_000, 60_000],
      ['leaves a brake that is the same', 120_000, 120_000],
    ])('%s', async (_what, firstMs, secondMs) => {
      await control.brake('partner', clock.nowMs + firstMs);
      await control.brake('partner', clock.nowMs + secondMs);

      clock.pass(2_000);
      const { brakedUntilMs } = await control.read(signal);
      expect(brakedUntilMs.get('partner')).toBe(clock.nowMs - 2_000 + 120_000);
    });

    it('keeps the longest of many brakes that are set at once', async () => {
      const untilMs = Array.from({ length: 10 }, (_, at) => clock.nowMs + 10_000 + at * 1_000);

      await Promise.all(untilMs.map((oneMs) => control.brake('partner', oneMs)));

      clock.pass(2_000);
      const { brakedUntilMs } = await control.read(signal);
      expect(brakedUntilMs.get('partner')).toBe(untilMs.at(-1));
    });

    it('ends when it is told to', async () => {
      await expect(control.read(AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
    });
  });
}
