import { findStop } from './brakes.js';
import type { Control, SingleResets, WakeUps } from './ports.js';
import { claimableAtMs, type OpenRow, type ResetLimits } from './reset-row.js';

export interface SweepDependencies {
  readonly singles: Pick<SingleResets, 'open'>;
  readonly control: Pick<Control, 'read'>;
  readonly wakeUps: WakeUps;
  readonly limits: Pick<ResetLimits, 'settleMs' | 'maxAgeMs'>;
  readonly now: () => number;
}

/** A wake-up that is later than this counts as lost. */
export const overdueMs = 60_000;

/**
 * Wakes the single resets whose time has come and for which no wake-up came: the rows are the outbox, and
 * messages may be lost freely. It looks at those accepted today or on the days before.
 */
export function createSweepPasswordResets(dependencies: SweepDependencies) {
  const { singles, control, wakeUps, limits, now } = dependencies;

  return async (days: number, signal: AbortSignal): Promise<{ readonly woken: number }> => {
    const state = await control.read(signal);
    let woken = 0;
    for await (const { row } of singles.open({ lastDayMs: now(), days })) {
      signal.throwIfAborted();
      if (!isOverdue(row)) continue;
      // What is stopped would only come back; but what is too old is to end all the same.
      const isOld = now() - row.acceptedAtMs >= limits.maxAgeMs;
      if (!isOld && findStop(state, row.customerTenantId, now()) !== undefined) continue;
      await wakeUps.send(row.resetId, 0);
      woken += 1;
    }
    return { woken };
  };

  function isOverdue(row: OpenRow): boolean {
    return claimableAtMs(row, limits) + overdueMs <= now();
  }
}
