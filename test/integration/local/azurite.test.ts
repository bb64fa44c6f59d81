import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { TableServiceClient } from '@azure/data-tables';
import { BlobServiceClient } from '@azure/storage-blob';
import { QueueServiceClient } from '@azure/storage-queue';
import { describe, expect, it } from '@jest/globals';
import { startAzurite } from '../../../infra/local/azurite.js';

describe('startAzurite()', () => {
  it('serves blobs, queues and tables until it is stopped', async () => {
    const azurite = await startAzurite();
    const { connectionString } = azurite;
    const queues = QueueServiceClient.fromConnectionString(connectionString, {
      retryOptions: { maxTries: 1 },
    });

    await BlobServiceClient.fromConnectionString(connectionString).createContainer('container');
    await queues.createQueue('queue');
    await TableServiceClient.fromConnectionString(connectionString, {
      allowInsecureConnection: true,
    }).createTable('table');
    await azurite.stop();

    await expect(queues.createQueue('other')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('keeps its data in a directory, where one is given', async () => {
    const directory = `.local/test-azurite-${randomUUID()}`;
    await mkdir(directory, { recursive: true });

    const first = await startAzurite({ directory });
    await QueueServiceClient.fromConnectionString(first.connectionString).createQueue('kept');
    await first.stop();
    const second = await startAzurite({ directory });
    const queue = QueueServiceClient.fromConnectionString(second.connectionString);

    expect(await queue.getQueueClient('kept').exists()).toBe(true);
    await second.stop();
    await rm(directory, { recursive: true });
  });

  it('rejects with the reason when the emulator cannot start', async () => {
    await expect(startAzurite({ directory: 'package.json' })).rejects.toThrow(
      /^Cannot start Azurite:\n.*EEXIST/s,
    );
  });
});
