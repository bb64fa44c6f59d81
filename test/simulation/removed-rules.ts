import type { ResetStore, Seals, Stored } from '../../shared/password-reset/ports.js';
import type { Secret } from '../../shared/platform/secret.js';
import type { Variation } from './world.js';

/** The limits of who does not wait for what may still be travelling. */
const hasty = { settleMs: 0 };

/**
 * Attempts at once where the service waits out the shadow. It waits before any further attempt, so that
 * within a row nothing is left for the other two waits to do; without the first they are what keeps it safe.
 */
export const hastyAttempts: Variation = { attemptLimits: hasty, processLimits: hasty };

/** A row is given up while its request may still be travelling: only then has the user's next reset to wait. */
export const soonGivenUp: Variation = { attemptLimits: { maxAttempts: 1 } };

/** Each rule of the protocol, taken away. */
export const withoutRule = {
  /** Another password is tried while the one before may still arrive. */
  settleBeforeNewPassword: hastyAttempts,
  settleBeforeDisclosure: { ...hastyAttempts, readSettleMs: 0 },
  settleBeforeNextReset: { ...soonGivenUp, takeUserSettleMs: 0 },
  leaseGuard: { sendTimeoutMs: -Infinity },
  crashCountsAsUnknown: { resets: forgetClaims },
  conditionalOutcome: { resets: overwriteOutcomes },
  sealBeforeSend: { seals: newPasswordWhenOpened },
  claimBeforeView: { resets: openWithoutClaim },
  sweeper: { isSwept: false },
  everything: {
    ...hastyAttempts,
    readSettleMs: 0,
    takeUserSettleMs: 0,
    seals: newPasswordWhenOpened,
  },
} satisfies Record<string, Variation>;

/** A row whose claim was lost looks as if it had never been claimed. */
function forgetClaims(resets: ResetStore): ResetStore {
  return {
    ...resets,
    async read(resetId) {
      const stored = await resets.read(resetId);
      if (stored?.row.state !== 'claimed') return stored;
      const { leaseExpiresAtMs, ...row } = stored.row;
      return { ...stored, row: { ...row, state: 'queued', notBeforeMs: leaseExpiresAtMs } };
    },
  };
}

/** An outcome is written over whatever is there. */
function overwriteOutcomes(resets: ResetStore): ResetStore {
  return {
    ...resets,
    async replace(row, etag) {
      if (row.state === 'claimed') return resets.replace(row, etag);
      const found: Stored | undefined = await resets.read(row.resetId);
      return resets.replace(row, found?.etag ?? etag);
    },
  };
}

/** The password behind a link is shown first, and the view noted whether anybody else was faster or not. */
function openWithoutClaim(resets: ResetStore): ResetStore {
  return {
    ...resets,
    async replace(row, etag) {
      const isOpening = row.state === 'applied' && row.openedAtMs !== undefined;
      const stored = await resets.replace(row, etag);
      return isOpening && stored === 'conflict' ? { row, etag } : stored;
    },
  };
}

function newPasswordWhenOpened(seals: Seals, newPassword: () => Secret): Seals {
  return {
    ...seals,
    async open(resetId, seal, signal) {
      const request = await seals.open(resetId, seal, signal);
      if (request === undefined) return undefined;
      const passwordProfile = { ...request.passwordProfile, password: newPassword() };
      return { ...request, passwordProfile };
    },
  };
}
