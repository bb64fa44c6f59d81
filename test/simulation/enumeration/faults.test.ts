import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Invariant } from '../invariants.js';
import { withoutRule } from '../removed-rules.js';
import { everything, type Share } from '../share.js';
import type { SimulateOptions } from '../simulate.js';
import { describePlan, enumerateFaults } from './enumerate.js';
import { type PathName, paths } from './paths.js';
import type { PlannedFault } from './scripted-fates.js';

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
    { path: 'repeated', atLeast: 400 },
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

  // The lease guard is missed by two faults only: a worker whose time is over looks at the brakes in vain.
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
    const broken = await firstPlanThatBreaks(withoutRule[rule], { ...expected, depth: 1 });

    expect(broken).toMatch(by);
  });

  it('breaks without the rule settleBeforeNewPassword by a late request and a refusal', async () => {
    const late = { at: 'send 20260101-1.1 1', fault: 'it arrives as late as can be' };

    const broken = await firstPlanThatBreaks(withoutRule.settleBeforeNewPassword, {
      path: 'alone',
      invariant: 'a disclosed password works',
      depth: 2,
      begun: [late],
    });

    expect(broken).toMatch(/; send 20260101-1\.1 2: its password is refused$/);
  });
});

interface Expected {
  readonly path: PathName;
  readonly invariant: Invariant;
  readonly depth: number;
  /** What goes wrong in every run. */
  readonly begun?: readonly PlannedFault[];
}

async function firstPlanThatBreaks(
  variation: NonNullable<SimulateOptions['variation']>,
  { path, invariant, depth, begun }: Expected,
): Promise<string | undefined> {
  for await (const { plan, run } of enumerateFaults(paths[path], { depth, variation }, begun)) {
    if (run.violations.some((one) => one.invariant === invariant)) return describePlan(plan);
  }
  return undefined;
}
