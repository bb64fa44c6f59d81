import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { backoffMs, retry } from '../../../shared/platform/retry.js';
import { FakeClock } from '../../fakes/fake-clock.js';

// The same cases in every run: a test that turns red was broken by a change, not by the draw.
fc.configureGlobal({ seed: 20_260_101, numRuns: 500 });

const anAttempt = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 1_000_000 }));
const limits = fc.record({
  baseMs: fc.integer({ min: 1, max: 600_000 }),
  capMs: fc.integer({ min: 1, max: 86_400_000 }),
});
/** As `Math.random` gives it. */
const aShare = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

/** The longest wait there can be. */
function ceilingMs(attempt: number, within: Parameters<typeof backoffMs>[1]): number {
  return backoffMs(attempt, within, () => 1 - Number.EPSILON);
}

describe('backoffMs()', () => {
  it('is a whole number between nothing and its ceiling', () => {
    fc.assert(
      fc.property(anAttempt, limits, aShare, (attempt, within, share) => {
        const waitMs = backoffMs(attempt, within, () => share);

        expect(Number.isSafeInteger(waitMs)).toBe(true);
        expect(waitMs).toBeGreaterThanOrEqual(0);
        expect(waitMs).toBeLessThanOrEqual(ceilingMs(attempt, within));
      }),
    );
  });

  it('has a ceiling that doubles with each attempt until it is the cap', () => {
    fc.assert(
      fc.property(anAttempt, limits, (attempt, within) => {
        const { baseMs, capMs } = within;
        const doubledMs = 2 * ceilingMs(attempt, within);

        expect(ceilingMs(1, within)).toBe(Math.min(baseMs, capMs));
        expect(ceilingMs(attempt + 1, within)).toBe(Math.min(doubledMs, capMs));
      }),
    );
  });
});

describe('retry()', () => {
  const someDelays = fc.array(fc.nat({ max: 60_000 }), { maxLength: 8 });

  it('runs until it succeeds or gives up, and waits in between for as long as told', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 8 }), someDelays, async (failures, delays) => {
        const { sleep, sleptMs } = new FakeClock();
        const nextDelayMs = (_error: unknown, attempt: number) => delays[attempt - 1];
        const { run, attempts } = failing(failures);

        const { signal } = new AbortController();
        const outcome = await retry(run, { nextDelayMs, sleep }, signal).catch(String);

        const last = Math.min(failures, delays.length) + 1;
        expect(outcome).toBe(last > failures ? 'done' : `failure ${last}`);
        expect(attempts).toEqual(Array.from({ length: last }, (_, index) => index + 1));
        expect(sleptMs).toEqual(delays.slice(0, last - 1));
      }),
    );
  });

  it('makes no attempt once the signal has aborted, and fails as the last one did', async () => {
    const aWhen = fc.constantFrom('running', 'waiting');

    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 8 }), aWhen, async (abortedAt, when) => {
        const controller = new AbortController();
        const abort = () => controller.abort();
        const { run, attempts } = failing(Infinity, (attempt) => {
          if (attempt === abortedAt && when === 'running') abort();
        });
        const sleep = () => {
          if (attempts.length === abortedAt) abort();
          return controller.signal.aborted
            ? Promise.reject(new Error('aborted'))
            : Promise.resolve();
        };

        const running = retry(run, { nextDelayMs: () => 0, sleep }, controller.signal);

        expect(await running.catch(String)).toBe(`failure ${abortedAt}`);
        expect(attempts).toHaveLength(abortedAt);
      }),
    );
  });
});

function failing(failures: number, onAttempt: (attempt: number) => void = () => undefined) {
  const attempts: number[] = [];
  const run = (attempt: number): Promise<string> => {
    attempts.push(attempt);
    onAttempt(attempt);
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- compared as it is
    return attempt > failures ? Promise.resolve('done') : Promise.reject(`failure ${attempt}`);
  };
  return { run, attempts };
}
