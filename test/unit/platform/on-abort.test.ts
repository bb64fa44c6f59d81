import { getEventListeners } from 'node:events';
import { describe, expect, it, jest } from '@jest/globals';
import { onAbort } from '../../../shared/platform/on-abort.js';

describe('onAbort()', () => {
  it('calls back all who wait with the signal, and nobody else', () => {
    const controller = new AbortController();
    const [first, second, other] = [jest.fn(), jest.fn(), jest.fn()];
    onAbort(controller.signal, first);
    onAbort(controller.signal, second);
    onAbort(new AbortController().signal, other);

    controller.abort();

    expect(first).toHaveBeenCalledTimes(1);
    expect(second).toHaveBeenCalledTimes(1);
    expect(other).not.toHaveBeenCalled();
  });

  it('does not call back whoever took that back', () => {
    const controller = new AbortController();
    const [first, second] = [jest.fn(), jest.fn()];
    const takeBack = onAbort(controller.signal, first);
    onAbort(controller.signal, second);

    takeBack();
    controller.abort();

    expect(first).not.toHaveBeenCalled();
    expect(second).toHaveBeenCalledTimes(1);
  });

  it('lets a callback take itself back', () => {
    const controller = new AbortController();
    const called: number[] = [];
    for (const name of [1, 2, 3]) {
      const takeBack = onAbort(controller.signal, () => {
        takeBack();
        called.push(name);
      });
    }

    controller.abort();

    expect(called).toEqual([1, 2, 3]);
  });

  it('listens to a signal once for all, and no longer than anybody waits', () => {
    const { signal } = new AbortController();

    const takeBacks = Array.from({ length: 20 }, () => onAbort(signal, () => undefined));
    const whileWaiting = getEventListeners(signal, 'abort').length;
    for (const takeBack of takeBacks) takeBack();

    expect(whileWaiting).toBe(1);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('listens again for those who come later', () => {
    const controller = new AbortController();
    const callback = jest.fn();
    onAbort(controller.signal, jest.fn())();

    onAbort(controller.signal, callback);
    controller.abort();

    expect(callback).toHaveBeenCalledTimes(1);
  });
});
