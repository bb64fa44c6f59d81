import { randomBytes } from 'node:crypto';
import { getEventListeners } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { untilAborted } from '../../../shared/platform/deadline.js';
import { createFairLimit } from '../../../shared/platform/fair-limit.js';
import { happening, observeFairLimit } from './observe-fair-limit.js';
import { runs, settled } from './runs-by-hand.js';

const { signal } = new AbortController();

describe('createFairLimit()', () => {
  describe('run()', () => {
    it('gives back what the work gives', async () => {
      const limit = createFairLimit({ maxConcurrent: 1 });

      expect(await limit.run('a', () => Promise.resolve(7), signal)).toBe(7);
    });

    it('starts as many as the maximum at once, and one for each that ends', async () => {
      const { start, end, started } = runs(createFairLimit({ maxConcurrent: 2 }));
      for (const name of ['a1', 'a2', 'a3', 'a4']) start('a', name);

      expect(await started()).toEqual(['a1', 'a2']);
      end('a2');
      expect(await started()).toEqual(['a1', 'a2', 'a3']);
    });

    it.each([
      ['fails', () => Promise.reject(new Error('broken'))],
      [
        'throws',
        () => {
          throw new Error('broken');
        },
      ],
    ])('frees the place of work that %s', async (_, work: () => Promise<never>) => {
      const limit = createFairLimit({ maxConcurrent: 1 });

      await expect(limit.run('a', work, signal)).rejects.toThrow('broken');

      expect(await limit.run('a', () => Promise.resolve('next'), signal)).toBe('next');
    });

    it('serves keys in turns, and within a key the first first', async () => {
      const { start, end, started } = runs(createFairLimit({ maxConcurrent: 1 }));
      for (const name of ['a1', 'a2', 'a3', 'b1', 'b2', 'c1']) start(name.charAt(0), name);

      for (const name of ['a1', 'b1', 'c1', 'a2', 'b2']) {
        await started();
        end(name);
      }

      expect(await started()).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
    });

    it('rejects with the reason of a signal that aborts while it waits', async () => {
      const { run, start, end, started } = runs(createFairLimit({ maxConcurrent: 1 }));
      const controller = new AbortController();
      start('a', 'a1');
      const second = run('a', 'a2', controller.signal);
      start('a', 'a3');
      await started();

      controller.abort(new Error('gone'));
      end('a1');

      await expect(second).rejects.toThrow('gone');
      expect(await started()).toEqual(['a1', 'a3']);
    });

    it('starts nothing for a signal that is aborted already', async () => {
      const { run, started } = runs(createFairLimit({ maxConcurrent: 1 }));

      await expect(run('a', 'a1', AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');

      expect(await started()).toEqual([]);
    });

    it('leaves work alone that has started when its signal aborts', async () => {
      const { run, end, started } = runs(createFairLimit({ maxConcurrent: 1 }));
      const controller = new AbortController();
      const first = run('a', 'a1', controller.signal);
      await started();

      controller.abort(new Error('gone'));
      end('a1');

      await expect(first).resolves.toBe('a1');
    });

    it('leaves no listener on the signal', async () => {
      const limit = createFairLimit({ maxConcurrent: 1 });
      const controller = new AbortController();

      await Promise.all(
        Array.from({ length: 20 }, () =>
          limit.run('a', () => Promise.resolve(), controller.signal),
        ),
      );

      expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    });
  });

  describe('slowDown()', () => {
    it.each([
      [1, 8, 4],
      [2, 8, 2],
      [3, 8, 1],
      [4, 8, 1],
      [1, 5, 2],
      [1, 1, 1],
    ])('called %d times leaves of %d at once %d', async (times, maxConcurrent, left) => {
      const limit = createFairLimit({ maxConcurrent });
      const { start, started } = runs(limit);

      for (let time = 0; time < times; time += 1) limit.slowDown('a');
      for (let name = 0; name < 20; name += 1) start('a', `a${name}`);

      expect(await started()).toHaveLength(left);
    });

    it('of one key does not hold up the others', async () => {
      const limit = createFairLimit({ maxConcurrent: 4 });
      const { start, started } = runs(limit);
      limit.slowDown('a');
      limit.slowDown('a');

      for (const name of ['a1', 'a2', 'a3', 'b1', 'b2', 'b3']) start(name.charAt(0), name);

      expect(await started()).toEqual(['a1', 'b1', 'b2', 'b3']);
    });

    it('without a key slows everybody down', async () => {
      const limit = createFairLimit({ maxConcurrent: 4 });
      const { start, started } = runs(limit);

      limit.slowDown();
      for (const name of ['a1', 'a2', 'b1', 'b2']) start(name.charAt(0), name);

      expect(await started()).toEqual(['a1', 'a2']);
    });

    it('holds for what is started after, not for what runs', async () => {
      const limit = createFairLimit({ maxConcurrent: 4 });
      const { start, end, started } = runs(limit);
      for (const name of ['a1', 'a2', 'a3', 'a4', 'a5']) start('a', name);
      await started();

      limit.slowDown('a');
      end('a1');
      end('a2');
      expect(await started()).toEqual(['a1', 'a2', 'a3', 'a4']);
      end('a3');
      expect(await started()).toEqual(['a1', 'a2', 'a3', 'a4', 'a5']);
    });
  });

  describe('speedUp()', () => {
    it.each([
      [0, 1],
      [1, 2],
      [2, 2],
      [4, 3],
      [7, 4],
      [100, 8],
    ])('called %d times after the slowest leaves %d at once', async (times, left) => {
      const limit = createFairLimit({ maxConcurrent: 8 });
      const { start, started } = runs(limit);
      for (let time = 0; time < 3; time += 1) limit.slowDown('a');

      for (let time = 0; time < times; time += 1) limit.speedUp('a');
      for (let name = 0; name < 20; name += 1) start('a', `a${name}`);

      expect(await started()).toHaveLength(left);
    });

    it('starts what waits', async () => {
      const limit = createFairLimit({ maxConcurrent: 2 });
      const { start, started } = runs(limit);
      limit.slowDown('a');
      start('a', 'a1');
      start('a', 'a2');
      expect(await started()).toEqual(['a1']);

      limit.speedUp('a');

      expect(await started()).toEqual(['a1', 'a2']);
    });

    it('of one key teaches something about everybody, but nothing about another key', async () => {
      const limit = createFairLimit({ maxConcurrent: 2 });
      const { start, started } = runs(limit);
      limit.slowDown();
      limit.slowDown('b');

      limit.speedUp('a');
      for (const name of ['b1', 'b2', 'a1']) start(name.charAt(0), name);

      expect(await started()).toEqual(['b1', 'a1']);
    });
  });

  it('keeps its promises whatever happens', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.array(happening, { maxLength: 120, size: 'max' }),
        async (maxConcurrent, happenings) => {
          const observed = observeFairLimit(maxConcurrent);
          for (const one of happenings) {
            observed.happens(one);
            await settled();
            expect(observed.idle()).toEqual([]);
          }
          for (let left = happenings.length; left > 0; left -= 1) {
            observed.happens({ kind: 'end', which: 0, fails: false });
            await settled();
          }

          expect(observed.waiting()).toEqual([]);
          expect(observed.complaints).toEqual([]);
        },
      ),
      { numRuns: 200 },
    );
  });

  describe('with 100,000 who wait', () => {
    it.each([
      ['one key', () => 'a'],
      ['a key each', (at: number) => `key-${at}`],
    ])('of %s serves them all, each as fast as one of fewer', async (_, keyOf) => {
      const short = await msToServe(10_000, keyOf);
      const long = await msToServe(100_000, keyOf);

      // Ten times as long if each takes the same, a hundred times if each takes ten times as long.
      expect(long / short).toBeLessThan(40);
    });

    it('lets them all go when their signal aborts, each as fast as one of fewer', async () => {
      const short = await msToLetGo(10_000);
      const long = await msToLetGo(100_000);

      expect(long / short).toBeLessThan(40);
    });
  });

  it('forgets keys that are idle and as fast as can be', async () => {
    const limit = createFairLimit({ maxConcurrent: 2 });
    const before = await heapBytes();

    for (let at = 0; at < 20_000; at += 1) {
      const key = randomBytes(500).toString('hex');
      limit.slowDown(key);
      limit.speedUp(key);
      await limit.run(key, () => Promise.resolve(), signal);
    }

    expect((await heapBytes()) - before).toBeLessThan(5_000_000);
    // Still in use, so that it was not collected as a whole.
    expect(await limit.run('a', () => Promise.resolve('served'), signal)).toBe('served');
  });
});

async function msToServe(waiters: number, keyOf: (at: number) => string): Promise<number> {
  const limit = createFairLimit({ maxConcurrent: 16 });
  const work = () => Promise.resolve();
  const startedAtMs = performance.now();
  await Promise.all(Array.from({ length: waiters }, (_, at) => limit.run(keyOf(at), work, signal)));
  return performance.now() - startedAtMs;
}

async function msToLetGo(waiters: number): Promise<number> {
  const limit = createFairLimit({ maxConcurrent: 1 });
  const controller = new AbortController();
  const work = () => untilAborted(new Promise<never>(() => undefined), controller.signal);
  const startedAtMs = performance.now();
  const all = Promise.allSettled(
    Array.from({ length: waiters }, () => limit.run('a', work, controller.signal)),
  );
  controller.abort();
  await all;
  return performance.now() - startedAtMs;
}

async function heapBytes(): Promise<number> {
  setFlagsFromString('--expose-gc');
  await settled();
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}
