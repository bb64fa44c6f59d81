import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createWaitingLine } from '../../../shared/platform/waiting-line.js';

interface Waiter {
  readonly name: number;
}

const step = fc.record({
  action: fc.constantFrom('join' as const, 'leave' as const, 'takeFirst' as const),
  who: fc.nat({ max: 9 }),
});

describe('createWaitingLine()', () => {
  it('serves in the order of joining, whoever leaves and comes back', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
        const waiters = Array.from({ length: 10 }, (_, name): Waiter => ({ name }));
        const line = createWaitingLine<Waiter>();
        let expected: Waiter[] = [];
        const taken: unknown[] = [];
        const expectedTaken: unknown[] = [];

        for (const { action, who } of steps) {
          const waiter = waiters[who] ?? { name: who };
          if (action === 'join') {
            line.join(waiter);
            if (!expected.includes(waiter)) expected.push(waiter);
          } else if (action === 'leave') {
            line.leave(waiter);
            expected = expected.filter((other) => other !== waiter);
          } else {
            taken.push(line.takeFirst());
            expectedTaken.push(expected.shift());
          }
          expect(line).toHaveLength(expected.length);
        }

        expect(taken).toEqual(expectedTaken);
      }),
    );
  });

  it('takes no longer for each who waits when ten times as many do', () => {
    const short = msToServe(10_000);
    const long = msToServe(100_000);

    // Ten times as long if each takes the same, a hundred times if each takes ten times as long.
    expect(long / short).toBeLessThan(40);
  });
});

function msToServe(waiters: number): number {
  const line = createWaitingLine<Waiter>();
  const startedAtMs = performance.now();
  for (let name = 0; name < waiters; name += 1) line.join({ name });
  for (let turn = 0; turn < waiters; turn += 1) {
    const first = line.takeFirst();
    if (first) line.join(first);
  }
  for (let turn = 0; turn < waiters; turn += 1) line.takeFirst();
  return performance.now() - startedAtMs;
}
