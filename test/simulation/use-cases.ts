import { createAcceptPasswordReset } from '../../shared/password-reset/accept-password-reset.js';
import { fakeEncryptForRecipient, fakeRecipientKeyIdOf } from '../fakes/fake-recipient.js';
import { allowEverything, reserveFreely } from '../fakes/allow-everything.js';
import { plainFingerprints } from '../fakes/plain-fingerprints.js';
import { fakeRevealLinks } from '../fakes/fake-reveal-links.js';
import { createIsSuperseded } from '../../shared/password-reset/is-superseded.js';
import {
  type AttemptPasswordReset,
  createAttempt,
} from '../../shared/password-reset/attempt-password-reset.js';
import { createBrakes } from '../../shared/password-reset/brakes.js';
import { createCheckUser } from '../../shared/password-reset/check-user.js';
import { createClaimIdempotencyKey } from '../../shared/password-reset/claim-idempotency-key.js';
import { createCountPoisoned } from '../../shared/password-reset/count-poisoned.js';
import type { CustomerUsers } from '../../shared/password-reset/ports.js';
import {
  createProcessPasswordReset,
  createProcessRow,
} from '../../shared/password-reset/process-password-reset.js';
import {
  createReadPassword,
  createReadPasswordReset,
  readableForMs,
} from '../../shared/password-reset/read-password-reset.js';
import { ResetError } from '../../shared/password-reset/reset-error.js';
import { defaultLimits } from '../../shared/password-reset/reset-row.js';
import { createSweepPasswordResets } from '../../shared/password-reset/sweep-password-resets.js';
import { createRevealPassword } from '../../shared/password-reset/reveal-password.js';
import { createTakeUser } from '../../shared/password-reset/take-user.js';
import { createFairLimit } from '../../shared/platform/fair-limit.js';
import { Secret } from '../../shared/platform/secret.js';
import type { HostProcess } from './host-process.js';
import { isOfJob, jobOf } from './people.js';
import { randomFor } from './random.js';
import type { SimulatedDirectory } from './simulated-directory.js';
import type { Variation, World } from './world.js';
import { noAudit } from '../fakes/fake-audit.js';

/** As `shared/composition` has it. */
export const sendTimeoutMs = 30_000;

export type UseCases = ReturnType<typeof createUseCases>;

/** The use cases as they are in production, put together for one process. */
export function createUseCases(process: HostProcess, world: World, variation: Variation = {}) {
  const { storage, directory } = world;
  const { now } = process;
  const { settleMs } = defaultLimits;
  const attemptLimits = { ...defaultLimits, ...variation.attemptLimits };
  const limits = { ...defaultLimits, ...variation.processLimits };
  const newPassword = () => new Secret(world.numbered('password'));
  const newAttemptId = () => world.numbered(`attempt of ${process.name}`);
  const random = randomFor(world.seed, `back-off of ${process.name}`).next;

  const singles = storage.resets(process);
  const resets = variation.resets?.(singles) ?? singles;
  const seals = variation.seals?.(storage.seals(process), newPassword) ?? storage.seals(process);
  const locks = storage.locks(process);
  const control = world.control.control(process);
  const wakeUps = world.resetQueue.sender(process);
  const authorize = allowEverything;
  const pace = createFairLimit({ maxConcurrent: 16 });
  const brakes = createBrakes({ control, pace, now, onBrakeLost: () => undefined });
  const checkUser = createCheckUser({
    users: checkedUsers(process, directory),
    policy: { resetSynchronizedUsers: false },
  });
  const takeUser = createTakeUser({
    locks,
    resets,
    settleMs: variation.takeUserSettleMs ?? settleMs,
    now,
  });

  // Made anew for each attempt, so that the directory knows on whose behalf a request comes.
  const attempt: AttemptPasswordReset = (one, signal) => {
    const users: Pick<CustomerUsers, 'resetPassword'> = {
      resetPassword: (request) => directory.resetPassword(process, one.claimed.row, request),
    };
    const attemptOnce = createAttempt({
      ...noAudit,
      encryptForRecipient: fakeEncryptForRecipient,
      users,
      takeUser,
      brakes,
      seals,
      resets,
      newPassword,
      limits: attemptLimits,
      sendTimeoutMs: variation.sendTimeoutMs ?? sendTimeoutMs,
      now,
      random,
    });
    return attemptOnce(one, signal);
  };

  const processRow = createProcessRow({
    ...noAudit,
    resets,
    seals,
    brakes,
    authorize,
    checkUser,
    attempt,
    limits,
    now,
    newAttemptId,
  });

  return {
    resets,
    seals,
    pace,
    newPassword,
    processRow,
    /** Resets are named after what asked for them, so that a name tells the same one in every run. */
    acceptPasswordReset: (resetName: string) =>
      createAcceptPasswordReset({
        ...noAudit,
        reserveResets: reserveFreely,
        customers: { findByDomain: () => Promise.resolve(undefined) },
        authorize,
        brakes,
        claimIdempotencyKey: createClaimIdempotencyKey({
          keys: storage.idempotencyKeys(process),
          fingerprints: plainFingerprints,
          now,
        }),
        checkUser,
        seals,
        resets,
        wakeUps,
        attempt,
        newPassword,
        limits,
        now,
        newResetId: () => `${dayOf(now())}-${world.numbered(resetName).replace(' ', '.')}`,
        newAttemptId,
      }),
    processPasswordReset: createProcessPasswordReset({ resets, processRow, wakeUps, now }),
    readPasswordReset: createReadPasswordReset({ resets }),
    readPassword: createReadPassword({
      seals,
      isSuperseded: createIsSuperseded({ locks, resets }),
      links: fakeRevealLinks,
      recipientKeyIdOf: fakeRecipientKeyIdOf,
      settleMs: variation.readSettleMs ?? settleMs,
      linkExpiresMs: readableForMs,
      now,
    }),
    revealPassword: createRevealPassword({
      ...noAudit,
      links: fakeRevealLinks,
      resets,
      seals,
      isSuperseded: createIsSuperseded({ locks, resets }),
      withdrawnAt: async (resetId) => {
        if (!isOfJob(resetId)) return undefined;
        const job = await world.jobs.store(process).read(jobOf(resetId));
        return job?.row.acknowledgedAtMs;
      },
      settleMs: variation.readSettleMs ?? settleMs,
      linkExpiresMs: readableForMs,
      now,
      newOpeningId: () => world.numbered('opening'),
    }),
    countPoisoned: createCountPoisoned({ ...noAudit, resets, seals, limits, now }),
    sweepPasswordResets: createSweepPasswordResets({ singles, control, wakeUps, limits, now }),
  };
}

function checkedUsers(
  process: HostProcess,
  directory: SimulatedDirectory,
): Pick<CustomerUsers, 'get' | 'findBySignInName' | 'directoryRoles'> {
  const failure = () => new ResetError('PartnerCenterUnavailable', 'Cannot read the user');
  return {
    get: (user, signal) =>
      process.effect(`get ${user.userId}`, () => directory.user(user), { signal, failure }),
    findBySignInName: () => Promise.reject(new TypeError('Users are known by their ids here')),
    directoryRoles: (user, signal) =>
      process.effect(`roles of ${user.userId}`, () => [], { signal, failure }),
  };
}

function dayOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10).replaceAll('-', '');
}
