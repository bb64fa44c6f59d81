import { sendBulkJob, uploadCsv } from '../../infra/local/api-client.js';
import type { Stack } from '../../infra/local/stack.js';
import type { BenchUser } from './bench-user.js';
import { median, rounded } from './statistics.js';

export interface FairnessFacts {
  /** Until the last user of the customer is reset, from when the job was sent. */
  readonly aloneMs: number;
  readonly besideThrottledMs: number;
  readonly ofAlone: number;
  readonly rows: number;
  readonly rounds: number;
}

/**
 * A job of two customers, one of which is throttled all the time and comes first in the file: how long the
 * other one takes, in turns with a job of its own.
 */
export async function measureFairness(
  stack: Stack,
  users: readonly BenchUser[],
  options: { readonly rounds: number; readonly upstreamLatencyMs: number },
): Promise<FairnessFacts> {
  const { rounds, upstreamLatencyMs } = options;
  const [throttled, free] = [...new Set(users.map(({ customerTenantId }) => customerTenantId))];
  const theirs = users.filter(({ customerTenantId }) => customerTenantId === free);
  const others = users.filter(({ customerTenantId }) => customerTenantId === throttled);
  stack.partnerCenter.faults.set([
    ...(throttled === undefined
      ? []
      : [{ customerTenantId: throttled, effect: { kind: 'throttle' as const, retryAfter: 1 } }]),
    { effect: { kind: 'latency', ms: upstreamLatencyMs } },
  ]);
  const aloneMs: number[] = [];
  const besideMs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    aloneMs.push(await timed(theirs));
    besideMs.push(await timed([...others, ...theirs]));
  }
  const alone = median(aloneMs);
  const beside = median(besideMs);
  return {
    aloneMs: rounded(alone, 0),
    besideThrottledMs: rounded(beside, 0),
    ofAlone: rounded(beside / alone, 2),
    rows: theirs.length,
    rounds,
  };

  async function timed(rows: readonly BenchUser[]): Promise<number> {
    const { facts, partnerCenter } = stack;
    partnerCenter.clearRequests();
    const lines = rows.map(({ customerTenantId, userId }) => `${customerTenantId},${userId}`);
    const csv = `customer,user\n${lines.join('\n')}\n`;
    const blob = await uploadCsv(facts, 'fairness.csv', csv);
    const startedAtMs = Date.now();
    await sendBulkJob(facts, { delivery: 'none', blob });
    for (;;) {
      const resets = partnerCenter.requests.filter(
        ({ operation, customerTenantId }) =>
          operation === 'resetPassword' && customerTenantId === free,
      );
      if (resets.length >= theirs.length) return (resets.at(-1)?.atMs ?? 0) - startedAtMs;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}
