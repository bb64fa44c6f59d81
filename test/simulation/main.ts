import { availableParallelism } from 'node:os';
import process from 'node:process';
import { isMainThread } from 'node:worker_threads';
import { readCommandLine, wholeNumber } from '../../infra/local/command-line.js';
import { enumerateEverything } from './enumeration/report.js';
import { runSeeds } from './run-seeds.js';
import { type FaultKind, faultKinds } from './seeded-fates.js';
import { inThreads } from './threads.js';

const anySeed = { from: 0, to: 2 ** 32 - 1 };

const usage = `Usage: npm run simulate -- [--seeds N] [--first-seed N] [--faults KINDS] [--threads N]
       npm run simulate -- --replay SEED
       npm run simulate -- --enumerate

  --seeds N        how many runs (default 2000)
  --first-seed N   the seed of the first (default 1)
  --faults KINDS   what may go wrong, separated by commas (default all):
                   ${faultKinds.join(',')}
  --threads N      how many run at once (default: one for each core)
  --replay SEED    runs one seed and tells its story
  --enumerate      every single fault in turn, instead of seeds`;

const { enumerate, threads, ...seeds } = readCommandLine(
  usage,
  {
    seeds: { type: 'string', default: '2000' },
    'first-seed': { type: 'string', default: '1' },
    faults: { type: 'string', default: faultKinds.join(',') },
    replay: { type: 'string' },
    enumerate: { type: 'boolean', default: false },
    threads: { type: 'string', default: String(availableParallelism()) },
  },
  (values) => ({
    enumerate: values.enumerate,
    first:
      values.replay === undefined
        ? wholeNumber('--first-seed', values['first-seed'], anySeed)
        : wholeNumber('--replay', values.replay, anySeed),
    count:
      values.replay === undefined
        ? wholeNumber('--seeds', values.seeds, { from: 1, to: 1_000_000_000 })
        : 1,
    faults: values.faults.split(',').map(parseFaultKind),
    threads:
      values.replay === undefined
        ? wholeNumber('--threads', values.threads, { from: 1, to: 256 })
        : 1,
  }),
);

// Stack traces of the many failures that are part of a run cost more than the run.
Error.stackTraceLimit = 0;

const startedMs = performance.now();
const { runs, calls, faults, failed } = await inThreads(
  import.meta.url,
  threads,
  console.log,
  (share, print) => (enumerate ? enumerateEverything(share, print) : runSeeds(seeds, share, print)),
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
