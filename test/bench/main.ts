import { parseArgs } from 'node:util';
import { startStack } from '../../infra/local/stack.js';
import { benchUsers } from './bench-user.js';
import { type BulkThroughputFacts, measureBulkThroughput } from './bulk-throughput.js';
import { measureFairness } from './fairness.js';
import { measureLoadTime } from './load-time.js';
import { startClientRunner } from './client-runner.js';
import { measureSingleLatency } from './single-latency.js';
import { countStorageRequests } from './storage-requests.js';

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, rows: { type: 'string', default: '1000' } },
});
const rows = Number(values.rows);
const say = (line: string) => console.error(line);

say('load time …');
const loadTime = await measureLoadTime(15);

const stack = await startStack({ app: 'dist', usersPerCustomer: Math.ceil(rows / 7) });
const client = await startClientRunner(stack);
const users = benchUsers(stack.directory, rows);
say('latency of a single reset …');
const singleLatency = await measureSingleLatency(stack, client, users, {
  samples: 200,
  upstreamLatencyMs: 20,
});
const bulkThroughput: BulkThroughputFacts[] = [];
for (const upstreamLatencyMs of [0, 50, 300]) {
  say(`throughput of a bulk job, Partner Center answering in ${upstreamLatencyMs} ms …`);
  const options = { rounds: 3, upstreamLatencyMs };
  bulkThroughput.push(await measureBulkThroughput(stack, client, users, options));
}
say('a customer beside one that is throttled …');
const fairness = await measureFairness(stack, benchUsers(stack.directory, 4 * rows), {
  rounds: 3,
  upstreamLatencyMs: 50,
});
client.stop();
await stack.stop();
say('storage requests of a bulk job …');
const storageRequests = await countStorageRequests(rows);

if (values.json) {
  console.log(
    JSON.stringify({ loadTime, singleLatency, bulkThroughput, storageRequests, fairness }, null, 2),
  );
} else {
  const { emptyAppMs, entryMs, everythingMs, entryOverEmptyMs } = loadTime;
  const single = singleLatency;
  const total = Object.values(storageRequests).reduce((sum, count) => sum + count, 0);
  console.log(`
(a) Load time, median of ${loadTime.samples} fresh processes
    empty function app    ${emptyAppMs} ms
    entry                 ${entryMs} ms   (${entryOverEmptyMs} ms over the empty app; target 40)
    everything            ${everythingMs} ms

(b) A single reset over HTTP, Partner Center answering in ${single.upstreamLatencyMs} ms, ${single.samples} samples
    raw upstream calls    ${single.rawMedianMs} ms   (p95 ${single.rawP95Ms})
    ours                  ${single.oursMedianMs} ms   (p95 ${single.oursP95Ms})
    over raw              ${single.overRawMs} ms   (target 10; a call that does nothing takes ${single.emptyCallMs}, recording the outcome ${single.tableWriteMs})

(c) A bulk job of ${rows} rows, resets a second, median of ${bulkThroughput[0]?.rounds ?? 0} rounds
    Partner Center answers in    raw mix of calls    ours    of raw (target 0.9)
${bulkThroughput.map(toLine).join('\n')}

(d) Storage requests of that job, per reset: ${total.toFixed(2)}
${Object.entries(storageRequests)
  .map(([purpose, count]) => `    ${count.toFixed(3)}   ${purpose}`)
  .join('\n')}

(e) A customer with ${fairness.rows} rows in a job, median of ${fairness.rounds} rounds
    in a job of its own                          ${fairness.aloneMs} ms
    behind a customer that is always throttled   ${fairness.besideThrottledMs} ms
    of alone                                     ${fairness.ofAlone}   (target 1.2)`);
}

function toLine({ upstreamLatencyMs, rawPerSecond, oursPerSecond, ofRaw }: BulkThroughputFacts) {
  const latency = `${upstreamLatencyMs} ms`.padStart(26);
  return `${latency}    ${String(rawPerSecond).padStart(16)}    ${String(oursPerSecond).padStart(4)}    ${ofRaw}`;
}
