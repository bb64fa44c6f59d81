import { readCommandLine, wholeNumber } from './command-line.js';
import { findProblems } from './demo/find-problems.js';
import { describeBulk, describeSingle, progressBar } from './demo/report.js';
import { resetMany } from './demo/reset-many.js';
import { resetOne } from './demo/reset-one.js';
import { startStack } from './stack.js';

const usage = `Usage: npm run demo -- [--users N] [--latency MS] [--faults] [--seed N] [--json]

  --users N      rows of the bulk job, from 10 to 100000 (default 200)
  --latency MS   how long Partner Center takes for each answer, up to 10000 (default 20)
  --faults       Partner Center throttles, fails and loses answers now and then
  --seed N       makes up other customers, and other faults, from 1 to 1000000 (default 1)
  --json         print one JSON object and nothing else`;

const { users, latencyMs, faults, seed, json } = readCommandLine(
  usage,
  {
    users: { type: 'string', default: '200' },
    latency: { type: 'string', default: '20' },
    faults: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
  (values) => ({
    users: wholeNumber('--users', values.users, { from: 10, to: 100_000 }),
    latencyMs: wholeNumber('--latency', values.latency, { from: 0, to: 10_000 }),
    seed: wholeNumber('--seed', values.seed, { from: 1, to: 1_000_000 }),
    faults: values.faults,
    json: values.json,
  }),
);
const say = (line: string) => {
  if (!json) console.log(line);
};
const startedAt = performance.now();
let quartersShown = 0;

say('Resets passwords through Partner Center, on local stand-ins. Nothing leaves this machine.\n');
const stack = await startStack({
  app: 'dist',
  seed,
  usersPerCustomer: Math.max(40, Math.ceil(users / 6)),
  // With lost answers a row waits until the lost request can no longer arrive.
  settings: faults ? { SETTLE_SECONDS: '2' } : {},
});
try {
  setUpPartnerCenter();
  say('1  One reset over HTTP');
  const single = await resetOne(stack);
  describeSingle(single).forEach(say);

  say('\n2  A job: CSV into bulk-inbox, message onto bulk-reset-jobs');
  const bulk = await resetMany(stack, users, showProgress);
  describeBulk(bulk).forEach(say);

  const problems = findProblems({ single, bulk, faults });
  const held = problems.length === 0;
  const seconds = Number(((performance.now() - startedAt) / 1000).toFixed(1));
  if (json) console.log(JSON.stringify({ held, problems, seconds, single, bulk }, null, 2));
  for (const problem of problems) say(`   PROBLEM: ${problem}`);
  const handedOut = bulk.deliveredPasswords + (single.newPasswordWorks === undefined ? 0 : 1);
  const working = bulk.workingPasswords + (single.newPasswordWorks === true ? 1 : 0);
  say(`\n${held ? 'All of it held' : 'NOT ALL OF IT HELD'}, in ${seconds} s.`);
  say(`Passwords handed out: ${handedOut}; of these work: ${working}.`);
  process.exitCode = held ? 0 : 1;
} finally {
  await stack.stop();
}

function setUpPartnerCenter(): void {
  const latency = { effect: { kind: 'latency', ms: latencyMs } } as const;
  const trouble = [
    { probability: 0.05, effect: { kind: 'throttle', retryAfter: 1 } },
    { probability: 0.05, effect: { kind: 'answer', status: 503 } },
    { operation: 'resetPassword', probability: 0.02, effect: { kind: 'cut', applied: true } },
  ] as const;
  stack.partnerCenter.faults.set([latency, ...(faults ? trouble : [])], seed);
}

/** One line that grows in a terminal; elsewhere a line for each quarter. */
function showProgress(done: number, total: number): void {
  if (json) return;
  if (process.stdout.isTTY) {
    process.stdout.write(`\r${progressBar(done, total)}${done === total ? '\n' : ''}`);
    return;
  }
  const quarters = Math.floor((done * 4) / total);
  if (quarters > quartersShown) say(progressBar(done, total));
  quartersShown = Math.max(quarters, quartersShown);
}
