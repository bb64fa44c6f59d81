import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Invariant } from '../checker.js';
import { withoutRule } from '../removed-rules.js';
import { everything, type Share } from '../share.js';
import type { SimulateOptions } from '../simulate.js';
import { describePlan, enumerateFaults } from './enumerate.js';
import { type PathName, paths } from './paths.js';

const { stackTraceLimit } = Error;

beforeAll(() => {
  // Most of the time would be spent on the stack traces of failures that are part of a run.
  Error.stackTraceLimit = 0;
});

afterAll(() => {
  Error.stackTraceLimit = stackTraceLimit;
});

describe('the protocol', () => {
  // A job makes many calls: here goes wrong every eighth thing only, and `npm run simulate` does the rest.
  it.each<{ path: PathName; share?: Share; atLeast: number }>([
    { path: 'http', atLeast: 350 },
    { path: 'repeated', atLeast: 450 },
    { path: 'worker', atLeast: 400 },
    { path: 'bulk', share: { index: 0, of: 8 }, atLeast: 120 },
  ])(
    'holds on the path "$path" whatever one thing goes wrong',
    async ({ path, ...expected }) => {
      const { share = everything, atLeast } = expected;
      const violated: string[] = [];
      let runs = 0;
      for await (const { plan, run } of enumerateFaults(paths[path], { depth: 1, share })) {
        runs += 1;
        violated.push(...run.violations.map((one) => `${describePlan(plan)}: ${one.invariant}`));
      }

      expect(violated).toEqual([]);
      expect(runs).toBeGreaterThan(atLeast);
    },
    120_000,
  );

  // The one rule that is missing here needs two faults to show.
  it.each<{ rule: keyof typeof withoutRule; path: PathName; invariant: Invariant; by: RegExp }>([
    {
      rule: 'settleBeforeDisclosure',
      path: 'http',
      invariant: 'a password that the user chose is not overwritten',
      by: /^send .*: it arrives as late as can be$/,
    },
    {
      rule: 'settleBeforeNextReset',
      path: 'worker',
      invariant: 'a disclosed password stays valid',
      by: /^send .*: it arrives as late as can be$/,
    },
    {
      rule: 'leaseGuard',
      path: 'worker',
      invariant: 'only who holds the lease sends',
      by: /^create lock .*: it answers after the lease$/,
    },
    {
      rule: 'crashCountsAsUnknown',
      path: 'http',
      invariant: 'a password that the user chose is not overwritten',
      by: /^replace .*: it fails$/,
    },
    {
      rule: 'conditionalOutcome',
      path: 'http',
      invariant: 'a settled row stays as it is',
      by: /^create .*: it answers when another may claim$/,
    },
    {
      rule: 'sealBeforeSend',
      path: 'http',
      invariant: 'one generation is one password',
      by: /^send .*: the host dies before it goes out$/,
    },
    {
      rule: 'sweeper',
      path: 'worker',
      invariant: 'every accepted row is settled in the end',
      by: /^create .*: the host dies after$/,
    },
  ])('breaks without the rule $rule by a single fault', async ({ rule, by, ...expected }) => {
    const broken = await firstPlanThatBreaks(withoutRule[rule], expected);

    expect(broken).toMatch(by);
  });
});

async function firstPlanThatBreaks(
  variation: NonNullable<SimulateOptions['variation']>,
  { path, invariant }: { readonly path: PathName; readonly invariant: Invariant },
): Promise<string | undefined> {
  for await (const { plan, run } of enumerateFaults(paths[path], { depth: 1, variation })) {
    if (run.violations.some((one) => one.invariant === invariant)) return describePlan(plan);
  }
  return undefined;
}
