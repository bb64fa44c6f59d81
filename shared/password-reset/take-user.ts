import type { ResetStore, UserKey, UserLock, UserLockEntry, UserLocks } from './ports.js';
import { isSettled, type ResetFacts, type ResetRow, shadowEndsAtMs } from './reset-row.js';

export interface TakeUserDependencies {
  readonly locks: UserLocks;
  readonly resets: Pick<ResetStore, 'read'>;
  readonly settleMs: number;
  readonly now: () => number;
}

export type TakeUserResult =
  | { readonly kind: 'taken' }
  /** Another reset of the user is not over yet. */
  | { readonly kind: 'held'; readonly untilMs: number }
  /** A reset that was accepted later has been applied already, or may have been. */
  | { readonly kind: 'superseded' };

export type TakeUser = ReturnType<typeof createTakeUser>;

/** How long a reset usually takes from when it is worked on. */
const usualWaitMs = 10_000;

/**
 * One reset of a user at a time, and never an older one after a newer one. Another reset is over when its
 * row is settled and nothing that it sent can still arrive: the password of the next one would be
 * undone otherwise.
 */
export function createTakeUser({ locks, resets, settleMs, now }: TakeUserDependencies) {
  return async (user: UserKey, row: ResetFacts): Promise<TakeUserResult> => {
    const { resetId, acceptedAtMs } = row;
    let lock = await locks.createOrRead(user, resetId);
    while (lock.resetId !== resetId) {
      const holder = (await resets.read(lock.resetId))?.row;
      const untilMs = holder && busyUntilMs(holder);
      if (untilMs !== undefined) return { kind: 'held', untilMs };
      const applied = holder && mayBeApplied(holder) ? idOf(holder) : lock.applied;
      if (applied !== undefined && applied.acceptedAtMs > acceptedAtMs) {
        return { kind: 'superseded' };
      }
      lock = await takeOver(user, { resetId, ...(applied && { applied }) }, lock);
    }
    return { kind: 'taken' };
  };

  /** Undefined when it is over. */
  function busyUntilMs(holder: ResetRow): number | undefined {
    if (!isSettled(holder)) {
      const dueAtMs = holder.state === 'claimed' ? 0 : holder.notBeforeMs;
      return Math.max(dueAtMs, now()) + usualWaitMs;
    }
    const untilMs = shadowEndsAtMs(holder, { settleMs });
    return untilMs > now() ? untilMs : undefined;
  }

  async function takeOver(
    user: UserKey,
    entry: UserLockEntry,
    { etag }: UserLock,
  ): Promise<UserLock> {
    const taken = await locks.replace(user, entry, etag);
    return taken === 'conflict' ? locks.createOrRead(user, entry.resetId) : taken;
  }
}

function mayBeApplied({ state }: ResetRow): boolean {
  return state === 'applied' || state === 'attention';
}

function idOf({ resetId, acceptedAtMs }: ResetRow): UserLockEntry['applied'] & object {
  return { resetId, acceptedAtMs };
}
