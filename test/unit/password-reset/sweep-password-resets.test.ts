import { describe, expect, it } from '@jest/globals';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import { defaultLimits, type ResetRow } from '../../../shared/password-reset/reset-row.js';
import {
  createSweepPasswordResets,
  overdueMs,
} from '../../../shared/password-reset/sweep-password-resets.js';
import { acceptedAtMs, aResetRow, customerTenantId } from '../../builders/a-reset-row.js';
import { FakeClock } from '../../fakes/fake-clock.js';
import { FakeControl } from '../../fakes/fake-control.js';
import { FakeResetStore } from '../../fakes/fake-reset-store.js';
import { FakeWakeUps } from '../../fakes/fake-wake-ups.js';

const { signal } = new AbortController();
const { leaseMs, settleMs, maxAgeMs } = defaultLimits;
const { resetId } = aResetRow();
const dayMs = 24 * 3_600_000;

describe('createSweepPasswordResets()', () => {
  it.each([
    ['queued', { notBeforeMs: acceptedAtMs }, overdueMs],
    ['uncertain', { notBeforeMs: acceptedAtMs + settleMs }, settleMs + overdueMs],
    ['claimed', { leaseExpiresAtMs: acceptedAtMs + leaseMs }, leaseMs + settleMs + overdueMs],
  ] as const)(
    'wakes a row that is %s, %j, a minute after its time',
    async (state, values, ageMs) => {
      const { sweep, clock, wakeUps } = sweeper(aResetRow({ state, ...values }));

      clock.pass(ageMs - 1);
      expect(await sweep(1)).toEqual({ woken: 0 });
      clock.pass(1);
      expect(await sweep(1)).toEqual({ woken: 1 });
      expect(wakeUps.sent).toEqual([{ resetId, delayMs: 0 }]);
    },
  );

  it.each(['applied', 'rejected', 'cancelled', 'attention'] as const)(
    'leaves a row that is %s alone',
    async (state) => {
      const { sweep, clock } = sweeper(aResetRow({ state }));
      clock.pass(maxAgeMs);

      expect(await sweep(7)).toEqual({ woken: 0 });
    },
  );

  it.each([
    [1, 0],
    [2, 1],
  ])('looks at %d days: finds %d row of the day before', async (days, woken) => {
    const { sweep, clock } = sweeper(aResetRow());
    clock.pass(dayMs);

    expect(await sweep(days)).toEqual({ woken });
  });

  describe('while nothing may be sent', () => {
    it.each(['everything', 'partner', customerTenantId] as const)(
      'wakes nothing, for it would only come back: %s',
      async (stopped) => {
        const { sweep, stop, clock } = sweeper(aResetRow());
        clock.pass(overdueMs);
        await stop(stopped);

        expect(await sweep(1)).toEqual({ woken: 0 });
      },
    );

    it.each(['everything', 'partner', customerTenantId] as const)(
      'wakes what is too old all the same, so that it ends: %s',
      async (stopped) => {
        const { sweep, stop, clock } = sweeper(aResetRow());
        clock.pass(maxAgeMs);
        await stop(stopped);

        expect(await sweep(2)).toEqual({ woken: 1 });
      },
    );
  });

  it('ends when its time is over', async () => {
    const { sweep, clock, wakeUps } = sweeper(aResetRow());
    clock.pass(overdueMs);
    const controller = new AbortController();
    const reason = new DOMException('over', 'TimeoutError');
    wakeUps.send = () => Promise.reject(new Error('nothing is sent'));

    const sweeping = sweep(1, controller.signal);
    controller.abort(reason);

    await expect(sweeping).rejects.toBe(reason);
  });

  it('rejects when a wake-up cannot be sent: the next sweep finds the row', async () => {
    const { sweep, clock, wakeUps } = sweeper(aResetRow());
    clock.pass(overdueMs);
    wakeUps.failure = new ResetError('StorageUnavailable', 'Cannot send a message');

    await expect(sweep(1)).rejects.toBe(wakeUps.failure);
  });
});

function sweeper(row: ResetRow) {
  const clock = new FakeClock(acceptedAtMs);
  const control = new FakeControl();
  const wakeUps = new FakeWakeUps();
  const sweepPasswordResets = createSweepPasswordResets({
    singles: new FakeResetStore([row]),
    control,
    wakeUps,
    limits: defaultLimits,
    now: clock.now,
  });
  const sweep = (days: number, until = signal) => sweepPasswordResets(days, until);
  const stop = async (stopped: 'everything' | Parameters<FakeControl['brake']>[0]) => {
    if (stopped === 'everything') control.isHalted = true;
    else await control.brake(stopped, clock.nowMs + 1);
  };
  return { sweep, stop, clock, wakeUps };
}
