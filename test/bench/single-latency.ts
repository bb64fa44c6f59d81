import type { Stack } from '../../infra/local/stack.js';
import type { BenchUser } from './bench-user.js';
import type { ClientRunner } from './client-runner.js';
import { median, quantile, rounded } from './statistics.js';

export interface SingleLatencyFacts {
  readonly upstreamLatencyMs: number;
  readonly rawMedianMs: number;
  readonly oursMedianMs: number;
  readonly overRawMs: number;
  /** What no reset can do without: a call of the API that does nothing, and one conditional write. */
  readonly emptyCallMs: number;
  readonly tableWriteMs: number;
  readonly rawP95Ms: number;
  readonly oursP95Ms: number;
  readonly samples: number;
}

/** Until both processes run compiled code. */
const warmUp = 300;
const perTurn = 10;

/** One reset after the other over HTTP, in turns with the same upstream calls made raw. */
export async function measureSingleLatency(
  stack: Stack,
  client: ClientRunner,
  users: readonly BenchUser[],
  options: { readonly samples: number; readonly upstreamLatencyMs: number },
): Promise<SingleLatencyFacts> {
  const { samples, upstreamLatencyMs } = options;
  stack.partnerCenter.faults.set([{ effect: { kind: 'latency', ms: upstreamLatencyMs } }]);
  const waiting = [...users];
  /** Whoever was reset last comes last. */
  const take = (count: number): BenchUser[] => {
    const taken = waiting.splice(0, count);
    waiting.push(...taken);
    return taken;
  };

  await client.run('ours', take(warmUp));
  await client.run('raw', take(warmUp));
  const oursMs: number[] = [];
  const rawMs: number[] = [];
  const emptyCallMs: number[] = [];
  const tableWriteMs: number[] = [];
  while (oursMs.length < samples) {
    oursMs.push(...(await client.run('ours', take(perTurn))));
    rawMs.push(...(await client.run('raw', take(perTurn))));
    emptyCallMs.push(...(await client.run('nothing', take(perTurn))));
    tableWriteMs.push(...(await client.run('write', take(perTurn))));
  }
  return {
    upstreamLatencyMs,
    rawMedianMs: rounded(median(rawMs)),
    oursMedianMs: rounded(median(oursMs)),
    overRawMs: rounded(median(oursMs) - median(rawMs)),
    emptyCallMs: rounded(median(emptyCallMs)),
    tableWriteMs: rounded(median(tableWriteMs)),
    rawP95Ms: rounded(quantile(rawMs, 0.95)),
    oursP95Ms: rounded(quantile(oursMs, 0.95)),
    samples: oursMs.length,
  };
}
