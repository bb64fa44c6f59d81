import type { ResetStore, UserLocks } from './ports.js';
import type { ResetFacts } from './reset-row.js';

export interface IsSupersededDependencies {
  readonly locks: Pick<UserLocks, 'read'>;
  readonly resets: Pick<ResetStore, 'read'>;
}

export type IsSuperseded = ReturnType<typeof createIsSuperseded>;

/**
 * Whether a newer reset of the user has begun, so that the password of this one may not work any more.
 * A newer one that was refused has changed nothing.
 */
export function createIsSuperseded({ locks, resets }: IsSupersededDependencies) {
  return async ({
    resetId,
    customerTenantId,
    userId,
  }: Pick<ResetFacts, 'resetId' | 'customerTenantId' | 'userId'>): Promise<boolean> => {
    const lock = userId && (await locks.read({ customerTenantId, userId }));
    if (lock === undefined || lock.resetId === resetId) return false;
    if (lock.applied?.resetId !== resetId) return true;
    const newer = await resets.read(lock.resetId);
    return newer?.row.state !== 'rejected' && newer?.row.state !== 'cancelled';
  };
}
