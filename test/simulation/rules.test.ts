import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Invariant } from './invariants.js';
import { hastyAttempts, soonGivenUp, withoutRule } from './removed-rules.js';
import { type Scope, scenarioOf } from './scenario.js';
import { simulate } from './simulate.js';
import type { Variation } from './world.js';

const { stackTraceLimit } = Error;

beforeAll(() => {
  // Most of the time would be spent on the stack traces of failures that are part of a run.
  Error.stackTraceLimit = 0;
});

afterAll(() => {
  Error.stackTraceLimit = stackTraceLimit;
});

const one = { maxUsers: 1, maxAsks: 1 };
const several = { maxUsers: 1, maxAsks: 4 };
const unknownOutcomes = [0.5];

const refusedLater: Scope = { ...one, rates: { unknownOutcomes, refusals: [0.5] } };
const readAtOnce: Scope = { ...one, rates: { unknownOutcomes, users: [1] } };
const severalOfOneUser: Scope = { ...several, rates: { unknownOutcomes, messages: [0, 0.2] } };
const stalledWorkers: Scope = { ...several, rates: { slowness: [0.2], messages: [0, 0.3] } };
const dyingWorkers: Scope = { ...one, rates: { crashes: [0.2], refusals: [0.5] } };
const slowStorage: Scope = { ...several, rates: { slowness: [0.3], storage: [0, 0.3] } };
const openedAtOnce: Scope = { ...one, rates: { slowness: [0.3] } };
const lostMessages: Scope = { ...several, rates: { messages: [0.3] } };

const removals: readonly {
  readonly rule: keyof typeof withoutRule;
  readonly scope: Scope;
  readonly invariant: Invariant;
}[] = [
  {
    rule: 'settleBeforeNewPassword',
    scope: refusedLater,
    invariant: 'a disclosed password works',
  },
  {
    rule: 'settleBeforeDisclosure',
    scope: readAtOnce,
    invariant: 'a password that the user chose is not overwritten',
  },
  {
    rule: 'settleBeforeNextReset',
    scope: severalOfOneUser,
    invariant: 'a disclosed password stays valid',
  },
  { rule: 'leaseGuard', scope: stalledWorkers, invariant: 'only who holds the lease sends' },
  {
    rule: 'crashCountsAsUnknown',
    scope: dyingWorkers,
    invariant: 'a rejected row was never applied',
  },
  {
    rule: 'conditionalOutcome',
    scope: slowStorage,
    invariant: 'a settled row stays as it is',
  },
  {
    rule: 'sealBeforeSend',
    scope: severalOfOneUser,
    invariant: 'a row discloses one password at most',
  },
  {
    rule: 'claimBeforeView',
    scope: openedAtOnce,
    invariant: 'a link shows its password once',
  },
  {
    rule: 'sweeper',
    scope: lostMessages,
    invariant: 'every accepted row is settled in the end',
  },
  {
    rule: 'everything',
    scope: severalOfOneUser,
    invariant: 'a disclosed password works',
  },
];

describe('the protocol', () => {
  it.each(removals)('breaks without the rule $rule: $invariant', async ({ rule, ...expected }) => {
    const broken = await firstSeedThatBreaks(withoutRule[rule], expected, 400);

    expect(broken).toBeDefined();
  });

  it.each<{ what: string; variation: Variation; scope: Scope }>([
    { what: 'as it is, with refusals', variation: {}, scope: refusedLater },
    { what: 'with hasty attempts', variation: hastyAttempts, scope: readAtOnce },
    { what: 'with rows that are soon given up', variation: soonGivenUp, scope: severalOfOneUser },
    { what: 'as it is, with stalled workers', variation: {}, scope: stalledWorkers },
    { what: 'as it is, with dying workers', variation: {}, scope: dyingWorkers },
    { what: 'as it is, with slow storage', variation: {}, scope: slowStorage },
    { what: 'as it is, with links opened at once', variation: {}, scope: openedAtOnce },
    { what: 'as it is, with lost messages', variation: {}, scope: lostMessages },
  ])('holds $what, where a removed rule would show', async ({ variation, scope }) => {
    const broken = await firstSeedThatBreaks(variation, { scope }, 150);

    expect(broken).toBeUndefined();
  });
});

/** Of the first so many; without an invariant any violation counts. */
async function firstSeedThatBreaks(
  variation: Variation,
  { scope, invariant }: { readonly scope: Scope; readonly invariant?: Invariant },
  seeds: number,
): Promise<number | undefined> {
  for (let seed = 1; seed <= seeds; seed += 1) {
    const { violations } = await simulate(scenarioOf(seed, scope), { variation });
    if (violations.some((one) => invariant === undefined || one.invariant === invariant)) {
      return seed;
    }
  }
  return undefined;
}
