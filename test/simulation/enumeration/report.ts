import { nothingRun, type Print, type Share, sumOf, type Tally, tallyOf } from '../share.js';
import { tellStory } from '../story.js';
import { describePlan, enumerateFaults } from './enumerate.js';
import { type PathName, paths } from './paths.js';

/** Every single fault on every path, and every pair of faults on those of a worker. */
const campaigns: readonly { readonly path: PathName; readonly depth: number }[] = [
  ...(Object.keys(paths) as PathName[]).map((path) => ({ path, depth: 1 })),
  ...(['alone', 'recognized', 'worker'] as const).map((path) => ({ path, depth: 2 })),
];

/** Runs one share of all of it and says what came of it. */
export async function enumerateEverything(share: Share, print: Print): Promise<Tally> {
  let tally = nothingRun;
  for (const { path, depth } of campaigns) {
    const kind = `path ${path}, at most ${depth === 1 ? 'one fault' : `${depth} faults`}`;
    for await (const { plan, run } of enumerateFaults(paths[path], { depth, share })) {
      tally = sumOf(tally, tallyOf(kind, run));
      const [violation] = run.violations;
      if (violation === undefined) continue;
      print(`\nPath ${path} violates: ${violation.invariant}\n(${describePlan(plan)})`);
      // One story says enough.
      if (tally.failed === 1) print(`\n${tellStory(run.history.events, violation)}\n`);
    }
  }
  return tally;
}
