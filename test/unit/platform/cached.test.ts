import { describe, expect, it } from '@jest/globals';
import { createCached } from '../../../shared/platform/cached.js';
import { FakeClock } from '../../fakes/fake-clock.js';

const signal = new AbortController().signal;
const away = new Error('source is away');
const refused = new Error('source refuses');

describe('createCached()', () => {
  it('reads once while the value is young', async () => {
    const { source, cached, clock } = aCached({ ttlMs: 60_000 });
    await cached.get(signal);
    clock.pass(59_999);

    await expect(cached.get(signal)).resolves.toBe('value 1');

    expect(source.reads).toBe(1);
  });

  it('reads again when the value has reached its age', async () => {
    const { cached, clock } = aCached({ ttlMs: 60_000 });
    await cached.get(signal);
    clock.pass(60_000);

    await expect(cached.get(signal)).resolves.toBe('value 2');
  });

  it('reads every time when values are not kept at all', async () => {
    const { cached } = aCached({ ttlMs: 0 });
    await cached.get(signal);

    await expect(cached.get(signal)).resolves.toBe('value 2');
  });

  it('reads once for all who ask at the same time', async () => {
    const { source, cached } = aCached({ ttlMs: 60_000 });

    const values = await Promise.all(Array.from({ length: 100 }, () => cached.get(signal)));

    expect(new Set(values)).toEqual(new Set(['value 1']));
    expect(source.reads).toBe(1);
  });

  it('lets the value kept stand in while the source is away', async () => {
    const { source, cached, clock } = aCached({ ttlMs: 60_000, maxStaleMs: 3_600_000 });
    await cached.get(signal);
    source.failure = away;
    clock.pass(3_599_999);

    await expect(cached.get(signal)).resolves.toBe('value 1');
  });

  it('rejects when the value kept is too old to stand in', async () => {
    const { source, cached, clock } = aCached({ ttlMs: 60_000, maxStaleMs: 3_600_000 });
    await cached.get(signal);
    source.failure = away;
    clock.pass(3_600_000);

    await expect(cached.get(signal)).rejects.toBe(away);
  });

  it('never lets the rest outlast what may stand in', async () => {
    const { source, cached, clock } = aCached({ ttlMs: 60_000, maxStaleMs: 3_600_000 });
    await cached.get(signal);
    source.failure = away;
    clock.pass(3_599_000);
    await cached.get(signal);
    clock.pass(1_000);

    await expect(cached.get(signal)).rejects.toBe(away);
  });

  it('rejects when the failure is not one that passes', async () => {
    const { source, cached, clock } = aCached({ ttlMs: 60_000 });
    await cached.get(signal);
    source.failure = refused;
    clock.pass(60_000);

    await expect(cached.get(signal)).rejects.toBe(refused);
  });

  it('rejects when there is nothing to stand in', async () => {
    const { source, cached } = aCached({ ttlMs: 60_000 });
    source.failure = away;

    await expect(cached.get(signal)).rejects.toBe(away);
  });

  it('does not keep a failure', async () => {
    const { source, cached } = aCached({ ttlMs: 60_000 });
    source.failure = away;
    await expect(cached.get(signal)).rejects.toBe(away);
    source.failure = undefined;

    await expect(cached.get(signal)).resolves.toBe('value 2');
  });

  it.each([
    [4_999, 2],
    [5_000, 3],
  ])('after %i ms of a source that is away has asked it %i times', async (passedMs, reads) => {
    const { source, cached, clock } = aCached({ ttlMs: 60_000 });
    await cached.get(signal);
    source.failure = away;
    clock.pass(60_000);
    await cached.get(signal);
    clock.pass(passedMs);

    await cached.get(signal);

    expect(source.reads).toBe(reads);
  });

  it('reads anew on demand, however young the value is', async () => {
    const { cached } = aCached({ ttlMs: 60_000 });
    await cached.get(signal);

    await expect(cached.refresh(signal)).resolves.toBe('value 2');
    await expect(cached.get(signal)).resolves.toBe('value 2');
  });

  it('lets nothing stand in for what is read on demand', async () => {
    const { source, cached } = aCached({ ttlMs: 60_000 });
    await cached.get(signal);
    source.failure = away;

    await expect(cached.refresh(signal)).rejects.toBe(away);
  });

  it.each([0, 60_000])('gives nothing to whoever has left, with ttlMs %i', async (ttlMs) => {
    const { cached } = aCached({ ttlMs });
    await cached.get(signal);

    await expect(cached.get(AbortSignal.abort(new Error('left')))).rejects.toThrow('left');
  });
});

function aCached(options: { readonly ttlMs: number; readonly maxStaleMs?: number }) {
  const clock = new FakeClock();
  const source = { reads: 0, failure: undefined as Error | undefined };
  const cached = createCached({
    read: () => {
      source.reads += 1;
      return source.failure
        ? Promise.reject(source.failure)
        : Promise.resolve(`value ${source.reads}`);
    },
    timeoutMs: 60_000,
    ttlMs: options.ttlMs,
    maxStaleMs: options.maxStaleMs ?? 3_600_000,
    isTransient: (error) => error === away,
    now: clock.now,
  });
  return { source, cached, clock };
}
