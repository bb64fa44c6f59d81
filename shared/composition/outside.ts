import { ManagedIdentityCredential } from '@azure/identity';
import { randomUUID } from 'node:crypto';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import nodeFetch from 'node-fetch';
import { createAppendBlobAuditLog } from '../azure/append-blob-audit-log.js';
import { createBlobBulkOrders } from '../azure/blob-bulk-orders.js';
import { createBlobInbox } from '../azure/blob-inbox.js';
import { createBlobRowFaults } from '../azure/blob-row-faults.js';
import { createKeyVaultSecrets, createSecretClient } from '../azure/key-vault-secrets.js';
import {
  createQueueBulkWakeUps,
  createQueueSender,
  createQueueSliceWakeUps,
  createQueueWakeUps,
} from '../azure/queue-sender.js';
import { createSealingKeys } from '../azure/sealing-keys.js';
import { createStorageClients } from '../azure/storage-clients.js';
import { createStorageProbe } from '../azure/storage-probes.js';
import { createTableBulkResetStore } from '../azure/table-bulk-reset-store.js';
import { createTableControl } from '../azure/table-control.js';
import { createTableDailyCounts } from '../azure/table-daily-counts.js';
import { createTableIdempotencyKeys } from '../azure/table-idempotency-keys.js';
import { createTableResetStore } from '../azure/table-reset-store.js';
import { createTableUserLocks } from '../azure/table-user-locks.js';
import { createReadCallerList } from '../callers/read-caller-list.js';
import { refuseTokens } from '../callers/token-identity.js';
import { createWebhookSecrets } from '../callers/webhook-secrets.js';
import type { Config } from '../config.js';
import { createEnvelopes } from '../delivery/envelopes.js';
import { createPartnerAccessToken } from '../entra/partner-access-token.js';
import { createVerifyToken } from '../entra/verify-token.js';
import { createPartnerCenterUsers } from '../partner-center/customer-users.js';
import { createPartnerCenterCustomers } from '../partner-center/customers.js';
import { createSend } from '../partner-center/send.js';
import { createUserDirectory } from '../partner-center/user-directory.js';
import { ResetError } from '../password-reset/reset-error.js';
import type { Fetch } from '../platform/http.js';
import type { Sleep } from '../platform/retry.js';
import { report } from './report.js';

const readTimeoutMs = 15_000;
export const sendTimeoutMs = 30_000;
const signInTimeoutMs = 15_000;

export type Outside = ReturnType<typeof createOutside>;

/** Everything that the program talks to, as the cores and the doors want to see it. */
export function createOutside(config: Config) {
  const now = Date.now;
  const random = Math.random;
  const sleep: Sleep = async (ms, signal) => {
    await delay(ms, undefined, { signal });
  };
  const fetch = createFetch();

  const { managedIdentityClientId: clientId } = config;
  const credential = new ManagedIdentityCredential(clientId === undefined ? {} : { clientId });
  const secrets = createKeyVaultSecrets({
    client: createSecretClient({ vaultUrl: config.keyVaultUrl, credential }),
  });
  const sealingKeys = createSealingKeys({ secrets, isTransient, now });
  const envelopes = createEnvelopes({ keys: sealingKeys });
  const readCallerList = createReadCallerList({
    readSecret: async (signal) => (await secrets.get('callers', signal)).value,
    isTransient,
    onUnusable: ({ code, problems }) => report('error', 'callers not taken', { code, problems }),
    now,
  });
  const webhookSecrets = createWebhookSecrets({
    findSecret: async (name, signal) => (await secrets.find(name, signal))?.value,
    isTransient,
    onUnusable: (source, { code, message }) =>
      report('error', 'webhook secret not taken', { source, code, message }),
    now,
  });

  const { apiClientId, entraAuthorityUrl } = config;
  const { tenantId: partnerTenantId } = config.partner;
  const verifyToken =
    apiClientId === undefined
      ? refuseTokens
      : createVerifyToken({ fetch, entraAuthorityUrl, partnerTenantId, apiClientId, now });

  const accessToken = createPartnerAccessToken({
    fetch,
    authorityUrl: entraAuthorityUrl,
    partnerTenantId,
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
  const { resetRoute } = config;
  const sendRead = createSend({ ...partnerCenter, timeoutMs: readTimeoutMs });
  const sendReset = createSend({ ...partnerCenter, timeoutMs: sendTimeoutMs });
  const users = createPartnerCenterUsers({ send: sendRead, resetRoute });

  const storage = createStorageClients(config.storage, credential);
  const onUnreadable = (resetId: string) => report('error', 'row unreadable', { resetId });
  return {
    now,
    random,
    secrets,
    sealingKeys,
    envelopes,
    readCallerList,
    verifyToken,
    webhookSecrets,
    accessToken,
    customers: createPartnerCenterCustomers({ send: sendRead }),
    users,
    /** One listing for the many rows of a customer, instead of a look-up each. */
    listedUsers: createUserDirectory({ users, now }),
    resettingUsers: createPartnerCenterUsers({ send: sendReset, resetRoute }),

    resets: createTableResetStore(storage.table('passwordresets'), { onUnreadable }),
    locks: createTableUserLocks(storage.table('userlocks')),
    control: createTableControl({ table: storage.table('control'), now }),
    idempotencyKeys: createTableIdempotencyKeys({ table: storage.table('idempotencykeys'), now }),
    dailyCounts: createTableDailyCounts(storage.table('dailycounts')),
    wakeUps: createQueueWakeUps(storage.queue('password-resets')),

    bulkResets: createTableBulkResetStore(storage.table('bulkresets')),
    bulkOrders: createBlobBulkOrders({ container: storage.container('bulk-orders'), envelopes }),
    bulkWakeUps: createQueueBulkWakeUps(storage.queue('bulk-reset-jobs')),
    sendBulkMessageAgain: createQueueSender(storage.queue('bulk-reset-jobs')),
    putBulkMessageAside: createQueueSender(storage.queue('bulk-reset-jobs-poison')),
    sliceWakeUps: createQueueSliceWakeUps(storage.queue('bulk-reset-slices')),
    inbox: createBlobInbox(storage.container('bulk-inbox')),
    rowFaults: createBlobRowFaults(storage.container('bulk-row-faults')),
    auditLog: createAppendBlobAuditLog({
      container: storage.container('audit'),
      headTable: storage.table('auditheads'),
    }),
    probeStorage: createStorageProbe(storage, storageNames),
  };
}

/** All that a deployment must make. */
const storageNames = {
  tables: [
    'passwordresets',
    'bulkresets',
    'userlocks',
    'control',
    'idempotencykeys',
    'dailycounts',
    'auditheads',
  ],
  queues: ['password-resets', 'bulk-reset-slices', 'bulk-reset-jobs'].flatMap((name) => [
    name,
    `${name}-poison`,
  ]),
  containers: ['bulk-inbox', 'bulk-orders', 'bulk-row-faults', 'audit'],
};

/** Sockets stay open between calls: a handshake costs more than the call. */
function createFetch(): Fetch {
  const http = new HttpAgent({ keepAlive: true });
  const https = new HttpsAgent({ keepAlive: true });
  return (url, init) =>
    nodeFetch(url, { ...init, agent: ({ protocol }) => (protocol === 'http:' ? http : https) });
}

/** A failure behind which the last good value may still be used. */
function isTransient(error: unknown): boolean {
  return error instanceof ResetError && error.recovery === 'later';
}
