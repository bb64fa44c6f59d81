import { createApiClient } from '../../infra/local/api-client.js';
import type { Stack } from '../../infra/local/stack.js';
import type { RawRunner } from './raw-runner.js';
import type { RawUser } from './raw-upstream.js';
import { median, quantile, rounded } from './statistics.js';

export interface SingleLatencyFacts {
  readonly upstreamLatencyMs: number;
  readonly rawMedianMs: number;
  readonly oursMedianMs: number;
  readonly overRawMs: number;
  readonly rawP95Ms: number;
  readonly oursP95Ms: number;
  readonly samples: number;
}

const warmUp = 20;
const perTurn = 10;

/** One reset after the other over HTTP, in turns with the same upstream calls made raw. */
export async function measureSingleLatency(
  stack: Stack,
  raw: RawRunner,
  users: readonly RawUser[],
  options: { readonly samples: number; readonly upstreamLatencyMs: number },
): Promise<SingleLatencyFacts> {
  const { samples, upstreamLatencyMs } = options;
  stack.partnerCenter.faults.set([{ effect: { kind: 'latency', ms: upstreamLatencyMs } }]);
  const api = createApiClient(stack.facts, 'helpdesk');
  let turn = 0;
  const take = (count: number) =>
    Array.from({ length: count }, () => users[turn++ % users.length] as RawUser);

  const ours = async (count: number): Promise<number[]> => {
    const timesMs: number[] = [];
    for (const { customerTenantId, userId } of take(count)) {
      const startedAt = performance.now();
      const { status } = await api.post('/password-resets', {
        customer: customerTenantId,
        user: userId,
        delivery: 'response',
      });
      timesMs.push(performance.now() - startedAt);
      if (status !== 200) throw new Error(`A reset answered ${status}`);
    }
    return timesMs;
  };

  await ours(warmUp);
  await raw.run(take(warmUp), 'single');
  const oursMs: number[] = [];
  const rawMs: number[] = [];
  while (oursMs.length < samples) {
    oursMs.push(...(await ours(perTurn)));
    rawMs.push(...(await raw.run(take(perTurn), 'single')));
  }
  return {
    upstreamLatencyMs,
    rawMedianMs: rounded(median(rawMs)),
    oursMedianMs: rounded(median(oursMs)),
    overRawMs: rounded(median(oursMs) - median(rawMs)),
    rawP95Ms: rounded(quantile(rawMs, 0.95)),
    oursP95Ms: rounded(quantile(oursMs, 0.95)),
    samples: oursMs.length,
  };
}
