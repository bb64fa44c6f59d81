import { describe, expect, it } from '@jest/globals';
import { loadOnce } from '../../shared/program.js';

describe('loadOnce()', () => {
  it('loads once for all who ask', async () => {
    let loads = 0;
    const load = loadOnce(() => Promise.resolve({ loads: (loads += 1) }));

    const [first, second] = await Promise.all([load(), load()]);

    expect(first).toBe(second);
    expect(await load()).toBe(first);
    expect(loads).toBe(1);
  });

  it('tries again after a failure, which all who waited are told', async () => {
    const failure = new Error('the disk was busy');
    const results = [() => Promise.reject(failure), () => Promise.resolve('program')];
    const load = loadOnce(() => results.shift()?.() ?? Promise.resolve('too often'));

    const waiting = await Promise.allSettled([load(), load()]);

    expect(waiting).toEqual(Array(2).fill({ status: 'rejected', reason: failure }));
    expect(await load()).toBe('program');
  });
});
