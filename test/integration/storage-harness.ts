import { startAzurite } from '../../infra/local/azurite.js';
import { createStorageClients, type StorageClients } from '../../shared/azure/storage-clients.js';
import { startLosingProxy, type LosingProxy } from './losing-proxy.js';

export interface StorageHarness {
  /** As the app makes them, with its retries. */
  readonly clients: StorageClients;
  /** What all traffic to tables and queues goes through. */
  readonly tables: LosingProxy;
  readonly queues: LosingProxy;
  stop(): Promise<void>;
}

/** The emulator, behind a network that can fail. */
export async function startStorage(): Promise<StorageHarness> {
  const azurite = await startAzurite();
  const [tables, queues] = await Promise.all([
    startLosingProxy(endpointOf(azurite.connectionString, 'Table')),
    startLosingProxy(endpointOf(azurite.connectionString, 'Queue')),
  ]);
  const connectionString = azurite.connectionString
    .replace(endpointOf(azurite.connectionString, 'Table'), tables.url)
    .replace(endpointOf(azurite.connectionString, 'Queue'), queues.url);
  const credential = { getToken: () => Promise.resolve(null) };

  return {
    clients: createStorageClients({ kind: 'connectionString', connectionString }, credential),
    tables,
    queues,
    stop: async () => {
      await Promise.all([tables.close(), queues.close()]);
      await azurite.stop();
    },
  };
}

function endpointOf(connectionString: string, service: 'Table' | 'Queue'): string {
  const [, url] = new RegExp(`${service}Endpoint=(http://[^/;]+)`).exec(connectionString) ?? [];
  if (url === undefined) throw new Error(`The emulator names no ${service} endpoint`);
  return url;
}
