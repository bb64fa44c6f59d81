import type { Scenario } from '../scenario.js';
import { type Run, simulate, type SimulateOptions } from '../simulate.js';
import { type Place, type PlannedFault, ScriptedFates } from './scripted-fates.js';

/** One run of a path in which only what is planned goes wrong. */
export interface PlannedRun {
  readonly plan: readonly PlannedFault[];
  readonly run: Run;
}

export interface EnumerateOptions extends Pick<SimulateOptions, 'variation'> {
  /** How many faults a run has at most. */
  readonly depth: number;
}

/**
 * Runs a path without any fault, then once with every fault at every place that it comes to, then with
 * every further fault at every place that it comes to after that one, and so on.
 */
export async function* enumerateFaults(
  path: Scenario,
  { depth, ...options }: EnumerateOptions,
  plan: readonly PlannedFault[] = [],
): AsyncGenerator<PlannedRun> {
  const fates = new ScriptedFates(plan);
  yield { plan, run: await simulate(path, { ...options, fates }) };
  if (plan.length === depth) return;
  for (const { at, faults } of placesAfter(plan, fates.places)) {
    for (const fault of faults) {
      yield* enumerateFaults(path, { depth, ...options }, [...plan, { at, fault }]);
    }
  }
}

/** Those before the last fault are the same as without it. */
function placesAfter(plan: readonly PlannedFault[], places: readonly Place[]): readonly Place[] {
  const last = plan.at(-1);
  return places.slice(places.findIndex(({ at }) => at === last?.at) + 1);
}

export function describePlan(plan: readonly PlannedFault[]): string {
  return plan.map(({ at, fault }) => `${at}: ${fault}`).join('; ') || 'nothing goes wrong';
}
