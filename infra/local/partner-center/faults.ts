import { createSeededRandom, type SeededRandom } from '../directory/seeded-random.js';
import type { Operation } from './call.js';
import type { FaultEffect, FaultRule } from './fault-rule.js';
import { parseFaultRules } from './parse-fault-rules.js';

export interface Faults {
  readonly rules: readonly FaultRule[];
  /**
   * Takes the place of all earlier rules.
   *
   * @param seed of what is drawn for rules with a probability @default 1
   * @throws {TypeError} when a rule is not well-formed
   */
  set(rules: readonly FaultRule[], seed?: number): void;
  clear(): void;
  /** What is to happen to this request; asking counts towards `after` and `times`. */
  next(request: FaultTarget): Fault;
}

interface FaultTarget {
  readonly operation: Operation;
  readonly customerTenantId?: string;
  readonly userId?: string;
}

export interface Fault {
  readonly latencyMs: number;
  readonly effect: Exclude<FaultEffect, { kind: 'latency' }> | undefined;
}

const none: Fault = { latencyMs: 0, effect: undefined };

/**
 * Latencies add up. Of the other rules the first that takes effect wins, and those after it are not
 * asked: a request that one rule took does not count for the next.
 */
export function createFaults(): Faults {
  let rules: readonly FaultRule[] = [];
  let counted: { rule: FaultRule; matched: number; taken: number }[] = [];
  let random: SeededRandom = createSeededRandom(1);

  const set = (next: readonly FaultRule[], seed = 1) => {
    rules = parseFaultRules(next);
    counted = rules.map((rule) => ({ rule, matched: 0, taken: 0 }));
    random = createSeededRandom(seed);
  };

  return {
    get rules() {
      return rules;
    },
    set,
    clear: () => set([]),
    next(request) {
      if (counted.length === 0) return none;
      let latencyMs = 0;
      let effect: Fault['effect'];
      for (const count of counted) {
        const { rule } = count;
        const isSettled = effect !== undefined && rule.effect.kind !== 'latency';
        if (isSettled || !matches(rule, request)) continue;
        count.matched += 1;
        if (count.matched <= (rule.after ?? 0)) continue;
        if (count.taken >= (rule.times ?? Infinity)) continue;
        if (rule.probability !== undefined && random() >= rule.probability) continue;
        count.taken += 1;
        if (rule.effect.kind === 'latency') {
          latencyMs += rule.effect.ms + random() * (rule.effect.jitterMs ?? 0);
        } else {
          effect = rule.effect;
        }
      }
      return { latencyMs, effect };
    },
  };
}

function matches(rule: FaultRule, request: FaultTarget): boolean {
  return (
    (rule.operation === undefined || rule.operation === request.operation) &&
    isSameId(rule.customerTenantId, request.customerTenantId) &&
    isSameId(rule.userId, request.userId)
  );
}

function isSameId(wanted: string | undefined, given: string | undefined): boolean {
  return wanted === undefined || wanted.toLowerCase() === given?.toLowerCase();
}
