import process from 'node:process';
import { parseArgs } from 'node:util';
import { reportEnumeration } from './enumeration/report.js';
import { type Scenario, scenarioOf, scopeOf } from './scenario.js';
import { type FaultKind, faultKinds } from './seeded-fates.js';
import { shrink } from './shrink.js';
import { simulate } from './simulate.js';
import { tellStory } from './story.js';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '2000' },
    'first-seed': { type: 'string', default: '1' },
    faults: { type: 'string', default: faultKinds.join(',') },
    replay: { type: 'string' },
    enumerate: { type: 'boolean', default: false },
  },
});

/** Runs needed to find a short story at most. */
const budget = 400;
const faults = values.faults.split(',').map(parseFaultKind);
const scope = scopeOf(faults);
// Stack traces of the many failures that are part of a run cost more than the run.
Error.stackTraceLimit = 0;

const isSafe = values.enumerate ? await reportEnumeration(console.log) : await runSeeds();
if (!isSafe) process.exitCode = 1;

async function runSeeds(): Promise<boolean> {
  const firstSeed = Number(values.replay ?? values['first-seed']);
  const seeds = values.replay === undefined ? Number(values.seeds) : 1;
  const startedMs = performance.now();
  const totals = { events: 0, effects: 0, faults: 0, failed: 0 };
  for (let seed = firstSeed; seed < firstSeed + seeds; seed += 1) {
    const scenario = scenarioOf(seed, scope);
    const { history, effects, faults: happened, violations } = await simulate(scenario);
    totals.events += history.events.length;
    totals.effects += effects;
    totals.faults += happened.length;
    const [violation] = violations;
    if (violation === undefined) continue;
    totals.failed += 1;
    console.log(`\nSeed ${seed} violates: ${violation.invariant}`);
    // One story says enough; the others are replayed by their seeds.
    if (totals.failed === 1) await tell(scenario, violation.invariant);
  }

  const seconds = (performance.now() - startedMs) / 1_000;
  console.log(
    `${seeds} runs in ${seconds.toFixed(1)} s: ${totals.effects} calls, ${totals.faults} faults, ` +
      `${totals.events} events; ${totals.failed} runs violate an invariant`,
  );
  return totals.failed === 0;
}

async function tell(scenario: Scenario, invariant: Parameters<typeof shrink>[1]): Promise<void> {
  const failure = await shrink(scenario, invariant, { budget });
  if (failure === undefined) return;
  const { run, violation } = failure;
  console.log(`\n${tellStory(run.history.events, violation)}\n`);
  console.log(`npm run simulate -- --replay ${scenario.seed} --faults ${faults.join(',')}\n`);
}

function parseFaultKind(text: string): FaultKind {
  const kind = faultKinds.find((one) => one === text);
  if (kind === undefined) throw new RangeError(`--faults takes ${faultKinds.join(', ')}`);
  return kind;
}
