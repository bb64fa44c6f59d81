import { describe, expect, it } from '@jest/globals';
import { untilAborted } from '../../../shared/platform/deadline.js';
import { createSharedWork } from '../../../shared/platform/shared-work.js';

const never = new AbortController().signal;
const timeoutMs = 60_000;

describe('createSharedWork()', () => {
  it('serves all who wait with one run', async () => {
    const { work, finish } = workByHand();
    const shared = createSharedWork(work.run, { timeoutMs });

    const waiting = Array.from({ length: 100 }, () => shared(never));
    finish(0, 'done');

    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['done']));
    expect(work.signals).toHaveLength(1);
  });

  it('runs again once the run before has ended', async () => {
    const { work, finish } = workByHand();
    const shared = createSharedWork(work.run, { timeoutMs });
    const first = shared(never);
    finish(0, 'first');
    await first;

    const second = shared(never);
    finish(1, 'second');

    await expect(second).resolves.toBe('second');
  });

  it('runs again after a failure', async () => {
    let runs = 0;
    const shared = createSharedWork(
      () => ((runs += 1) === 1 ? Promise.reject(new Error('broken')) : Promise.resolve('done')),
      { timeoutMs },
    );
    await expect(shared(never)).rejects.toThrow('broken');

    await expect(shared(never)).resolves.toBe('done');
  });

  it('goes on for the others when the one who came first leaves', async () => {
    const { work, finish } = workByHand();
    const shared = createSharedWork(work.run, { timeoutMs });
    const controller = new AbortController();
    const first = shared(controller.signal);
    const second = shared(never);

    controller.abort(new Error('first left'));

    await expect(first).rejects.toThrow('first left');
    expect(work.signals[0]?.aborted).toBe(false);
    finish(0, 'done');
    await expect(second).resolves.toBe('done');
  });

  it('goes on when everybody has left, and its failure harms nobody', async () => {
    const { work, finish, fail } = workByHand();
    const shared = createSharedWork(work.run, { timeoutMs });
    const controller = new AbortController();
    const only = shared(controller.signal);
    controller.abort(new Error('left'));
    await expect(only).rejects.toThrow('left');

    fail(0, new Error('broken'));
    await nextTurn();

    const next = shared(never);
    finish(1, 'done');
    await expect(next).resolves.toBe('done');
  });

  it('starts nothing for a signal that is aborted already', async () => {
    const { work } = workByHand();
    const shared = createSharedWork(work.run, { timeoutMs });

    await expect(shared(AbortSignal.abort(new Error('left')))).rejects.toThrow('left');

    expect(work.signals).toHaveLength(0);
  });

  it('ends by its own deadline', async () => {
    const shared = createSharedWork(
      (signal) => untilAborted(new Promise<never>(() => undefined), signal),
      { timeoutMs: 1 },
    );

    await expect(shared()).rejects.toMatchObject({ name: 'TimeoutError' });
  });
});

/** Work whose runs end when the test says so. */
function workByHand() {
  const runs: PromiseWithResolvers<string>[] = [];
  const signals: AbortSignal[] = [];
  const at = (index: number) => {
    const run = runs[index];
    if (run === undefined) throw new Error(`run ${index} has not begun`);
    return run;
  };
  return {
    work: {
      signals,
      run: (signal: AbortSignal) => {
        const run = withResolvers<string>();
        runs.push(run);
        signals.push(signal);
        return run.promise;
      },
    },
    finish: (index: number, value: string) => at(index).resolve(value),
    fail: (index: number, error: Error) => at(index).reject(error),
  };
}

interface PromiseWithResolvers<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

function withResolvers<T>(): PromiseWithResolvers<T> {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

/** An unhandled rejection would have ended the test run by then. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
