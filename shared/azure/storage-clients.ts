import { TableClient } from '@azure/data-tables';
import type { TokenCredential } from '@azure/identity';
import { type ContainerClient, BlobServiceClient } from '@azure/storage-blob';
import { type QueueClient, QueueServiceClient } from '@azure/storage-queue';
import { createImpatientAgent } from './impatient-agent.js';

/** How the business storage account is reached: a managed identity, or the emulator's key. */
export type StorageConnection =
  | { readonly kind: 'connectionString'; readonly connectionString: string }
  | {
      readonly kind: 'identity';
      readonly tableServiceUrl: string;
      readonly queueServiceUrl: string;
      readonly blobServiceUrl: string;
    };

export interface StorageClients {
  table(name: string): TableClient;
  queue(name: string): QueueClient;
  container(name: string): ContainerClient;
}

/** The SDKs retry every method, so a write that is refused may have met its own first try. */
const retryOptions = { maxRetries: 3, retryDelayInMs: 200, maxRetryDelayInMs: 4_000 };
const blobAndQueueRetryOptions = { maxTries: 4, retryDelayInMs: 200, maxRetryDelayInMs: 4_000 };

/** @param options how long one try may hear nothing from the other side */
export function createStorageClients(
  connection: StorageConnection,
  credential: TokenCredential,
  { idleMs = 10_000 }: { readonly idleMs?: number } = {},
): StorageClients {
  const isSecure = connection.kind === 'identity' || /=https\b/.test(connection.connectionString);
  const agent = createImpatientAgent({ isSecure, idleMs });
  const tableOptions = { retryOptions, agent };
  // The types of these two do not name the agent, but they hand it to the pipeline that all three share.
  const otherOptions = { retryOptions: blobAndQueueRetryOptions, agent };
  if (connection.kind === 'connectionString') {
    const { connectionString } = connection;
    const queues = QueueServiceClient.fromConnectionString(connectionString, otherOptions);
    const blobs = BlobServiceClient.fromConnectionString(connectionString, otherOptions);
    const options = { ...tableOptions, allowInsecureConnection: true };
    return {
      table: (name) => TableClient.fromConnectionString(connectionString, name, options),
      queue: (name) => queues.getQueueClient(name),
      container: (name) => blobs.getContainerClient(name),
    };
  }
  const { tableServiceUrl, queueServiceUrl, blobServiceUrl } = connection;
  const queues = new QueueServiceClient(queueServiceUrl, credential, otherOptions);
  const blobs = new BlobServiceClient(blobServiceUrl, credential, otherOptions);
  return {
    table: (name) => new TableClient(tableServiceUrl, name, credential, tableOptions),
    queue: (name) => queues.getQueueClient(name),
    container: (name) => blobs.getContainerClient(name),
  };
}
