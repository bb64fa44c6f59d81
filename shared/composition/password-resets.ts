import { randomUUID } from 'node:crypto';
import { createAuthorize } from '../callers/authorize.js';
import { createWithdrawnAt } from '../bulk-reset/withdrawn-at.js';
import { createReserveResets } from '../callers/daily-cap.js';
import type { Config } from '../config.js';
import { createFingerprints } from '../delivery/fingerprints.js';
import { createEncryptForRecipient, recipientKeyIdOf } from '../delivery/recipient-jwe.js';
import { createRevealLinks } from '../delivery/reveal-links.js';
import { createSeals } from '../delivery/seal.js';
import { createAcceptPasswordReset } from '../password-reset/accept-password-reset.js';
import { createAttempt } from '../password-reset/attempt-password-reset.js';
import { createBrakes } from '../password-reset/brakes.js';
import { createCheckUser } from '../password-reset/check-user.js';
import { createClaimIdempotencyKey } from '../password-reset/claim-idempotency-key.js';
import { createCountPoisoned } from '../password-reset/count-poisoned.js';
import { createIsSuperseded } from '../password-reset/is-superseded.js';
import { generatePassword } from '../password-reset/password.js';
import {
  createProcessPasswordReset,
  createProcessRow,
} from '../password-reset/process-password-reset.js';
import { createPurgePasswordResets } from '../password-reset/purge-password-resets.js';
import {
  createReadPassword,
  createReadPasswordReset,
} from '../password-reset/read-password-reset.js';
import { createRevealPassword } from '../password-reset/reveal-password.js';
import { createRevokePassword } from '../password-reset/revoke-password.js';
import { defaultLimits, type ResetLimits } from '../password-reset/reset-row.js';
import { createSweepPasswordResets } from '../password-reset/sweep-password-resets.js';
import { createTakeUser } from '../password-reset/take-user.js';
import { createFairLimit } from '../platform/fair-limit.js';
import type { Auditing } from './audit.js';
import { type Outside, sendTimeoutMs } from './outside.js';
import { errorFields, report } from './report.js';

/** Rows of bulk jobs that one instance works on at once. */
const maxConcurrentRows = 16;

export type PasswordResets = ReturnType<typeof createPasswordResets>;

/** The use cases of a single reset, and what those of a bulk reset share with them. */
export function createPasswordResets(config: Config, outside: Outside, auditing: Auditing) {
  const { audit, note } = auditing;
  const { now, random, resets, locks, control, wakeUps, users, listedUsers } = outside;
  const limits: ResetLimits = { ...defaultLimits, settleMs: config.settleMs };
  const { settleMs } = limits;
  const { resetSynchronizedUsers, passwordStyle, linkExpiresMs, publicBaseUrl } = config;
  const { sealingKeys: keys, bulkResets } = outside;
  const policy = { resetSynchronizedUsers };
  const newPassword = () => generatePassword(passwordStyle);
  const newAttemptId = randomUUID;

  const authorize = createAuthorize(outside.readCallerList);
  const reserveResets = createReserveResets({
    readCallerList: outside.readCallerList,
    counts: outside.dailyCounts,
    now,
  });
  const seals = createSeals({ envelopes: outside.envelopes });
  const fingerprints = createFingerprints({ keys, purpose: 'fingerprint' });
  const pace = createFairLimit({ maxConcurrent: maxConcurrentRows });
  const brakes = createBrakes({
    control,
    pace,
    now,
    onBrakeLost: (error) => report('warn', 'brake not set', errorFields(error)),
  });
  const attempt = createAttempt({
    users: outside.resettingUsers,
    takeUser: createTakeUser({ locks, resets, settleMs, now }),
    brakes,
    seals,
    encryptForRecipient: createEncryptForRecipient({
      findKey: async ({ caller, keyId }, signal) =>
        (await outside.readCallerList(signal)).findByName(caller)?.recipientKeys.get(keyId),
    }),
    resets,
    audit,
    note,
    newPassword,
    limits,
    sendTimeoutMs,
    now,
    random,
    onAttemptFailed: ({ resetId }, { code, correlationId }) =>
      report('warn', 'attempt failed', { resetId, code, correlationId }),
  });
  const processing = {
    resets,
    seals,
    brakes,
    authorize,
    attempt,
    note,
    limits,
    now,
    newAttemptId,
    onForged: ({ resetId }: { readonly resetId: string }) =>
      report('error', 'seal does not belong to its row', { resetId }),
    onPutOff: ({ resetId }: { readonly resetId: string }, { code }: { readonly code: string }) =>
      report('warn', 'row put off', { resetId, code }),
  };
  const checkUser = createCheckUser({ users, policy });
  const links = createRevealLinks({
    fingerprints: createFingerprints({ keys, purpose: 'reveal link' }),
    publicBaseUrl,
  });
  const isSuperseded = createIsSuperseded({ locks, resets });
  const reading = { seals, isSuperseded, links, settleMs, linkExpiresMs, now };
  const checkListedUser = createCheckUser({
    users: {
      ...listedUsers,
      directoryRoles: (user, signal) => users.directoryRoles(user, signal),
    },
    policy,
  });

  return {
    authorize,
    reserveResets,
    seals,
    fingerprints,
    pace,
    limits,
    newPassword,
    acceptPasswordReset: createAcceptPasswordReset({
      customers: outside.customers,
      authorize,
      brakes,
      claimIdempotencyKey: createClaimIdempotencyKey({
        keys: outside.idempotencyKeys,
        fingerprints,
        now,
      }),
      reserveResets,
      checkUser,
      seals,
      resets,
      wakeUps,
      attempt,
      audit,
      note,
      newPassword,
      limits,
      now,
      newResetId: () =>
        `${new Date(now()).toISOString().slice(0, 10).replaceAll('-', '')}-${randomUUID()}`,
      newAttemptId,
      // The row says what is to be done; this says why it was not done yet.
      onUnfinished: (resetId, error) =>
        report('error', 'password reset unfinished', { resetId, ...errorFields(error) }),
    }),
    processPasswordReset: createProcessPasswordReset({
      resets,
      processRow: createProcessRow({ ...processing, checkUser }),
      wakeUps,
      now,
    }),
    processBulkRow: createProcessRow({ ...processing, checkUser: checkListedUser }),
    readPasswordReset: createReadPasswordReset({ resets }),
    readPassword: createReadPassword({ ...reading, recipientKeyIdOf }),
    revealPassword: createRevealPassword({
      ...reading,
      resets,
      withdrawnAt: createWithdrawnAt({ bulkResets }),
      audit,
      newOpeningId: randomUUID,
    }),
    revokePassword: createRevokePassword({ resets, seals, note, now }),
    countPoisoned: createCountPoisoned({ resets, seals, note, limits, now }),
    sweepPasswordResets: createSweepPasswordResets({
      singles: resets,
      control,
      wakeUps,
      limits,
      now,
    }),
    purgePasswordResets: createPurgePasswordResets({ singles: resets, resets, now }),
  };
}
