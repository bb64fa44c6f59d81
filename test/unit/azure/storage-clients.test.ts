import type { TokenCredential } from '@azure/identity';
import { describe, expect, it } from '@jest/globals';
import {
  createStorageClients,
  type StorageConnection,
} from '../../../shared/azure/storage-clients.js';

const credential: TokenCredential = { getToken: () => Promise.resolve(null) };
const identity: StorageConnection = {
  kind: 'identity',
  tableServiceUrl: 'https://resets.table.core.windows.net',
  queueServiceUrl: 'https://resets.queue.core.windows.net',
  blobServiceUrl: 'https://resets.blob.core.windows.net',
};
const emulator: StorageConnection = {
  kind: 'connectionString',
  connectionString: [
    'DefaultEndpointsProtocol=http',
    'AccountName=account',
    `AccountKey=${Buffer.from('any key').toString('base64')}`,
    'BlobEndpoint=http://127.0.0.1:10000/account',
    'QueueEndpoint=http://127.0.0.1:10001/account',
    'TableEndpoint=http://127.0.0.1:10002/account',
  ].join(';'),
};

describe('createStorageClients()', () => {
  it.each([
    [
      'the services that the identity is let into',
      identity,
      'https://resets.table.core.windows.net',
      'https://resets.queue.core.windows.net/work',
      'https://resets.blob.core.windows.net/inbox',
    ],
    [
      'the emulator that the connection string names',
      emulator,
      'http://127.0.0.1:10002/account',
      'http://127.0.0.1:10001/account/work',
      'http://127.0.0.1:10000/account/inbox',
    ],
  ])('reaches %s', (_which, connection, tableUrl, queueUrl, containerUrl) => {
    const storage = createStorageClients(connection, credential);

    expect(storage.table('rows')).toMatchObject({ tableName: 'rows', url: tableUrl });
    expect(storage.queue('work').url).toBe(queueUrl);
    expect(storage.container('inbox').url).toBe(containerUrl);
  });
});
