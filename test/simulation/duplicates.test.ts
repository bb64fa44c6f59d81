import { describe, expect, it } from '@jest/globals';
import { type Fates, kindFates } from './fates.js';
import type { HistoryEvent } from './history.js';
import { randomFor } from './random.js';
import type { Action, AskAction, Scenario, SubmitAction } from './scenario.js';
import { faultKinds, type FaultRates } from './seeded-fates.js';
import { simulate } from './simulate.js';

const rates = Object.fromEntries(faultKinds.map((kind) => [kind, 0])) as FaultRates;

describe('messages that come one to five times, in any order', () => {
  it('change nothing in what becomes of anybody', async () => {
    let messages = 0;
    for (let seed = 1; seed <= 40; seed += 1) {
      const once = await simulate(everybodyOnce(seed), { fates: fatesOf(seed, { copies: 1 }) });
      const fates = fatesOf(seed, { copies: 5 });
      const often = await simulate(everybodyOnce(seed), { fates });

      const outcomes = outcomesOf(once.history.events);
      expect(outcomes.map(({ state }) => state)).toEqual(Array(9).fill('applied'));
      expect({ seed, outcomes: outcomesOf(often.history.events) }).toEqual({ seed, outcomes });
      expect({ seed, violations: often.violations }).toEqual({ seed, violations: [] });
      messages += fates.messages;
    }
    expect(messages).toBeGreaterThan(40 * 9 * 2);
  });
});

/** Nobody is asked for twice, so that no order of things decides who wins. Everything goes through the queue. */
function everybodyOnce(seed: number): Scenario {
  const brake: Action = { kind: 'brake', atMs: 0, scope: 'partner', forMs: 10_000 };
  const asks = Array.from({ length: 5 }, (_, index): AskAction => {
    const ask = index + 1;
    return {
      kind: 'ask',
      atMs: 1_000,
      ask,
      user: ask,
      isChosen: ask === 5,
      delivery: 'response',
      repeatsMs: [],
      readsMs: [],
    };
  });
  const submit: SubmitAction = {
    kind: 'submit',
    atMs: 1_000,
    job: 1,
    delivery: 'response',
    users: new Map([
      [1, 6],
      [2, 7],
      [101, 8],
      [250, 9],
    ]),
    lastRow: 250,
    repeatsMs: [],
    readsMs: [],
  };
  return {
    seed,
    skewsMs: [0, 0, 0],
    users: 9,
    recognizesRequests: false,
    rates,
    actions: [brake, ...asks, submit],
    calmAtMs: 3_600_000,
  };
}

/** Nothing else goes wrong. Copies come within ten minutes, each when it likes. */
function fatesOf(seed: number, { copies }: { readonly copies: number }) {
  const fates: Fates & { isOver: boolean; happened: string[]; messages: number } = {
    ...kindFates,
    isOver: false,
    happened: [],
    messages: 0,
    ofMessage(name) {
      const random = randomFor(seed, name);
      const length = random.between(1, copies);
      fates.messages += length;
      return Array.from({ length }, () => random.between(0, 600_000));
    },
  };
  return fates;
}

/** What became of each reset, how often the directory carried it out, and with which password. */
function outcomesOf(events: readonly HistoryEvent[]) {
  const states = new Map<string, string>();
  const passwords = new Map<string, string[]>();
  for (const event of events) {
    if (event.kind === 'stored') states.set(event.row.resetId, event.row.state);
    if (event.kind === 'applied') {
      passwords.set(event.resetId, [...(passwords.get(event.resetId) ?? []), event.password]);
    }
  }
  return Array.from(states.keys())
    .sort()
    .map((resetId) => ({
      resetId,
      state: states.get(resetId),
      passwords: passwords.get(resetId),
    }));
}
