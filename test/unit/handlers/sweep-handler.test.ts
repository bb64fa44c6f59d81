import { describe, expect, it } from '@jest/globals';
import { createSweepHandler } from '../../../shared/handlers/sweep-handler.js';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import { anInvocation, aTimer } from './invocation.js';

const away = new ResetError('StorageUnavailable', 'table canary does not answer');
const bug = new TypeError('canary is not a function');

describe('createSweepHandler()', () => {
  it('sweeps single and bulk resets, and logs what each came to', async () => {
    const { sweep, logged } = aSweep();

    await sweep();

    expect(logged).toEqual([
      { level: 'information', args: ['sweep of password resets', { woken: 3 }] },
      { level: 'information', args: ['sweep of bulk resets', { finished: 1 }] },
    ]);
  });

  it.each([
    ['2026-01-01T00:00:00.000Z', 90],
    ['2026-01-01T00:00:59.999Z', 90],
    ['2026-01-01T00:01:00.000Z', 2],
    ['2026-01-01T23:59:59.999Z', 2],
  ])('looks further back once an hour: at %s over %d days', async (time, days) => {
    const { sweep, swept } = aSweep({ time });

    await sweep();

    expect(swept).toEqual([days]);
  });

  it.each([
    ['single', { singles: away }, ['StorageUnavailable', undefined], away],
    ['bulk', { bulk: bug }, [undefined, 'TypeError'], bug],
    ['all', { singles: away, bulk: bug }, ['StorageUnavailable', 'TypeError'], away],
  ] as const)(
    'goes through with the rest when %s resets fail',
    async (_, failing, codes, first) => {
      const { sweep, logged } = aSweep(failing);

      await expect(sweep()).rejects.toBe(first);

      const [singles, bulk] = codes;
      expect(logged).toEqual([
        singles === undefined
          ? { level: 'information', args: ['sweep of password resets', { woken: 3 }] }
          : { level: 'error', args: ['sweep of password resets failed', { error: singles }] },
        bulk === undefined
          ? { level: 'information', args: ['sweep of bulk resets', { finished: 1 }] }
          : { level: 'error', args: ['sweep of bulk resets failed', { error: bulk }] },
      ]);
      expect(JSON.stringify(logged)).not.toContain('canary');
    },
  );

  it('gives both parts one deadline', async () => {
    const signals: AbortSignal[] = [];
    const { sweep } = aSweep({ onSignal: (signal) => signals.push(signal) });

    await sweep();

    expect(signals).toHaveLength(2);
    expect(signals[0]).toBe(signals[1]);
    expect(signals[0]?.aborted).toBe(false);
  });
});

interface SweepValues {
  readonly time?: string;
  readonly singles?: Error;
  readonly bulk?: Error;
  readonly onSignal?: (signal: AbortSignal) => void;
}

function aSweep({ time = '2026-01-01T00:30:00.000Z', ...values }: SweepValues = {}) {
  const { singles, bulk, onSignal } = values;
  const swept: number[] = [];
  const { context, logged } = anInvocation();
  const handler = createSweepHandler({
    sweepPasswordResets: (days, signal) => {
      swept.push(days);
      onSignal?.(signal);
      return singles ? Promise.reject(singles) : Promise.resolve({ woken: 3 });
    },
    sweepBulkResets: (signal) => {
      onSignal?.(signal);
      return bulk ? Promise.reject(bulk) : Promise.resolve({ finished: 1 });
    },
    timeoutMs: 280_000,
    now: () => Date.parse(time),
  });
  return { sweep: () => Promise.resolve(handler(aTimer(), context)), swept, logged };
}
