import { type Callers, createCallers } from './callers.js';
import { foreseenCodeOf } from './foreseen.js';
import type { HostProcess } from './host-process.js';
import type { Hosts, LiveHost } from './hosts.js';
import { createJobOwners } from './job-owners.js';
import { isOfJob } from './people.js';
import { customerIdOf, userIdOf } from './people.js';
import type { Action, BrakeAction, HaltAction, Scenario } from './scenario.js';
import type { World } from './world.js';

const processBudgetMs = 75_000;
const longBudgetMs = 280_000;
/** As `host.json` has it. */
const functionTimeoutMs = 300_000;
const sweepEveryMs = 60_000;

/** Everybody who has to do with the service, in one run. */
export function createActors(world: World, hosts: Hosts, { actions }: Scenario) {
  const { scheduler, history, storage, jobs, control, numbered } = world;
  const startMs = scheduler.nowMs;
  const callers: Callers = createCallers(world, hosts);
  const owners = createJobOwners(world, hosts, callers);
  let isStopped = false;

  world.resetQueue.consumer = {
    process: () => hosts.pick(numbered('message'))?.process,
    consume: (process, { pointer }) =>
      process.withBudget(processBudgetMs, (signal) =>
        hosts.hostOf(process).useCases.processPasswordReset(pointer, signal),
      ),
    consumePoison: (process, pointer) => hosts.hostOf(process).useCases.countPoisoned(pointer),
  };
  world.jobQueue.consumer = {
    process: () => hosts.pick(numbered('job message'))?.process,
    // A row made long after its job was cancelled would be nobody's, so this is where it counts that the
    // host ends what takes too long. The resets themselves are safe without.
    consume: (process, { pointer }) =>
      process.asInvocation(functionTimeoutMs, () => goOn(process, pointer)),
    consumePoison: () => Promise.resolve(),
  };
  world.sliceQueue.consumer = {
    process: () => hosts.pick(numbered('slice message'))?.process,
    consume: (process, { pointer, isRepeated }) =>
      process.withBudget(longBudgetMs, (signal) =>
        hosts.hostOf(process).bulk.processSlice(pointer, { isRepeated }, signal),
      ),
    consumePoison: () => Promise.resolve(),
  };

  return {
    start({ isSwept }: { readonly isSwept: boolean }): void {
      for (const action of actions) scheduler.at(startMs + action.atMs, () => act(action));
      if (isSwept) sweepSometimes();
    },

    /** Each reset by whoever asked for it. */
    readEverything(): void {
      for (const { bulkResetId } of jobs.jobsNow) owners.readRows(bulkResetId);
      for (const { resetId } of storage.rowsNow) {
        if (!isOfJob(resetId)) callers.read(resetId);
      }
    },

    stop(): void {
      isStopped = true;
    },
  };

  function act(action: Action): void {
    switch (action.kind) {
      case 'ask':
        callers.ask(action);
        return;
      case 'submit':
        owners.submit(action);
        return;
      case 'change':
        callers.changePassword(userIdOf(action.user));
        return;
      case 'halt':
      case 'brake':
        operate(action);
    }
  }

  /** As the handler of the queue does it. */
  async function goOn(process: HostProcess, bulkResetId: string): Promise<void> {
    const { processBulkReset } = hosts.hostOf(process).bulk;
    const { dueAtMs } = await process.withBudget(longBudgetMs, (signal) =>
      processBulkReset(bulkResetId, signal),
    );
    if (dueAtMs !== undefined && dueAtMs <= process.now()) {
      await world.jobQueue.sender(process).send(bulkResetId, 0);
    }
  }

  function operate(action: HaltAction | BrakeAction): void {
    if (action.kind === 'halt') {
      control.shared.isHalted = true;
      scheduler.after(action.forMs, () => {
        control.shared.isHalted = false;
      });
      history.note('operator', { kind: 'operated', what: 'stops the service' });
      return;
    }
    const scope = action.scope === 'partner' ? 'partner' : customerIdOf(action.scope);
    void control.shared.brake(scope, scheduler.nowMs + action.forMs);
    history.note('operator', { kind: 'operated', what: `brakes ${scope}` });
  }

  function sweepSometimes(): void {
    scheduler.after(sweepEveryMs, () => {
      if (isStopped) return;
      sweepSometimes();
      // It would find nothing.
      if (storage.openRows === 0 && !jobs.isAnyOpen) return;
      const host = hosts.pick(numbered('sweep'));
      if (host === undefined) return;
      sweep(host, 'sweep', (signal) => host.useCases.sweepPasswordResets(2, signal));
      sweep(host, 'sweep of jobs', (signal) => host.bulk.sweepBulkResets(signal));
    });
  }

  function sweep(
    { process }: LiveHost,
    what: string,
    run: (signal: AbortSignal) => Promise<unknown>,
  ): void {
    process.withBudget(longBudgetMs, run).catch((error: unknown) => {
      if (foreseenCodeOf(error) !== undefined) return;
      history.note('test', { kind: 'failed', what, error: String(error) });
    });
  }
}
