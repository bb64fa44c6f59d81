import { randomUUID } from 'node:crypto';
import { createAuditing } from './composition/audit.js';
import { createBulkResets } from './composition/bulk-resets.js';
import { createOutside, type Outside } from './composition/outside.js';
import { createPasswordResets } from './composition/password-resets.js';
import { type Config, ConfigError, type Environment, loadConfig } from './config.js';
import { createApproveBulkResetHandler } from './handlers/approve-bulk-reset-handler.js';
import { createAuthenticate } from './handlers/authenticate.js';
import { createBulkResetLinks } from './handlers/bulk-reset-view.js';
import {
  createAcknowledgeBulkResetHandler,
  createCancelBulkResetHandler,
} from './handlers/change-bulk-reset-handlers.js';
import {
  createCountPoisonedResetHandler,
  createCountPoisonedSliceHandler,
} from './handlers/count-poisoned-handlers.js';
import {
  createGetBulkResetHandler,
  createGetBulkResetResultHandler,
} from './handlers/get-bulk-reset-handlers.js';
import { createGetBulkResetRowsHandler } from './handlers/get-bulk-reset-rows-handler.js';
import {
  createGetPasswordResetHandler,
  createGetPasswordResetResultHandler,
} from './handlers/get-password-reset-handlers.js';
import { createGetAuditHandler } from './handlers/get-audit-handler.js';
import type { Handlers } from './handlers/handlers.js';
import { createCallerDoor, createNoteRefusals } from './handlers/caller-door.js';
import { createHealthHandler } from './handlers/health-handler.js';
import { createHttpDoor, type HttpDoor } from './handlers/http-door.js';
import { createMisconfiguredHandlers } from './handlers/misconfigured.js';
import { createPasswordResetLinks } from './handlers/password-reset-view.js';
import { createProcessBulkResetHandler } from './handlers/process-bulk-reset-handler.js';
import { createProcessBulkSliceHandler } from './handlers/process-bulk-slice-handler.js';
import { createProcessPasswordResetHandler } from './handlers/process-password-reset-handler.js';
import { createPurgeHandler } from './handlers/purge-handler.js';
import { createRevealHandler } from './handlers/reveal-handler.js';
import { toUnavailablePage } from './handlers/reveal-page.js';
import { createRevokePasswordHandler } from './handlers/revoke-password-handler.js';
import { createResetPasswordHandler } from './handlers/reset-password-handler.js';
import { createSubmitBulkResetHandler } from './handlers/submit-bulk-reset-handler.js';
import { createSweepHandler } from './handlers/sweep-handler.js';
import { createTakePasswordReset } from './handlers/take-password-reset.js';
import { createWebhookHandler } from './handlers/webhook-handler.js';
import { createWhoamiHandler } from './handlers/whoami-handler.js';

/** The object graph. With settings that cannot be used, every handler says what is wrong with them. */
export function compose(environment: Environment): Handlers {
  const doors = {
    door: createHttpDoor({ budgetMs: httpBudgetMs }),
    pageDoor: createHttpDoor({ budgetMs: httpBudgetMs, toFailure: toUnavailablePage }),
  };
  try {
    const config = loadConfig(environment);
    return createHandlers(config, createOutside(config), doors);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return createMisconfiguredHandlers(error.problems, doors);
  }
}

type Doors = Readonly<Record<'door' | 'pageDoor', HttpDoor>>;

/** How long a caller is kept waiting for a reset before the rest happens without it. */
const httpBudgetMs = 25_000;
/** Senders of webhooks give up sooner, some after ten seconds. */
const webhookBudgetMs = 8_000;
/** Checks and one send; the lease is longer. */
const resetTimeoutMs = 75_000;
/** Below the host's own `functionTimeout` of five minutes. */
const longTimeoutMs = 280_000;

function createHandlers(config: Config, outside: Outside, doors: Doors): Handlers {
  const { now, readCallerList, verifyToken, secrets, accessToken } = outside;
  const auditing = createAuditing(outside);
  const { audit, readAudit } = auditing;
  const resets = createPasswordResets(config, outside, auditing);
  const bulk = createBulkResets(outside, auditing, resets);
  const authenticate = createAuthenticate({ readCallerList, verifyToken, now });
  const noteRefusals = createNoteRefusals(auditing);
  const door = createCallerDoor({ door: doors.door, authenticate, noteRefusals });
  const single = {
    ...resets,
    door,
    audit,
    takePasswordReset: createTakePasswordReset(resets),
    links: createPasswordResetLinks(config.publicBaseUrl),
    now,
  };
  const many = {
    ...bulk,
    readPassword: resets.readPassword,
    door,
    audit,
    links: createBulkResetLinks(config.publicBaseUrl),
  };

  return {
    resetPassword: createResetPasswordHandler(single),
    receiveWebhook: createWebhookHandler({
      ...single,
      readCallerList,
      noteRefusals,
      webhookSecrets: outside.webhookSecrets,
      door: createHttpDoor({ budgetMs: webhookBudgetMs }),
    }),
    getPasswordReset: createGetPasswordResetHandler(single),
    getPasswordResetResult: createGetPasswordResetResultHandler(single),
    revokePassword: createRevokePasswordHandler(single),
    revealPassword: createRevealHandler({ ...resets, door: doors.pageDoor, now }),
    submitBulkReset: createSubmitBulkResetHandler({ ...many, newBulkResetId: randomUUID }),
    getBulkReset: createGetBulkResetHandler(many),
    getBulkResetResult: createGetBulkResetResultHandler(many),
    getBulkResetRows: createGetBulkResetRowsHandler(many),
    cancelBulkReset: createCancelBulkResetHandler(many),
    acknowledgeBulkReset: createAcknowledgeBulkResetHandler(many),
    approveBulkReset: createApproveBulkResetHandler({ ...many, readCallerList }),
    getAudit: createGetAuditHandler({
      door,
      readAudit,
      publicBaseUrl: config.publicBaseUrl,
    }),
    whoami: createWhoamiHandler({ door }),
    health: createHealthHandler({
      door: doors.door,
      authenticate,
      checks: {
        keyVault: (signal) => secrets.get('sealing-key', signal),
        signIn: (signal) => accessToken.get(signal),
        storage: outside.probeStorage,
      },
    }),

    processPasswordReset: createProcessPasswordResetHandler({
      ...resets,
      timeoutMs: resetTimeoutMs,
    }),
    processBulkReset: createProcessBulkResetHandler({
      ...bulk,
      readCallerList,
      wakeUps: outside.bulkWakeUps,
      putAside: outside.putBulkMessageAside,
      sendAgain: outside.sendBulkMessageAgain,
      now,
      timeoutMs: longTimeoutMs,
    }),
    processBulkSlice: createProcessBulkSliceHandler({ ...bulk, timeoutMs: longTimeoutMs }),
    countPoisonedReset: createCountPoisonedResetHandler(resets),
    countPoisonedSlice: createCountPoisonedSliceHandler(),

    sweep: createSweepHandler({ ...resets, ...bulk, timeoutMs: longTimeoutMs, now }),
    purge: createPurgeHandler({ ...resets, ...bulk, timeoutMs: longTimeoutMs }),
  };
}
