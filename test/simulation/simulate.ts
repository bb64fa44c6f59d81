import { defaultLimits } from '../../shared/password-reset/reset-row.js';
import { createActors } from './actors.js';
import { findViolations } from './checker.js';
import type { Fates } from './fates.js';
import { History } from './history.js';
import { createHosts } from './hosts.js';
import type { Violation } from './invariants.js';
import { clockMarginMs, type Scenario } from './scenario.js';
import { Scheduler } from './scheduler.js';
import { SeededFates } from './seeded-fates.js';
import { SimulatedControl } from './simulated-control.js';
import { SimulatedDirectory } from './simulated-directory.js';
import { SimulatedJobs } from './simulated-jobs.js';
import { SimulatedQueue } from './simulated-queue.js';
import { SimulatedStorage } from './simulated-storage.js';
import { sendTimeoutMs } from './use-cases.js';
import type { Variation, World } from './world.js';

export interface Run {
  readonly history: History;
  readonly violations: readonly Violation[];
  /** Names of the faults that happened. */
  readonly faults: readonly string[];
  readonly effects: number;
}

export interface SimulateOptions {
  readonly variation?: Variation;
  readonly spared?: ReadonlySet<string>;
  /** Instead of those that follow from the seed. */
  readonly fates?: Fates & { isOver: boolean; readonly happened: readonly string[] };
}

const startMs = Date.UTC(2026, 0, 1, 9);
/** A reset is given up after a day. */
const longestMs = 30 * 3_600_000;
/** What is still under way when all rows are settled has come to its end by then. */
const aftermathMs = 2_000_000;

/**
 * The time that the service waits for a request whose client gave up includes the margin of the clocks,
 * because one host reads there what another one wrote.
 */
const travelsMs = defaultLimits.settleMs - clockMarginMs;

/** Runs one scenario to its end and judges what happened. */
export async function simulate(
  scenario: Scenario,
  { variation = {}, spared = new Set(), fates }: SimulateOptions = {},
): Promise<Run> {
  const { seed, rates, recognizesRequests, calmAtMs } = scenario;
  const scheduler = new Scheduler(startMs);
  const history = new History(scheduler.now);
  const chosen = fates ?? new SeededFates({ seed, rates, sendTimeoutMs, travelsMs, spared });
  const counts = new Map<string, number>();
  const numbered = (what: string) => {
    const count = (counts.get(what) ?? 0) + 1;
    counts.set(what, count);
    return `${what} ${count}`;
  };
  const surroundings = { scheduler, history, fates: chosen, numbered };
  const storage = new SimulatedStorage(surroundings);
  const jobs = new SimulatedJobs(surroundings);
  const world: World = {
    ...surroundings,
    seed,
    storage,
    jobs,
    control: new SimulatedControl(),
    directory: new SimulatedDirectory(surroundings, storage, { sendTimeoutMs, recognizesRequests }),
    resetQueue: new SimulatedQueue(surroundings, (resetId) => resetId),
    jobQueue: new SimulatedQueue(surroundings, (bulkResetId) => bulkResetId),
    sliceQueue: new SimulatedQueue(
      surroundings,
      ({ bulkResetId, slice }) => `${bulkResetId} slice ${slice}`,
    ),
  };
  const hosts = createHosts(world, scenario.skewsMs, variation);
  const actors = createActors(world, hosts, scenario);

  scheduler.at(startMs + calmAtMs, () => {
    chosen.isOver = true;
    world.control.shared.isHalted = false;
  });
  actors.start({ isSwept: variation.isSwept !== false });
  const isOver = () => chosen.isOver && storage.openRows === 0 && !jobs.isAnyOpen;
  const latestMs = startMs + calmAtMs + longestMs;
  await scheduler.runUntil(latestMs, isOver);
  await scheduler.runUntil(scheduler.nowMs + aftermathMs);
  // Somebody who asked again at the very end may have begun another one.
  await scheduler.runUntil(latestMs + aftermathMs, isOver);
  const isEverythingOver = isOver();
  actors.readEverything();
  await scheduler.runUntil(scheduler.nowMs + 60_000);
  actors.stop();

  const effects = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const violations = findViolations(history.events, { isEverythingOver, travelsMs });
  return { history, violations, faults: chosen.happened, effects };
}
