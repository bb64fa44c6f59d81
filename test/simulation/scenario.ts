import type { Delivery } from '../../shared/password-reset/reset-row.js';
import { randomFor, type SeededRandom } from './random.js';
import { faultKinds, type FaultKind, type FaultRates } from './seeded-fates.js';

/** What people do in one run, decided beforehand. */
export type Action = AskAction | SubmitAction | ChangeAction | HaltAction | BrakeAction;

/** A caller asks for a reset of a user, again under the same key if there is one, and reads what became of it. */
export interface AskAction {
  readonly kind: 'ask';
  readonly atMs: number;
  readonly ask: number;
  readonly user: number;
  readonly isChosen: boolean;
  readonly delivery: Delivery;
  /** After an answer that holds a link, somebody opens it. */
  readonly opensMs?: readonly number[];
  readonly key?: string;
  /** After the first time; only with a key. */
  readonly repeatsMs: readonly number[];
  /** After each answer. */
  readonly readsMs: readonly number[];
  /** After somebody has read the password, the user chooses another one. */
  readonly userChangesMs?: number | undefined;
}

/** Somebody gives a job, once more under the same id if the answer was lost, and reads its rows. */
export interface SubmitAction {
  readonly kind: 'submit';
  readonly atMs: number;
  readonly job: number;
  readonly delivery: Delivery;
  /** After an answer that holds links, somebody opens them. */
  readonly opensMs?: readonly number[];
  /** Whose password which row asks for. */
  readonly users: ReadonlyMap<number, number>;
  readonly lastRow: number;
  readonly repeatsMs: readonly number[];
  readonly readsMs: readonly number[];
  readonly cancelsMs?: number | undefined;
  readonly acknowledgesMs?: number | undefined;
  readonly userChangesMs?: number | undefined;
}

export interface ChangeAction {
  readonly kind: 'change';
  readonly atMs: number;
  readonly user: number;
}

export interface HaltAction {
  readonly kind: 'halt';
  readonly atMs: number;
  readonly forMs: number;
}

export interface BrakeAction {
  readonly kind: 'brake';
  readonly atMs: number;
  readonly scope: 'partner' | number;
  readonly forMs: number;
}

export interface Scenario {
  readonly seed: number;
  /** How far the clock of each host is off. */
  readonly skewsMs: readonly number[];
  readonly users: number;
  readonly recognizesRequests: boolean;
  readonly rates: FaultRates;
  readonly actions: readonly Action[];
  /** From then on nothing goes wrong any more. */
  readonly calmAtMs: number;
}

/** What runs may be like; each seed chooses. */
export interface Scope {
  readonly maxUsers: number;
  readonly maxAsks: number;
  readonly maxJobs?: number;
  /** How often each kind of fault may happen, from 0 to 1; a kind that is absent does not happen. */
  readonly rates: Readonly<Partial<Record<FaultKind, readonly number[]>>>;
}

/** Every run has some of these kinds of faults only, so that none hides the others. */
export function scopeOf(faults: readonly FaultKind[]): Scope {
  const rates = Object.fromEntries(faults.map((kind) => [kind, [0, 0.01, 0.05, 0.2]]));
  return { maxUsers: 5, maxAsks: 30, maxJobs: 2, rates };
}

const wholeScope = scopeOf(faultKinds);

/** Clocks of two hosts differ by less than this. */
export const clockMarginMs = 15_000;

/** What one seed stands for. */
export function scenarioOf(seed: number, scope: Scope = wholeScope): Scenario {
  const random = randomFor(seed, 'scenario');
  const rates = Object.fromEntries(
    faultKinds.map((kind) => [kind, random.pick(scope.rates[kind] ?? [0])]),
  ) as FaultRates;
  const users = random.between(1, scope.maxUsers);
  const asks = random.spread(1, scope.maxAsks);
  const jobs = random.between(0, scope.maxJobs ?? 0);
  const spanMs = random.spread(10_000, 3_600_000);
  const skewMs = rates.clocks > 0 ? Math.floor(clockMarginMs / 2) - 1 : 0;
  const drawn = { seed, random, users, rates, spanMs };
  return {
    seed,
    skewsMs: Array.from({ length: random.between(1, 3) }, () => random.between(-skewMs, skewMs)),
    users,
    recognizesRequests: random.chance(0.5),
    rates,
    actions: [
      ...Array.from({ length: asks }, (_, index) => askAction(index + 1, drawn)),
      ...Array.from({ length: jobs }, (_, index) => submitAction(index + 1, drawn)),
      ...changes(drawn),
      ...operations(drawn),
    ].sort((left, right) => left.atMs - right.atMs),
    calmAtMs: spanMs + random.spread(60_000, 7_200_000),
  };
}

interface Drawn {
  readonly seed: number;
  readonly random: SeededRandom;
  readonly users: number;
  readonly rates: FaultRates;
  readonly spanMs: number;
}

function askAction(ask: number, { seed, random, users, rates, spanMs }: Drawn): AskAction {
  const isKeyed = random.chance(0.4);
  const repeats = isKeyed ? random.between(0, 3) : 0;
  const isImpatient = random.chance(0.5);
  return {
    kind: 'ask',
    atMs: random.between(0, spanMs),
    ask,
    user: random.between(1, users),
    isChosen: random.chance(0.15),
    ...handover(`ask ${ask}`, { seed, mostly: random.chance(0.9) ? 'response' : 'none' }),
    ...(isKeyed && { key: `key ${ask}` }),
    repeatsMs: Array.from({ length: repeats }, () => random.spread(100, 900_000)),
    readsMs: Array.from({ length: random.between(0, 4) }, () =>
      isImpatient ? random.spread(1_000, 600_000) : random.spread(100_000, 5_000_000),
    ),
    userChangesMs: random.chance(rates.users) ? random.spread(1_000, 600_000) : undefined,
  };
}

function submitAction(job: number, { seed, random, users, rates, spanMs }: Drawn): SubmitAction {
  const lastRow = random.spread(1, 250);
  const rows = Array.from({ length: random.between(1, users) }, (_, index) => {
    return [random.between(1, lastRow), index + 1] as const;
  });
  return {
    kind: 'submit',
    atMs: random.between(0, spanMs),
    job,
    ...handover(`job ${job}`, { seed, mostly: 'response' }),
    users: new Map(rows),
    lastRow,
    repeatsMs: random.chance(0.3) ? [random.spread(100, 900_000)] : [],
    readsMs: Array.from({ length: random.between(0, 4) }, () => random.spread(1_000, 3_000_000)),
    // Often while its rows are being made.
    cancelsMs: random.chance(0.3) ? random.spread(10, random.pick([2_000, 900_000])) : undefined,
    acknowledgesMs: random.chance(0.3) ? random.spread(60_000, 5_000_000) : undefined,
    userChangesMs: random.chance(rates.users) ? random.spread(1_000, 600_000) : undefined,
  };
}

/** Drawn apart from the rest, so that a seed otherwise stands for the same whatever deliveries there are. */
function handover(
  what: string,
  { seed, mostly }: { readonly seed: number; readonly mostly: Delivery },
): Pick<AskAction, 'delivery' | 'opensMs'> {
  const random = randomFor(seed, `delivery of ${what}`);
  const delivery = random.chance(0.5)
    ? mostly
    : random.pick<Delivery>(['link', 'link', 'recipientKey']);
  if (delivery !== 'link') return { delivery };
  const firstMs = random.spread(100, 900_000);
  // Whoever opens it twice does so in a hurry.
  const others = Array.from({ length: random.between(0, 2) }, () => random.spread(1, 60_000));
  return { delivery, opensMs: [firstMs, ...others.map((ms) => firstMs + ms)] };
}

function changes({ random, users, rates, spanMs }: Drawn): ChangeAction[] {
  const count = Array.from({ length: 10 }).filter(() => random.chance(rates.users)).length;
  return Array.from({ length: count }, () => ({
    kind: 'change',
    atMs: random.between(0, spanMs + 600_000),
    user: random.between(1, users),
  }));
}

function operations({ random, users, rates, spanMs }: Drawn): (HaltAction | BrakeAction)[] {
  const count = Array.from({ length: 6 }).filter(() => random.chance(rates.operators)).length;
  return Array.from({ length: count }, () => {
    const when = { atMs: random.between(0, spanMs), forMs: random.spread(1_000, 900_000) };
    if (random.chance(0.5)) return { kind: 'halt', ...when };
    const scope = random.chance(0.3) ? 'partner' : random.between(1, users);
    return { kind: 'brake', scope, ...when };
  });
}
