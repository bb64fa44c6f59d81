import { startAzurite } from '../../infra/local/azurite.js';
import { createStorageClients, type StorageClients } from '../../shared/azure/storage-clients.js';
import { startLosingProxy, type LosingProxy } from './losing-proxy.js';

export interface StorageHarness {
  /** As the app makes them, with its retries. */
  readonly clients: StorageClients;
  /** What all traffic goes through. */
  readonly tables: LosingProxy;
  readonly queues: LosingProxy;
  readonly blobs: LosingProxy;
  stop(): Promise<void>;
}

/** The emulator, behind a network that can fail. */
export async function startStorage(): Promise<StorageHarness> {
  const azurite = await startAzurite();
  const [tables, queues, blobs] = await Promise.all([
    startLosingProxy(endpointOf(azurite.connectionString, 'Table')),
    startLosingProxy(endpointOf(azurite.connectionString, 'Queue')),
    startLosingProxy(endpointOf(azurite.connectionString, 'Blob')),
  ]);
  const connectionString = azurite.connectionString
    .replace(endpointOf(azurite.connectionString, 'Table'), tables.url)
    .replace(endpointOf(azurite.connectionString, 'Queue'), queues.url)
    .replace(endpointOf(azurite.connectionString, 'Blob'), blobs.url);
  const credential = { getToken: () => Promise.resolve(null) };

  return {
    clients: createStorageClients({ kind: 'connectionString', connectionString }, credential),
    tables,
    queues,
    blobs,
    stop: async () => {
      await Promise.all([tables.close(), queues.close(), blobs.close()]);
      await azurite.stop();
    },
  };
}

function endpointOf(connectionString: string, service: 'Table' | 'Queue' | 'Blob'): string {
  const [, url] = new RegExp(`${service}Endpoint=(http://[^/;]+)`).exec(connectionString) ?? [];
  if (url === undefined) throw new Error(`The emulator names no ${service} endpoint`);
  return url;
}
