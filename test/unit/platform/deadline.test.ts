import { describe, expect, it } from '@jest/globals';
import { isCancelled, untilAborted, withTimeout } from '../../../shared/platform/deadline.js';

const never = new AbortController().signal;

/** Ends by its signal alone. */
const untilSignalled = (signal: AbortSignal) =>
  untilAborted(new Promise<never>(() => undefined), signal);

describe('withTimeout()', () => {
  it('gives what was run', async () => {
    await expect(withTimeout(() => Promise.resolve('done'), 60_000, never)).resolves.toBe('done');
  });

  it('aborts with a TimeoutError when the time is over', async () => {
    await expect(withTimeout(untilSignalled, 1)).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('aborts with the reason of the given signal when that is sooner', async () => {
    const controller = new AbortController();
    const running = withTimeout(untilSignalled, 60_000, controller.signal);

    controller.abort(new Error('caller left'));

    await expect(running).rejects.toThrow('caller left');
  });

  it('runs nothing for a signal that is aborted already', async () => {
    let runs = 0;
    const run = () => Promise.resolve((runs += 1));

    const running = withTimeout(run, 60_000, AbortSignal.abort(new Error('caller left')));

    await expect(running).rejects.toThrow('caller left');
    expect(runs).toBe(0);
  });

  it('leaves the signal it gave alone once the run has ended', async () => {
    const controller = new AbortController();
    const given = await withTimeout((signal) => Promise.resolve(signal), 60_000, controller.signal);

    controller.abort();

    expect(given.aborted).toBe(false);
  });
});

describe('untilAborted()', () => {
  it('gives what the work gives', async () => {
    await expect(untilAborted(Promise.resolve('done'), never)).resolves.toBe('done');
  });

  it('rejects with what the work rejects with', async () => {
    await expect(untilAborted(Promise.reject(new Error('broken')), never)).rejects.toThrow(
      'broken',
    );
  });

  it('rejects at once with the reason of an aborted signal', async () => {
    const work = new Promise(() => undefined);

    const waiting = untilAborted(work, AbortSignal.abort(new Error('caller left')));

    await expect(waiting).rejects.toThrow('caller left');
  });
});

describe('isCancelled()', () => {
  it.each([
    ['a signal that is not aborted', never, false],
    ['one aborted by its owner', AbortSignal.abort(), true],
    ['one aborted for a reason that is no object', AbortSignal.abort(null), true],
    ['a deadline', AbortSignal.abort(new DOMException('late', 'TimeoutError')), false],
  ])('tells for %s', (_, signal, expected) => {
    expect(isCancelled(signal)).toBe(expected);
  });
});
