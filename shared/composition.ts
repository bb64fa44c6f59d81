import { ManagedIdentityCredential } from '@azure/identity';
import { randomUUID } from 'node:crypto';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import nodeFetch from 'node-fetch';
import { createBlobInbox } from './azure/blob-inbox.js';
import { createBlobRowFaults } from './azure/blob-row-faults.js';
import { createKeyVaultSecrets, createSecretClient } from './azure/key-vault-secrets.js';
import { createQueueSender, createQueueWakeUps } from './azure/queue-sender.js';
import { createSealingKeys } from './azure/sealing-keys.js';
import { createStorageClients } from './azure/storage-clients.js';
import { createStorageProbe } from './azure/storage-probes.js';
import { createTableBulkResetStore } from './azure/table-bulk-reset-store.js';
import { createTableResetStore } from './azure/table-reset-store.js';
import { createReadBulkRows } from './bulk-reset/bulk-rows.js';
import { createProcessBulkReset, createRefuseBulkReset } from './bulk-reset/process-bulk-reset.js';
import { createReadBulkReset } from './bulk-reset/read-bulk-reset.js';
import { createSplitRows } from './bulk-reset/split-rows.js';
import { createAuthorize } from './callers/authorize.js';
import { createReadCallerList } from './callers/read-caller-list.js';
import { type Config, ConfigError, type Environment, loadConfig } from './config.js';
import { createSeals } from './delivery/seal.js';
import { createPartnerAccessToken } from './entra/partner-access-token.js';
import { createAuthenticate } from './handlers/authenticate.js';
import {
  createGetBulkResetHandler,
  createGetBulkResetRowsHandler,
} from './handlers/get-bulk-reset-handlers.js';
import {
  createGetPasswordResetHandler,
  createGetPasswordResetResultHandler,
} from './handlers/get-password-reset-handlers.js';
import { createHealthHandler } from './handlers/health-handler.js';
import { createHttpDoor } from './handlers/http-door.js';
import type { Handlers } from './handlers/handlers.js';
import { createMisconfiguredHandlers } from './handlers/misconfigured.js';
import { createPasswordResetLinks } from './handlers/password-reset-view.js';
import { createProcessBulkResetHandler } from './handlers/process-bulk-reset-handler.js';
import { createProcessPasswordResetHandler } from './handlers/process-password-reset-handler.js';
import { createResetPasswordHandler } from './handlers/reset-password-handler.js';
import { createWhoamiHandler } from './handlers/whoami-handler.js';
import { createPartnerCenterUsers } from './partner-center/customer-users.js';
import { createPartnerCenterCustomers } from './partner-center/customers.js';
import { createSend } from './partner-center/send.js';
import { createAcceptPasswordReset } from './password-reset/accept-password-reset.js';
import { createAttempt } from './password-reset/attempt-password-reset.js';
import { createCheckUser } from './password-reset/check-user.js';
import { generatePassword } from './password-reset/password.js';
import { createProcessPasswordReset } from './password-reset/process-password-reset.js';
import {
  createReadPassword,
  createReadPasswordReset,
} from './password-reset/read-password-reset.js';
import { ResetError } from './password-reset/reset-error.js';
import { defaultLimits } from './password-reset/reset-row.js';
import type { Fetch } from './platform/http.js';
import type { Sleep } from './platform/retry.js';

/** The object graph. With settings that cannot be used, every handler says what is wrong with them. */
export function compose(environment: Environment): Handlers {
  try {
    return createHandlers(loadConfig(environment));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const door = createHttpDoor({ budgetMs: httpBudgetMs });
    return createMisconfiguredHandlers(error.problems, { door });
  }
}

/** How long a caller is kept waiting for a reset before the rest happens without it. */
const httpBudgetMs = 25_000;
const readTimeoutMs = 15_000;
const sendTimeoutMs = 30_000;
const signInTimeoutMs = 15_000;
/** Checks and one send; the lease is longer. */
const processTimeoutMs = 75_000;
/** Below the host's own `functionTimeout` of five minutes. */
const bulkTimeoutMs = 280_000;

function createHandlers(config: Config): Handlers {
  const now = Date.now;
  const random = Math.random;
  const limits = { ...defaultLimits, settleMs: config.settleMs };
  const sleep: Sleep = async (ms, signal) => {
    await delay(ms, undefined, { signal });
  };
  const fetch = createFetch();

  const { managedIdentityClientId: clientId } = config;
  const credential = new ManagedIdentityCredential(clientId === undefined ? {} : { clientId });
  const secrets = createKeyVaultSecrets({
    client: createSecretClient({ vaultUrl: config.keyVaultUrl, credential }),
  });
  const storage = createStorageClients(config.storage, credential);

  const readCallerList = createReadCallerList({
    readSecret: async (signal) => (await secrets.get('callers', signal)).value,
    isTransient,
    onUnusable: ({ code, message }) => report('error', 'callers not taken', { code, message }),
    now,
  });
  const authorize = createAuthorize(readCallerList);
  const seals = createSeals({ keys: createSealingKeys({ secrets, isTransient, now }) });

  const accessToken = createPartnerAccessToken({
    fetch,
    authorityUrl: config.entraAuthorityUrl,
    partnerTenantId: config.partner.tenantId,
    clientId: config.partner.clientId,
    readClientCredential: async (signal) => {
      const { clientCredential: kind } = config.partner;
      const { value } = await secrets.get(`partner-client-${kind}`, signal);
      return kind === 'secret' ? { kind, secret: value } : { kind, pem: value };
    },
    refreshTokenStore: {
      read: (signal) => secrets.get('partner-refresh-token', signal),
      write: (value, signal) => secrets.set('partner-refresh-token', value, signal),
    },
    now,
    sleep,
    random,
    timeoutMs: signInTimeoutMs,
    onEvent: (event) => report(event.severity, 'sign-in', event),
  });

  const partnerCenter = {
    fetch,
    baseUrl: config.partnerCenterUrl,
    accessToken,
    now,
    sleep,
    random,
    newRequestId: randomUUID,
    newCorrelationId: randomUUID,
  };
  const sendRead = createSend({ ...partnerCenter, timeoutMs: readTimeoutMs });
  const sendReset = createSend({ ...partnerCenter, timeoutMs: sendTimeoutMs });
  const { resetRoute } = config;
  const customers = createPartnerCenterCustomers({ send: sendRead });
  const reading = createPartnerCenterUsers({ send: sendRead, resetRoute });
  const resetting = createPartnerCenterUsers({ send: sendReset, resetRoute });

  const resets = createTableResetStore(storage.table('passwordresets'));
  const bulkResets = createTableBulkResetStore(storage.table('bulkresets'));
  const wakeUps = createQueueWakeUps(storage.queue('password-resets'));
  const rowFaults = createBlobRowFaults(storage.container('bulk-row-faults'));
  const { passwordStyle, resetSynchronizedUsers } = config;
  const checkUser = createCheckUser({ users: reading, policy: { resetSynchronizedUsers } });
  const attempt = createAttempt({
    users: resetting,
    resets,
    wakeUps,
    limits,
    sendTimeoutMs,
    now,
    random,
    onAttemptFailed: ({ resetId }, { code, correlationId }) =>
      report('warn', 'attempt failed', { resetId, code, correlationId }),
  });
  const working = { authorize, checkUser, seals, resets, wakeUps, attempt, limits, now };

  const door = createHttpDoor({ budgetMs: httpBudgetMs });
  const authenticate = createAuthenticate({ readCallerList, now });
  const links = createPasswordResetLinks(config.publicBaseUrl);
  const readPassword = createReadPassword({ seals });
  const readingReset = {
    door,
    authenticate,
    readPasswordReset: createReadPasswordReset({ resets }),
    readPassword,
    links,
    now,
  };
  const readingBulk = {
    door,
    authenticate,
    readBulkReset: createReadBulkReset({ bulkResets, rows: resets, rowFaults }),
    readPassword,
    publicBaseUrl: config.publicBaseUrl,
  };

  return {
    resetPassword: createResetPasswordHandler({
      door,
      authenticate,
      acceptPasswordReset: createAcceptPasswordReset({
        ...working,
        customers,
        passwordStyle,
        newResetId: () =>
          `${new Date(now()).toISOString().slice(0, 10).replaceAll('-', '')}-${randomUUID()}`,
        newAttemptId: randomUUID,
        onUnfinished: reportUnfinished,
      }),
      links,
      now,
    }),
    getPasswordReset: createGetPasswordResetHandler(readingReset),
    getPasswordResetResult: createGetPasswordResetResultHandler(readingReset),
    processPasswordReset: createProcessPasswordResetHandler({
      processPasswordReset: createProcessPasswordReset({ ...working, newAttemptId: randomUUID }),
      timeoutMs: processTimeoutMs,
    }),
    processBulkReset: createProcessBulkResetHandler({
      readCallerList,
      processBulkReset: createProcessBulkReset({
        bulkResets,
        inbox: createBlobInbox(storage.container('bulk-inbox')),
        rowFaults,
        readBulkRows: createReadBulkRows({ customers, authorize }),
        splitRows: createSplitRows({
          seals,
          resets,
          wakeUps,
          newPassword: () => generatePassword(passwordStyle),
          now,
        }),
        now,
      }),
      refuseBulkReset: createRefuseBulkReset({ bulkResets, now }),
      putAside: createQueueSender(storage.queue('bulk-reset-jobs-poison')),
      sendAgain: createQueueSender(storage.queue('bulk-reset-jobs')),
      timeoutMs: bulkTimeoutMs,
    }),
    getBulkReset: createGetBulkResetHandler(readingBulk),
    getBulkResetRows: createGetBulkResetRowsHandler(readingBulk),
    whoami: createWhoamiHandler({ door, authenticate }),
    health: createHealthHandler({
      door,
      authenticate,
      checks: {
        keyVault: (signal) => secrets.get('sealing-key', signal),
        signIn: (signal) => accessToken.get(signal),
        storage: createStorageProbe(storage, storageNames),
      },
    }),
  };
}

/** All that a deployment must make. */
const storageNames = {
  tables: ['passwordresets', 'bulkresets'],
  queues: ['password-resets', 'bulk-reset-jobs', 'bulk-reset-jobs-poison'],
  containers: ['bulk-inbox', 'bulk-row-faults'],
};

/** Sockets stay open between calls: a handshake costs more than the call. */
function createFetch(): Fetch {
  const http = new HttpAgent({ keepAlive: true });
  const https = new HttpsAgent({ keepAlive: true });
  return (url, init) =>
    nodeFetch(url, { ...init, agent: ({ protocol }) => (protocol === 'http:' ? http : https) });
}

/** For what happens behind an invocation or outside of one; the host takes it for the app's log. */
function report(severity: 'info' | 'warn' | 'error', what: string, fields: object): void {
  console[severity](what, JSON.stringify(fields));
}

/** The row says what is to be done; this says why it was not done yet. */
function reportUnfinished(resetId: string, error: unknown): void {
  const { code, name } = error as { readonly code?: unknown; readonly name?: unknown };
  report('error', 'password reset unfinished', { resetId, error: code ?? name });
}

/** A failure behind which the last good value may still be used. */
function isTransient(error: unknown): boolean {
  return error instanceof ResetError && error.recovery === 'later';
}
