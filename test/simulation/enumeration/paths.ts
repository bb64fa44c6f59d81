import {
  type Action,
  type AskAction,
  clockMarginMs,
  type Scenario,
  type SubmitAction,
} from '../scenario.js';
import { faultKinds, type FaultRates } from '../seeded-fates.js';

const skewMs = clockMarginMs / 2 - 1;
const rates = Object.fromEntries(faultKinds.map((kind) => [kind, 0])) as FaultRates;

const ask: AskAction = {
  kind: 'ask',
  atMs: 1_000,
  ask: 1,
  user: 1,
  isChosen: false,
  delivery: 'response',
  repeatsMs: [],
  // At once, and when everything that went wrong is over.
  readsMs: [100, 15_000, 310_000, 900_000],
  // Only a late request of ours could undo what the user has chosen.
  userChangesMs: 5_000,
};

/** Asked for while a request of the first one may still be travelling. */
const later: AskAction = { ...ask, atMs: 40_000, ask: 2, userChangesMs: undefined };

/** Two slices, and in the first one two rows. */
const submit: SubmitAction = {
  kind: 'submit',
  atMs: 1_000,
  job: 1,
  delivery: 'response',
  users: new Map([
    [1, 1],
    [2, 2],
    [101, 3],
  ]),
  lastRow: 101,
  repeatsMs: [],
  readsMs: [15_000, 310_000, 900_000],
  userChangesMs: 5_000,
};

/** While it lasts, what is accepted waits in the queue. */
const brake: Action = { kind: 'brake', atMs: 0, scope: 'partner', forMs: 10_000 };

/** Scripts in which nothing goes wrong by itself, one for each way that a reset takes. */
export const paths = {
  /** Carried out while its caller waits; a second reset of the same user follows. */
  http: path([ask, later]),
  /** As before, under an idempotency key that is sent again. */
  repeated: path([{ ...ask, key: 'key 1', repeatsMs: [100, 60_000] }]),
  /** Carried out by whoever gets the message; a second reset of the same user follows. */
  worker: path([brake, ask, later]),
  /** As before, but nobody else resets the user. */
  alone: path([brake, ask]),
  /** As before, and the directory carries out a request id only once. */
  recognized: { ...path([brake, ask]), recognizesRequests: true },
  /** A row of a job; a reset of one of its users follows. */
  bulk: path([submit, later]),
  /** Cancelled while its rows are being carried out. */
  cancelled: path([{ ...submit, cancelsMs: 150 }, later]),
} satisfies Record<string, Scenario>;

export type PathName = keyof typeof paths;

function path(actions: readonly Action[]): Scenario {
  return {
    seed: 1,
    // As far apart as clocks may be.
    skewsMs: [skewMs, -skewMs],
    users: 3,
    recognizesRequests: false,
    rates,
    actions,
    calmAtMs: 3_600_000,
  };
}
