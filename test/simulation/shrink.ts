import type { Invariant, Violation } from './invariants.js';
import type { Scenario } from './scenario.js';
import { type Run, simulate, type SimulateOptions } from './simulate.js';

export interface Failure {
  readonly scenario: Scenario;
  readonly spared: ReadonlySet<string>;
  readonly run: Run;
  readonly violation: Violation;
}

/**
 * Looks for a smaller scenario that breaks the same invariant: without actions, then without faults, in ever
 * smaller pieces. It ends after so many runs, since a shorter story is welcome but not worth a long wait.
 */
export async function shrink(
  scenario: Scenario,
  invariant: Invariant,
  { budget, ...options }: SimulateOptions & { readonly budget: number },
): Promise<Failure | undefined> {
  let runs = 0;
  let best = await attempt(scenario, new Set());
  if (best === undefined) return undefined;

  for (let isSmaller = true; isSmaller && runs < budget;) {
    const before = sizeOf(best);
    await without(
      () => best?.scenario.actions ?? [],
      (kept, from) => attempt({ ...from.scenario, actions: kept }, from.spared),
    );
    await without(
      () => [...new Set(best?.run.faults)],
      (kept, from) => {
        const remaining = new Set(kept);
        const gone = from.run.faults.filter((fault) => !remaining.has(fault));
        return attempt(from.scenario, new Set([...from.spared, ...gone]));
      },
    );
    isSmaller = sizeOf(best) < before;
  }
  return best;

  async function without<Part>(
    parts: () => readonly Part[],
    tryWith: (kept: readonly Part[], from: Failure) => Promise<Failure | undefined>,
  ): Promise<void> {
    for (let size = Math.ceil(parts().length / 2); size >= 1; size = Math.floor(size / 2)) {
      for (let from = 0; from < parts().length && runs < budget;) {
        const all = parts();
        const kept = [...all.slice(0, from), ...all.slice(from + size)];
        const smaller = best && (await tryWith(kept, best));
        if (best && smaller && sizeOf(smaller) < sizeOf(best)) best = smaller;
        else from += size;
      }
    }
  }

  async function attempt(
    candidate: Scenario,
    spared: ReadonlySet<string>,
  ): Promise<Failure | undefined> {
    runs += 1;
    const run = await simulate(candidate, { ...options, spared });
    const violation = run.violations.find((one) => one.invariant === invariant);
    return violation && { scenario: candidate, spared, run, violation };
  }
}

function sizeOf({ scenario, run }: Failure): number {
  return scenario.actions.length + run.faults.length;
}
