import { neverAborted } from '../platform/deadline.js';
import { forgedEvent, type Note, settledEvent } from './audit.js';
import { openRequest } from './open-seal.js';
import type { ResetStore, Seals } from './ports.js';
import {
  countAttempt,
  isSettled,
  type OpenRow,
  type ResetLimits,
  type ResetRow,
} from './reset-row.js';
import { giveUpSpent, isSpent } from './settle-row.js';

export interface CountPoisonedDependencies {
  readonly resets: Pick<ResetStore, 'read' | 'replace'>;
  readonly seals: Pick<Seals, 'open'>;
  readonly note: Note;
  readonly limits: ResetLimits;
  readonly now: () => number;
}

/**
 * A wake-up that failed again and again, for a reason that nobody foresaw. It counts as an attempt, and the
 * sweeper wakes the row again; a row that only ever fails is given up like any other. That happens here,
 * for such a row may never come as far as anywhere else.
 */
export function createCountPoisoned(dependencies: CountPoisonedDependencies) {
  const { resets, seals, note, limits, now } = dependencies;

  return async (resetId: string): Promise<ResetRow['state'] | 'unknown row'> => {
    const stored = await resets.read(resetId);
    if (stored === undefined) return 'unknown row';
    const { row, etag } = stored;
    // A claim counts by itself: when its lease is over, it was an attempt.
    if (isSettled(row) || row.state === 'claimed') return row.state;
    const counted = countAttempt(row);
    const nowMs = now();
    const isLast = isSpent(counted, { nowMs, isPatient: false }, limits);
    const next = isLast ? giveUpSpent(counted, nowMs) : counted;
    if ((await resets.replace(next, etag)) === 'conflict') return row.state;
    if (isSettled(next)) {
      await note([(await isGenuine(row)) ? settledEvent(next) : forgedEvent(next)]);
    }
    return next.state;
  };

  /** A seal that cannot be opened proves nothing, and must not keep the row from being given up. */
  async function isGenuine(row: OpenRow): Promise<boolean> {
    const request = await openRequest(seals, row, neverAborted).catch(() => undefined);
    return request !== undefined;
  }
}
