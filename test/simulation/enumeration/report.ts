import { tellStory } from '../story.js';
import { describePlan, enumerateFaults } from './enumerate.js';
import { type PathName, paths } from './paths.js';

/** Every single fault on every path, and every pair of faults where most can go wrong. */
const campaigns: readonly { readonly path: PathName; readonly depth: number }[] = [
  ...(Object.keys(paths) as PathName[]).map((path) => ({ path, depth: 1 })),
  { path: 'worker', depth: 2 },
];

/** Runs all of it and says what came of it; false when an invariant was violated. */
export async function reportEnumeration(print: (line: string) => void): Promise<boolean> {
  let failed = 0;
  for (const { path, depth } of campaigns) {
    let runs = 0;
    for await (const { plan, run } of enumerateFaults(paths[path], { depth })) {
      runs += 1;
      const [violation] = run.violations;
      if (violation === undefined) continue;
      failed += 1;
      print(`\nPath ${path} violates: ${violation.invariant}\n(${describePlan(plan)})`);
      // One story says enough.
      if (failed === 1) print(`\n${tellStory(run.history.events, violation)}\n`);
    }
    print(`${runs} runs of the path ${path} with at most ${depth} faults`);
  }
  print(`${failed} runs violate an invariant`);
  return failed === 0;
}
