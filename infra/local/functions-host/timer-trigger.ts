import { setTimeout as sleep } from 'node:timers/promises';
import type { RegisteredFunction } from './core-module.js';
import type { Invoke } from './invocation.js';
import type { Log } from './log.js';
import { parseNcrontab } from './ncrontab.js';
import { bindingText, triggerBinding, type Trigger } from './trigger.js';

export interface TimerTriggerOptions {
  readonly registered: RegisteredFunction;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly invoke: Invoke;
  readonly log: Log;
}

/** Node waits no longer than this at a time: 2^31 - 1 ms. */
const longestSleepMs = 2_147_483_647;

/** What .NET says for "never yet". */
const never = '0001-01-01T00:00:00+00:00';

/**
 * Runs a function when its schedule says so, one run at a time; what falls into a run is left out.
 * The state of the schedule is not kept beyond the process, so nothing is ever past due.
 *
 * @see https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer
 */
export function createTimerTrigger({ registered, env, invoke, log }: TimerTriggerOptions): Trigger {
  const { name } = registered.metadata;
  const { inputName, binding } = triggerBinding(registered.metadata);
  const expression = bindingText(binding, 'schedule', env);
  const schedule = parseNcrontab(expression);
  const stopping = new AbortController();
  const isStopping = () => stopping.signal.aborted;
  let running: Promise<void> = Promise.resolve();
  let last: Date | undefined;

  async function run(): Promise<void> {
    const startedAt = new Date();
    const timer = {
      Schedule: { AdjustForDST: true },
      ScheduleStatus: {
        Last: toTime(last),
        Next: toTime(schedule.next(startedAt)),
        LastUpdated: toTime(last),
      },
      IsPastDue: false,
    };
    last = startedAt;
    await invoke(registered, {
      inputData: [{ name: inputName, data: { json: JSON.stringify(timer) } }],
    });
  }

  async function runOnSchedule(): Promise<void> {
    // A failed run is in the log; the schedule goes on.
    if (binding['runOnStartup'] === true) await run().catch(() => undefined);
    while (!isStopping()) {
      const next = schedule.next(new Date());
      if (next === undefined) {
        log('warning', name, `schedule "${expression}" names no time`);
        return;
      }
      await sleepUntil(next);
      if (!isStopping()) await run().catch(() => undefined);
    }
  }

  async function sleepUntil(time: Date): Promise<void> {
    while (!isStopping() && Date.now() < time.getTime()) {
      const ms = Math.min(longestSleepMs, time.getTime() - Date.now());
      await sleep(ms, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }

  return {
    description: `timer ${expression}`,
    start() {
      running = runOnSchedule();
      return Promise.resolve();
    },
    async stop() {
      stopping.abort();
      await running;
    },
    runNow: run,
  };
}

function toTime(date: Date | undefined): string {
  return date?.toISOString().replace('Z', '+00:00') ?? never;
}
