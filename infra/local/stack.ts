import { TableServiceClient } from '@azure/data-tables';
import { BlobServiceClient } from '@azure/storage-blob';
import { QueueServiceClient } from '@azure/storage-queue';
import { randomBytes, randomUUID } from 'node:crypto';
import { announceSecret } from './announcements.js';
import { type Azurite, startAzurite } from './azurite.js';
import type { Directory } from './directory/directory.js';
import { isPlain } from './directory/plain-user.js';
import { generateDirectory } from './directory/generate-directory.js';
import { type EntraCallers, newEntraCallers, toCallerApp } from './entra-callers.js';
import { type EntraStandIn, startEntra } from './entra/entra.js';
import { type RunningFunctionsHost, startFunctionsHost } from './functions-host/spawn.js';
import { type KeyVaultStandIn, startKeyVault } from './key-vault/key-vault.js';
import { startManagedIdentity } from './managed-identity.js';
import { type PartnerCenterStandIn, startPartnerCenter } from './partner-center/server.js';
import { findFreePort } from './free-port.js';
import { listLocalCallers, type LocalCaller } from './local-callers.js';
import { loadLocalSecrets } from './local-secrets.js';

/** What other programs need to use the stack; `.local/stack.json` holds it while the stack is up. */
export interface StackFacts {
  readonly apiUrl: string;
  readonly partnerCenterUrl: string;
  readonly entraAuthorityUrl: string;
  readonly keyVaultUrl: string;
  readonly storageConnectionString: string;
  readonly callers: readonly LocalCaller[];
  readonly entraCallers: EntraCallers;
  /** With which webhooks are signed, by their source. */
  readonly webhookSecrets: Readonly<Record<string, string>>;
  /** A user whose password may be reset. */
  readonly samples: {
    readonly customerTenantId: string;
    readonly customerDomain: string;
    readonly userId: string;
    readonly userPrincipalName: string;
  };
  /** Every environment variable that the app runs with. */
  readonly settings: Readonly<Record<string, string>>;
}

export interface Stack {
  readonly facts: StackFacts;
  readonly directory: Directory;
  readonly partnerCenter: PartnerCenterStandIn;
  readonly entra: EntraStandIn;
  readonly keyVault: KeyVaultStandIn;
  readonly host: RunningFunctionsHost;
  stop(): Promise<void>;
}

export interface StackOptions {
  /** The built function app. */
  readonly app: string;
  /** @default a free one */
  readonly apiPort?: number;
  /** Of the made-up customers. @default 1 */
  readonly seed?: number;
  readonly customers?: number;
  readonly usersPerCustomer?: number;
  /**
   * Where storage, the callers' keys and the sealing key are kept. The directories of the customers
   * start anew all the same. @default memory: nothing outlives the stack
   */
  readonly dataDirectory?: string;
  /** Callers beside the usual ones, as the secret `callers` lists them. */
  readonly callers?: (directory: Directory) => readonly object[];
  /** Settings of the app that differ from the usual ones. */
  readonly settings?: Readonly<Record<string, string>>;
  /**
   * Puts something between the app and its storage: gives the connection string that the app is to use.
   *
   * @default the app uses the storage directly
   */
  readonly interpose?: (connectionString: string) => Promise<string>;
  /** Each line that the Functions host prints. */
  readonly onLine?: (line: string) => void;
}

/** Starts everything that a function app needs, on free ports of 127.0.0.1. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const running: { close(): Promise<void> }[] = [];
  const stop = async () => {
    for (const one of running.splice(0).reverse()) await one.close();
  };
  const started = <Part extends { close(): Promise<void> }>(part: Part): Part => {
    running.push(part);
    return part;
  };

  try {
    const { app, seed = 1, customers, usersPerCustomer, onLine, dataDirectory } = options;
    const partner = { tenantId: randomUUID(), clientId: randomUUID() };
    const clientSecret = randomBytes(30).toString('base64');
    const identityClientId = randomUUID();
    const directory = generateDirectory({
      seed,
      nowMs: Date.now(),
      ...(customers !== undefined && { customers }),
      ...(usersPerCustomer !== undefined && { usersPerCustomer }),
    });
    const samples = pickSamples(directory);
    const { callers, webhookSecrets, sealingKey, person } = await loadLocalSecrets(dataDirectory);
    const entraCallers = newEntraCallers(partner.tenantId, person);
    for (const { apiKey } of callers) announceSecret('API key', apiKey);

    const azurite = await startAzurite(
      dataDirectory === undefined ? {} : { directory: dataDirectory },
    );
    started({ close: () => azurite.stop() });
    await createStorage(azurite);
    const appStorage =
      (await options.interpose?.(azurite.connectionString)) ?? azurite.connectionString;
    const entra = started(
      await startEntra({
        directory,
        app: { ...partner, clientSecret },
        callerApps: [toCallerApp(entraCallers)],
      }),
    );
    const identity = started(await startManagedIdentity({ clientId: identityClientId }));
    const keyVault = started(
      await startKeyVault({
        secrets: {
          'partner-client-secret': clientSecret,
          'partner-refresh-token': entra.refreshToken,
          'sealing-key': sealingKey,
          callers: JSON.stringify({
            callers: [
              ...listLocalCallers(callers, { entraCallers, ...samples }),
              ...(options.callers?.(directory) ?? []),
            ],
          }),
          ...Object.fromEntries(
            Object.entries(webhookSecrets).map(([source, secret]) => [`webhook-${source}`, secret]),
          ),
        },
        accepts: (token) => identity.accepts(token, 'https://vault.azure.net'),
      }),
    );
    const partnerCenter = started(await startPartnerCenter({ directory, jwksUrl: entra.jwksUrl }));

    const apiPort = options.apiPort ?? (await findFreePort());
    const settings = {
      PARTNER_TENANT_ID: partner.tenantId,
      PARTNER_CLIENT_ID: partner.clientId,
      API_CLIENT_ID: entraCallers.apiClientId,
      PARTNER_CENTER_URL: partnerCenter.url,
      ENTRA_AUTHORITY_URL: entra.url,
      KEY_VAULT_URI: keyVault.url,
      STORAGE: appStorage,
      AZURE_CLIENT_ID: identityClientId,
      IDENTITY_ENDPOINT: identity.url,
      IDENTITY_HEADER: identity.header,
      PUBLIC_BASE_URL: `http://127.0.0.1:${apiPort}`,
      AzureWebJobsStorage: azurite.connectionString,
      FUNCTIONS_WORKER_RUNTIME: 'node',
      ...options.settings,
    };
    const host = await startFunctionsHost({
      app,
      env: settings,
      port: apiPort,
      ...(onLine !== undefined && { onLine }),
    });
    started({ close: () => host.stop() });

    const facts: StackFacts = {
      apiUrl: `${host.url}/api`,
      partnerCenterUrl: partnerCenter.url,
      entraAuthorityUrl: entra.url,
      keyVaultUrl: keyVault.url,
      storageConnectionString: azurite.connectionString,
      callers,
      entraCallers,
      webhookSecrets,
      samples,
      settings,
    };
    return { facts, directory, partnerCenter, entra, keyVault, host, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

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

/** In Azure the deployment makes these. */
async function createStorage({ connectionString }: Azurite): Promise<void> {
  const tables = TableServiceClient.fromConnectionString(connectionString, {
    allowInsecureConnection: true,
  });
  const queues = QueueServiceClient.fromConnectionString(connectionString);
  const blobs = BlobServiceClient.fromConnectionString(connectionString);
  // A table that is there already counts as made.
  await Promise.all([
    ...storageNames.tables.map((name) => tables.createTable(name)),
    ...storageNames.queues.map((name) => queues.getQueueClient(name).createIfNotExists()),
    ...storageNames.containers.map((name) => blobs.getContainerClient(name).createIfNotExists()),
  ]);
}

function pickSamples(directory: Directory): StackFacts['samples'] {
  for (const customer of directory.customers.values()) {
    for (const user of customer.users.values()) {
      if (!isPlain(user)) continue;
      return {
        customerTenantId: customer.tenantId,
        customerDomain: customer.domain,
        userId: user.id,
        userPrincipalName: user.userPrincipalName,
      };
    }
  }
  throw new RangeError('The directory holds no user whose password may be reset');
}
