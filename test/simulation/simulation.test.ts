import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { withoutRule } from './removed-rules.js';
import { type Scope, scenarioOf } from './scenario.js';
import { type Failure, shrink } from './shrink.js';
import { simulate } from './simulate.js';
import { tellStory } from './story.js';

const { stackTraceLimit } = Error;

beforeAll(() => {
  // Most of the time would be spent on the stack traces of failures that are part of a run.
  Error.stackTraceLimit = 0;
});

afterAll(() => {
  Error.stackTraceLimit = stackTraceLimit;
});

const severalOfOneUser: Scope = { maxUsers: 1, maxAsks: 4, rates: { unknownOutcomes: [0.5] } };

describe('simulate()', () => {
  it('finds no violation in the runs of the first seeds, which come to every state there is', async () => {
    const violated: { seed: number; invariant: string }[] = [];
    const states = new Set<string>();
    for (let seed = 1; seed <= 200; seed += 1) {
      const { violations, history } = await simulate(scenarioOf(seed));
      violated.push(...violations.map(({ invariant }) => ({ seed, invariant })));
      for (const event of history.events) {
        if (event.kind === 'stored') states.add(event.row.state);
        if (event.kind === 'job stored') states.add(`job ${event.job.state}`);
      }
    }

    const rowStates = [
      'applied',
      'attention',
      'cancelled',
      'claimed',
      'queued',
      'rejected',
      'uncertain',
    ];
    const jobStates = ['refused', 'split', 'splitting', 'stopped', 'validating'];
    expect(violated).toEqual([]);
    expect([...states].sort()).toEqual(
      [...rowStates, ...jobStates.map((state) => `job ${state}`)].sort(),
    );
  });

  it('does the same for the same seed', async () => {
    const first = await simulate(scenarioOf(41));
    const second = await simulate(scenarioOf(41));

    expect(first.history.events).toEqual(second.history.events);
    expect(first.faults.length).toBeGreaterThan(50);
  });

  it('does something else for another seed', async () => {
    const first = await simulate(scenarioOf(41));
    const second = await simulate(scenarioOf(42));

    expect(first.history.events).not.toEqual(second.history.events);
  });

  it('spares the faults that it is told to', async () => {
    const { faults } = await simulate(scenarioOf(41));

    const calm = await simulate(scenarioOf(41), { spared: new Set(faults) });

    expect(calm.faults.filter((fault) => faults.includes(fault))).toEqual([]);
  });
});

describe('tellStory()', () => {
  it('tells in few sentences what broke a protocol that lacks a rule', async () => {
    const variation = withoutRule.settleBeforeNextReset;
    const invariant = 'a late request undoes no newer reset';
    let failure: Failure | undefined;
    for (let seed = 1; seed <= 50 && failure === undefined; seed += 1) {
      const scenario = scenarioOf(seed, severalOfOneUser);
      failure = await shrink(scenario, invariant, { variation, budget: 100 });
    }

    const story = failure && tellStory(failure.run.history.events, failure.violation);
    expect(story?.split('\n').length).toBeLessThan(40);
    expect(story).toMatch(
      /carries out request \d, after its client gave up: password \d works now\./,
    );
    expect(story).toMatch(/Violated: a late request undoes no newer reset/);
  });
});
