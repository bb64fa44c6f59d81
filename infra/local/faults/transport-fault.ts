import { setTimeout as sleep } from 'node:timers/promises';
import type { LoopbackReply } from '../loopback-server.js';
import { integerRule, oneOfRule, type FieldRules } from './parse-faults.js';

/**
 * What can go wrong on the way.
 *
 * - `status`: a gateway answers in the service's place, and nothing is done. `retryAfter` becomes the
 *   header: seconds, or any text.
 * - `html`: a page with status 200 instead of the service's answer; nothing is done.
 * - `cut`: the work is done, and the connection breaks in the middle of the answer.
 * - `hang`: nothing is done, and nobody answers.
 * - `latency`: the answer comes `ms` later.
 */
export type TransportFault =
  | { readonly status: number; readonly retryAfter?: number | string }
  | { readonly kind: 'html' | 'cut' | 'hang' }
  | { readonly kind: 'latency'; readonly ms: number };

export const transportWhat: FieldRules = {
  status: integerRule(400, 599),
  kind: { ...oneOfRule(['html', 'cut', 'hang', 'latency']), needs: { latency: 'ms' } },
};

export const transportBeside: FieldRules = {
  ms: { ...integerRule(0, 600_000), goesWith: 'kind latency' },
  retryAfter: {
    mustBe: 'a number or text',
    holds: (value) => typeof value === 'number' || typeof value === 'string',
    goesWith: 'status',
  },
};

export function isLatency(fault: object): fault is { kind: 'latency'; ms: number } {
  return 'kind' in fault && fault.kind === 'latency';
}

/** Does the work under the transport's part of the faults that were taken. */
export async function underFaults(
  faults: readonly object[],
  work: () => LoopbackReply | Promise<LoopbackReply>,
): Promise<LoopbackReply> {
  for (const { ms } of faults.filter(isLatency)) await sleep(ms, undefined, { ref: false });

  const fault = faults.find(decidesAnswer);
  if (fault === undefined) return work();
  if ('status' in fault) return gatewayPage(fault.status, fault.retryAfter);
  if (fault.kind === 'html') return gatewayPage(200);
  if (fault.kind === 'hang') return { status: 200, body: '', delivery: 'never' };
  return { ...(await work()), delivery: 'cut' };
}

function decidesAnswer(fault: object): fault is TransportFault {
  return 'status' in fault || ('kind' in fault && !isLatency(fault));
}

function gatewayPage(status: number, retryAfter?: number | string): LoopbackReply {
  return {
    status,
    headers: {
      'content-type': 'text/html',
      ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }),
    },
    body: "<!DOCTYPE html><html><body><h2>Our services aren't available right now</h2></body></html>",
  };
}
