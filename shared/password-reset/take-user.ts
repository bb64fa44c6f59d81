import type { ResetStore, UserKey, UserLock, UserLocks } from './ports.js';
import {
  claimableAtMs,
  isSettled,
  type ResetFacts,
  type ResetRow,
  shadowEndsAtMs,
} from './reset-row.js';

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
  /** A reset that was accepted later has been applied already. */
  | { readonly kind: 'superseded' };

export type TakeUser = ReturnType<typeof createTakeUser>;

/** How long to wait for a reset that says nothing about when it will be over. */
const usualWaitMs = 10_000;

/**
 * One reset of a user at a time, and never an older one after a newer one. Another reset is over when its
 * row is settled and nothing that it sent can still arrive: the password of the next one would be
 * undone otherwise.
 */
export function createTakeUser({ locks, resets, settleMs, now }: TakeUserDependencies) {
  return async (user: UserKey, row: ResetFacts): Promise<TakeUserResult> => {
    let lock = await locks.createOrRead(user, row.resetId);
    while (lock.resetId !== row.resetId) {
      const holder = await resets.read(lock.resetId);
      const wait = holder && waitFor(holder.row, row);
      if (wait !== undefined) return wait;
      lock = await takeOver(user, row.resetId, lock);
    }
    return { kind: 'taken' };
  };

  function waitFor(holder: ResetRow, row: ResetFacts): TakeUserResult | undefined {
    const nowMs = now();
    if (!isSettled(holder)) {
      const untilMs = Math.max(claimableAtMs(holder, { settleMs }), nowMs) + usualWaitMs;
      return { kind: 'held', untilMs };
    }
    const untilMs = shadowEndsAtMs(holder, { settleMs });
    if (untilMs > nowMs) return { kind: 'held', untilMs };
    const isOlder = holder.state === 'applied' && holder.acceptedAtMs > row.acceptedAtMs;
    return isOlder ? { kind: 'superseded' } : undefined;
  }

  async function takeOver(user: UserKey, resetId: string, lock: UserLock): Promise<UserLock> {
    const taken = await locks.replace(user, resetId, lock.etag);
    return taken === 'conflict' ? locks.createOrRead(user, resetId) : taken;
  }
}
