import type { Scenario } from '../scenario.js';
import { everything, isInShare, type Share } from '../share.js';
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
  /** Of the first faults. */
  readonly share?: Share;
}

/**
 * Runs a path without any fault, then once with every fault at every place that it comes to, then with
 * every further fault at every place that it comes to after that one, and so on.
 */
export async function* enumerateFaults(
  path: Scenario,
  { depth, share = everything, ...options }: EnumerateOptions,
  plan: readonly PlannedFault[] = [],
): AsyncGenerator<PlannedRun> {
  const fates = new ScriptedFates(plan);
  yield { plan, run: await simulate(path, { ...options, fates }) };
  if (plan.length === depth) return;
  const further = placesAfter(plan, fates.places).flatMap(({ at, faults }) =>
    faults.map((fault) => ({ at, fault })),
  );
  for (const [index, planned] of further.entries()) {
    if (!isInShare(index, share)) continue;
    yield* enumerateFaults(path, { depth, ...options }, [...plan, planned]);
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
