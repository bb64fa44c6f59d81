import { parseArgs } from 'node:util';
import { isPlain } from '../../infra/local/directory/plain-user.js';
import { startStack } from '../../infra/local/stack.js';
import { measureBulkThroughput } from './bulk-throughput.js';
import { measureLoadTime } from './load-time.js';
import { startClientRunner } from './client-runner.js';
import { measureSingleLatency } from './single-latency.js';

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, rows: { type: 'string', default: '1000' } },
});
const rows = Number(values.rows);
const say = (line: string) => console.error(line);

say('load time …');
const loadTime = await measureLoadTime(15);

const stack = await startStack({ app: 'dist', usersPerCustomer: Math.ceil(rows / 7) });
const client = await startClientRunner(stack);
const users = [...stack.directory.customers.values()]
  .flatMap(({ tenantId, users: all }) =>
    [...all.values()].filter(isPlain).map(({ id }) => ({ customerTenantId: tenantId, userId: id })),
  )
  .slice(0, rows);
say('latency of a single reset …');
const singleLatency = await measureSingleLatency(stack, client, users, {
  samples: 200,
  upstreamLatencyMs: 20,
});
say('throughput of a bulk job …');
const bulkThroughput = await measureBulkThroughput(stack, client, users, {
  rounds: 3,
  upstreamLatencyMs: 50,
});
client.stop();
await stack.stop();

if (values.json) {
  console.log(JSON.stringify({ loadTime, singleLatency, bulkThroughput }, null, 2));
} else {
  const { emptyAppMs, entryMs, everythingMs, entryOverEmptyMs } = loadTime;
  const single = singleLatency;
  const bulk = bulkThroughput;
  console.log(`
(a) Load time, median of ${loadTime.samples} fresh processes
    empty function app    ${emptyAppMs} ms
    entry                 ${entryMs} ms   (${entryOverEmptyMs} ms over the empty app; target 40)
    everything            ${everythingMs} ms

(b) A single reset over HTTP, Partner Center answering in ${single.upstreamLatencyMs} ms, ${single.samples} samples
    raw upstream calls    ${single.rawMedianMs} ms   (p95 ${single.rawP95Ms})
    ours                  ${single.oursMedianMs} ms   (p95 ${single.oursP95Ms})
    over raw              ${single.overRawMs} ms   (target 10; a call that does nothing takes ${single.emptyCallMs}, recording the outcome ${single.tableWriteMs})

(c) A bulk job of ${bulk.rows} rows, Partner Center answering in ${bulk.upstreamLatencyMs} ms, median of ${bulk.rounds} rounds
    raw mix of calls      ${bulk.rawPerSecond} resets a second
    ours                  ${bulk.oursPerSecond} resets a second
    of raw                ${bulk.ofRaw}   (target 0.8)`);
}
