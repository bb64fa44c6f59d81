import { availableParallelism } from 'node:os';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { isMainThread } from 'node:worker_threads';
import { enumerateEverything } from './enumeration/report.js';
import { runSeeds } from './run-seeds.js';
import { type FaultKind, faultKinds } from './seeded-fates.js';
import { inThreads } from './threads.js';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '2000' },
    'first-seed': { type: 'string', default: '1' },
    faults: { type: 'string', default: faultKinds.join(',') },
    replay: { type: 'string' },
    enumerate: { type: 'boolean', default: false },
    threads: { type: 'string', default: String(availableParallelism()) },
  },
});

// Stack traces of the many failures that are part of a run cost more than the run.
Error.stackTraceLimit = 0;

const seeds = {
  first: Number(values.replay ?? values['first-seed']),
  count: values.replay === undefined ? Number(values.seeds) : 1,
  faults: values.faults.split(',').map(parseFaultKind),
};
const threads = values.replay === undefined ? Number(values.threads) : 1;
const startedMs = performance.now();
const { runs, calls, faults, failed } = await inThreads(
  import.meta.url,
  threads,
  console.log,
  (share, print) =>
    values.enumerate ? enumerateEverything(share, print) : runSeeds(seeds, share, print),
);
if (isMainThread) {
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
  for (const [kind, count] of Object.entries(runs)) console.log(`${kind}: ${count} runs`);
  console.log(
    `${seconds} s, ${calls} calls, ${faults} faults; ${failed} runs violate an invariant`,
  );
  if (failed > 0) process.exitCode = 1;
}

function parseFaultKind(text: string): FaultKind {
  const kind = faultKinds.find((one) => one === text);
  if (kind === undefined) throw new RangeError(`--faults takes ${faultKinds.join(', ')}`);
  return kind;
}
