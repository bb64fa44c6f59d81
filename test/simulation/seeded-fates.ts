import type { Effect, Fate, Fates, Fault, Refusal, SendFate } from './fates.js';
import { randomFor, type SeededRandom } from './random.js';

export const faultKinds = [
  'crashes',
  'storage',
  'slowness',
  'unknownOutcomes',
  'refusals',
  'messages',
  'clocks',
  'users',
  'operators',
] as const;

export type FaultKind = (typeof faultKinds)[number];

/** How often each kind of fault happens, from 0 to 1. */
export type FaultRates = Readonly<Record<FaultKind, number>>;

export interface SeededFatesOptions {
  readonly seed: number;
  readonly rates: FaultRates;
  readonly sendTimeoutMs: number;
  /** The longest that a request travels on after its client gave up. */
  readonly travelsMs: number;
  /** Faults, by name, that are left out. */
  readonly spared: ReadonlySet<string>;
}

/** So long a write may be on its way to storage after its client gave up. */
const longestLateMs = 60_000;

/**
 * What befalls a call follows from the seed and the call's name alone, so that without one fault the others
 * stay as they were. Once `isOver` is set, nothing goes wrong any more.
 */
export class SeededFates implements Fates {
  isOver = false;
  /** Names of the faults that happened. */
  readonly happened: string[] = [];
  readonly #options: SeededFatesOptions;

  constructor(options: SeededFatesOptions) {
    this.#options = options;
  }

  of({ name, isWrite }: Effect): Fate {
    const random = randomFor(this.#options.seed, name);
    const usual = {
      thereMs: random.spread(1, 300),
      backMs: random.chance(0.1) ? random.spread(1, 300) : 0,
    };
    if (this.isOver) return usual;
    const delayed = this.#delayed(name, random, usual);
    const fault = this.#faultOf(random, isWrite);
    return fault !== undefined && this.#happens(`${name}: ${fault}`)
      ? { ...delayed, fault, lateMs: random.spread(10, longestLateMs) }
      : delayed;
  }

  ofSend(name: string): SendFate {
    const random = randomFor(this.#options.seed, name);
    const arrivesMs = random.spread(10, 2_000);
    const usual = {
      departsMs: random.spread(1, 500),
      arrivesMs,
      answersMs: arrivesMs + random.spread(1, 2_000),
    };
    if (this.isOver) return usual;
    const { fate, what } = this.#sendFate(random, usual);
    return what !== undefined && this.#happens(`${name}: ${what}`) ? fate : usual;
  }

  ofMessage(name: string): readonly number[] {
    const random = randomFor(this.#options.seed, name);
    const usual = [random.spread(1, 2_000)];
    if (this.isOver || !random.chance(this.#options.rates.messages)) return usual;
    if (random.chance(0.5)) return this.#happens(`${name}: lost`) ? [] : usual;
    // As many are doubled as are lost: every copy that comes too early has a successor.
    const length = random.pick([1, 1, 1, 2, 5]);
    const copies = Array.from({ length }, () => random.spread(1, 900_000));
    return this.#happens(`${name}: late or doubled`) ? copies : usual;
  }

  #delayed(name: string, random: SeededRandom, usual: { thereMs: number; backMs: number }): Fate {
    const { slowness } = this.#options.rates;
    const [isSlowThere, isSlowBack] = [random.chance(slowness), random.chance(slowness)];
    const slowMs = random.spread(1_000, 900_000);
    if (isSlowThere && this.#happens(`${name}: slow`)) return { ...usual, thereMs: slowMs };
    if (isSlowBack && this.#happens(`${name}: slow answer`)) return { ...usual, backMs: slowMs };
    return usual;
  }

  #faultOf(random: SeededRandom, isWrite: boolean): Fault | undefined {
    const { crashes, storage } = this.#options.rates;
    if (random.chance(crashes)) return random.pick(['crash before', 'crash after'] as const);
    if (!random.chance(storage)) return undefined;
    return isWrite ? random.pick(['error', 'answer lost', 'late'] as const) : 'error';
  }

  #sendFate(
    random: SeededRandom,
    usual: SendFate,
  ): { readonly fate: SendFate; readonly what?: string } {
    const { rates, sendTimeoutMs, travelsMs } = this.#options;
    if (random.chance(rates.crashes)) {
      const crashesMs = random.spread(1, sendTimeoutMs);
      const arrivesMs = random.pick([undefined, 1, random.spread(1_000, travelsMs)]);
      return { fate: { ...usual, arrivesMs, crashesMs }, what: 'the host dies meanwhile' };
    }
    if (random.chance(rates.unknownOutcomes)) {
      const answersMs = random.pick([random.spread(10, sendTimeoutMs), sendTimeoutMs]);
      const arrivesMs = random.pick([
        undefined,
        random.between(1, answersMs),
        answersMs + random.spread(1_000, travelsMs),
        answersMs + random.between(1, travelsMs),
      ]);
      const lost = { ...usual, arrivesMs, answersMs, isAnswerLost: true };
      return { fate: lost, what: 'its answer is lost' };
    }
    if (random.chance(rates.slowness)) {
      return {
        fate: { ...usual, departsMs: random.spread(1_000, 60_000) },
        what: 'slow to go out',
      };
    }
    if (!random.chance(rates.refusals)) return { fate: usual };
    const refusal = random.pick(refusals);
    return { fate: { ...usual, refusal }, what: `refused as ${refusal.code}` };
  }

  #happens(fault: string): boolean {
    if (this.#options.spared.has(fault)) return false;
    this.happened.push(fault);
    return true;
  }
}

const refusals: readonly Refusal[] = [
  { code: 'PasswordRejected' },
  { code: 'PasswordRejected' },
  { code: 'PartnerPermissionDenied' },
  { code: 'RequestRejected' },
  { code: 'Throttled' },
  { code: 'Throttled', retryAfterMs: 20_000 },
  { code: 'PartnerCenterUnavailable' },
  { code: 'AccessTokenRejected' },
  { code: 'MfaRequired' },
];
