import type { Invariant } from './invariants.js';
import { type Scenario, scenarioOf, scopeOf } from './scenario.js';
import type { FaultKind } from './seeded-fates.js';
import {
  isInShare,
  nothingRun,
  type Print,
  type Share,
  sumOf,
  type Tally,
  tallyOf,
} from './share.js';
import { shrink } from './shrink.js';
import { simulate } from './simulate.js';
import { tellStory } from './story.js';

export interface Seeds {
  readonly first: number;
  readonly count: number;
  readonly faults: readonly FaultKind[];
}

/** Runs needed to find a short story at most. */
const budget = 400;

/** Runs the seeds of one share and says which of them violate an invariant, and how the first one does. */
export async function runSeeds(
  { first, count, faults }: Seeds,
  share: Share,
  print: Print,
): Promise<Tally> {
  const scope = scopeOf(faults);
  let tally = nothingRun;
  for (let seed = first; seed < first + count; seed += 1) {
    if (!isInShare(seed - first, share)) continue;
    const scenario = scenarioOf(seed, scope);
    const run = await simulate(scenario);
    const [violation] = run.violations;
    tally = sumOf(tally, tallyOf('seeds', run));
    if (violation === undefined) continue;
    print(`\nSeed ${seed} violates: ${violation.invariant}`);
    // One story says enough; the others are replayed by their seeds.
    if (tally.failed === 1) print(await storyOf(scenario, violation.invariant, faults));
  }
  return tally;
}

async function storyOf(
  scenario: Scenario,
  invariant: Invariant,
  faults: readonly FaultKind[],
): Promise<string> {
  const failure = await shrink(scenario, invariant, { budget });
  const story = failure && tellStory(failure.run.history.events, failure.violation);
  const replay = `npm run simulate -- --replay ${scenario.seed} --faults ${faults.join(',')}`;
  return `\n${story ?? ''}\n\n${replay}\n`;
}
