import { createApiClient, sendBulkJob, uploadCsv } from '../../infra/local/api-client.js';
import type { Stack } from '../../infra/local/stack.js';
import type { BenchUser } from './bench-user.js';
import type { ClientRunner } from './client-runner.js';
import { median, rounded } from './statistics.js';

export interface BulkThroughputFacts {
  readonly upstreamLatencyMs: number;
  readonly rawPerSecond: number;
  readonly oursPerSecond: number;
  readonly ofRaw: number;
  readonly rows: number;
  readonly rounds: number;
}

/**
 * Resets a second of a bulk job, in turns with the raw mix. Both are timed where both end, at
 * Partner Center: from the first reset that arrives to the last.
 */
export async function measureBulkThroughput(
  stack: Stack,
  client: ClientRunner,
  users: readonly BenchUser[],
  options: { readonly rounds: number; readonly upstreamLatencyMs: number },
): Promise<BulkThroughputFacts> {
  const { rounds, upstreamLatencyMs } = options;
  stack.partnerCenter.faults.set([{ effect: { kind: 'latency', ms: upstreamLatencyMs } }]);
  const oursPerSecond: number[] = [];
  const rawPerSecond: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    oursPerSecond.push(await timed(() => runOurs(stack, users)));
    rawPerSecond.push(await timed(() => client.run('rawBulk', users)));
  }
  const ours = median(oursPerSecond);
  const theirs = median(rawPerSecond);
  return {
    upstreamLatencyMs,
    rawPerSecond: rounded(theirs),
    oursPerSecond: rounded(ours),
    ofRaw: rounded(ours / theirs, 2),
    rows: users.length,
    rounds,
  };

  async function timed(run: () => Promise<unknown>): Promise<number> {
    stack.partnerCenter.clearRequests();
    await run();
    const resets = stack.partnerCenter.requests.filter(
      ({ operation }) => operation === 'resetPassword',
    );
    const first = resets.at(0)?.atMs ?? 0;
    const last = resets.at(-1)?.atMs ?? 0;
    if (resets.length !== users.length) throw new Error(`${resets.length} resets were sent`);
    return ((resets.length - 1) * 1000) / (last - first);
  }
}

async function runOurs({ facts }: Stack, users: readonly BenchUser[]): Promise<void> {
  const lines = users.map(({ customerTenantId, userId }) => `${customerTenantId},${userId}`);
  const blob = await uploadCsv(facts, 'bench.csv', `customer,user\n${lines.join('\n')}\n`);
  const id = await sendBulkJob(facts, { delivery: 'response', blob });
  const api = createApiClient(facts, 'bulk-queue');
  for (;;) {
    // Seldom enough to leave the emulator to the job.
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const { status, body } = await api.get(`/bulk-resets/${id}`);
    const state = status === 200 ? (body as { status: string }).status : 'NotStarted';
    if (state === 'Succeeded') return;
    if (state !== 'NotStarted' && state !== 'Running') throw new Error(`The job is ${state}`);
  }
}
