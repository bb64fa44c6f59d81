import type { TimerHandler } from '@azure/functions';
import { keptForDays } from '../password-reset/purge-password-resets.js';
import type { LogFields } from '../platform/log.js';
import { runParts } from './run-parts.js';

export interface SweepHandlerDependencies {
  /** Looks at the resets accepted today and on so many days, with today. */
  readonly sweepPasswordResets: (days: number, signal: AbortSignal) => Promise<LogFields>;
  readonly sweepBulkResets: (signal: AbortSignal) => Promise<LogFields>;
  readonly timeoutMs: number;
  readonly now: () => number;
}

/** A reset lives for a day. */
const usualDays = 2;

/**
 * Every minute: wakes what is overdue. Once an hour it looks as far back as there are rows, for what was
 * left when the app stood still for days.
 */
export function createSweepHandler(dependencies: SweepHandlerDependencies): TimerHandler {
  const { sweepPasswordResets, sweepBulkResets, timeoutMs, now } = dependencies;

  return async (_timer, context) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const isFullHour = new Date(now()).getUTCMinutes() === 0;
    const days = isFullHour ? keptForDays : usualDays;
    const parts = {
      'sweep of password resets': () => sweepPasswordResets(days, signal),
      'sweep of bulk resets': () => sweepBulkResets(signal),
    };
    await runParts(parts, context);
  };
}
