import fc from 'fast-check';
import { createFairLimit } from '../../../shared/platform/fair-limit.js';

const keys = ['a', 'b', 'c', 'd'];

export type Happening =
  | { readonly kind: 'run' | 'speedUp'; readonly key: string }
  | { readonly kind: 'slowDown'; readonly key: string | undefined }
  | { readonly kind: 'end'; readonly which: number; readonly fails: boolean }
  | { readonly kind: 'abort'; readonly which: number };

const key = fc.constantFrom(...keys);
const which = fc.nat({ max: 50 });

export const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('run' as const), key }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('end' as const), which, fails: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('abort' as const), which }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('slowDown' as const),
      key: fc.option(key, { nil: undefined }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('speedUp' as const), key }) },
);

interface Run {
  readonly key: string;
  readonly controller: AbortController;
  state: 'waiting' | 'running' | 'over';
  end: (fails: boolean) => void;
}

/** Watches a limit from outside, with an idea of its own of what may be. */
export function observeFairLimit(maxConcurrent: number) {
  const limit = createFairLimit({ maxConcurrent });
  const runs: Run[] = [];
  /** The one of everybody is under `undefined`. */
  const limits = new Map<string | undefined, number>();
  /** By key: which others had a turn since it could have had one. */
  const passedBy = new Map<string, Set<string>>(keys.map((each) => [each, new Set()]));
  const complaints: string[] = [];

  return {
    /** What must never be; empty if all is well. */
    complaints,
    waiting: () => inState('waiting'),
    /** Keys that wait although there is a place for them. */
    idle() {
      for (const each of keys) if (!mayStart(each)) passedBy.get(each)?.clear();
      return hasPlace() ? keys.filter(mayStart) : [];
    },

    happens(one: Happening): void {
      switch (one.kind) {
        case 'run':
          begin(one.key);
          break;
        case 'end':
          pick(inState('running'), one.which)?.end(one.fails);
          break;
        case 'abort':
          callOff(pick(inState('waiting'), one.which));
          break;
        case 'slowDown':
          limits.set(one.key, Math.max(1, limitOf(one.key) / 2));
          limit.slowDown(one.key);
          break;
        case 'speedUp':
          for (const sped of [undefined, one.key]) {
            limits.set(sped, Math.min(maxConcurrent, limitOf(sped) + 1 / limitOf(sped)));
          }
          limit.speedUp(one.key);
          break;
      }
    },
  };

  function begin(of: string): void {
    const run: Run = {
      key: of,
      controller: new AbortController(),
      state: 'waiting',
      end: () => undefined,
    };
    runs.push(run);
    const work = () => {
      starts(run);
      return new Promise<void>((resolve, reject) => {
        run.end = (fails) => {
          run.state = 'over';
          if (fails) reject(new Error('broken'));
          else resolve();
        };
      });
    };
    limit.run(of, work, run.controller.signal).catch(() => undefined);
  }

  function callOff(run: Run | undefined): void {
    if (run === undefined) return;
    run.state = 'over';
    run.controller.abort();
  }

  function starts(run: Run): void {
    if (run.state !== 'waiting') complaints.push(`${run.key} started although ${run.state}`);
    if (inState('waiting', run.key)[0] !== run) complaints.push(`${run.key} started out of order`);
    if (!mayStart(run.key)) complaints.push(`more of ${run.key} at once than its limit`);
    if (!hasPlace()) complaints.push('more at once than the limit');
    passedBy.get(run.key)?.clear();
    for (const other of keys.filter((each) => each !== run.key && mayStart(each))) {
      const passed = passedBy.get(other);
      if (passed?.has(run.key)) complaints.push(`${run.key} had two turns before ${other}`);
      passed?.add(run.key);
    }
    run.state = 'running';
  }

  function mayStart(of: string): boolean {
    const running = inState('running', of).length;
    return inState('waiting', of).length > 0 && running < Math.floor(limitOf(of));
  }

  function hasPlace(): boolean {
    return inState('running').length < Math.floor(limitOf(undefined));
  }

  function limitOf(of: string | undefined): number {
    return limits.get(of) ?? maxConcurrent;
  }

  function inState(state: Run['state'], of?: string): readonly Run[] {
    return runs.filter((run) => run.state === state && (of === undefined || run.key === of));
  }
}

function pick(runs: readonly Run[], at: number): Run | undefined {
  return runs[at % runs.length];
}
