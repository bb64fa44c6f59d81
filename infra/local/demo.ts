import { parseArgs } from 'node:util';
import { describeBulk, describeSingle, progressBar } from './demo/report.js';
import { resetMany, resetOne } from './demo/scenario.js';
import { startStack } from './stack.js';

const usage = `Usage: npm run demo -- [--users N] [--latency MS] [--faults] [--json]

  --users N      rows of the bulk job (default 200)
  --latency MS   how long Partner Center takes for each answer (default 20)
  --faults       Partner Center throttles, fails and loses answers now and then
  --json         print one JSON object and nothing else`;

const { users, latencyMs, faults, json } = readArguments();
const say = (line: string) => {
  if (!json) console.log(line);
};
const startedAt = performance.now();
let quartersShown = 0;

say('Resets passwords through Partner Center, on local stand-ins. Nothing leaves this machine.\n');
const stack = await startStack({
  app: 'dist',
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

  const held =
    single.status === 200 &&
    single.oldPasswordWorkedBefore &&
    single.newPasswordWorks &&
    !single.oldPasswordWorks &&
    bulk.unexpected.length === 0 &&
    bulk.workingPasswords === bulk.deliveredPasswords;
  const seconds = Number(((performance.now() - startedAt) / 1000).toFixed(1));
  if (json) console.log(JSON.stringify({ held, seconds, single, bulk }, null, 2));
  say(`\n${held ? 'All of it held' : 'NOT ALL OF IT HELD'}, in ${seconds} s.`);
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
  stack.partnerCenter.faults.set([latency, ...(faults ? trouble : [])]);
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

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        users: { type: 'string', default: '200' },
        latency: { type: 'string', default: '20' },
        faults: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      console.log(usage);
      process.exit(0);
    }
    return {
      users: wholeNumber(values.users, 10, 100_000),
      latencyMs: wholeNumber(values.latency, 0, 10_000),
      faults: values.faults,
      json: values.json,
    };
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    process.exit(2);
  }
}

function wholeNumber(text: string, min: number, max: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new RangeError(`${text} is not a whole number from ${min} to ${max}`);
}
