import { randomUUID } from 'node:crypto';
import type { QueueClient } from '@azure/storage-queue';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  createQueueBulkWakeUps,
  createQueueSender,
  createQueueSliceWakeUps,
  createQueueWakeUps,
} from '../../shared/azure/queue-sender.js';
import { startStorage, type StorageHarness } from './storage-harness.js';

let storage: StorageHarness;
let queue: QueueClient;

beforeAll(async () => {
  storage = await startStorage();
});

afterAll(() => storage.stop());

beforeEach(async () => {
  queue = storage.clients.queue(`q-${randomUUID()}`);
  await queue.create();
});

describe('createQueueSender()', () => {
  it.each([{ resetId: 'reset-7' }, { text: '"quotes", <tags>, Größe, 🔑 and\nlines' }, {}])(
    'sends JSON in base64, as the queue trigger reads it: %j',
    async (message) => {
      await createQueueSender(queue)(message, 0);

      const [text = ''] = await receive();
      expect(text).toMatch(/^[A-Za-z0-9+/]+={0,2}$/);
      expect(JSON.parse(Buffer.from(text, 'base64').toString())).toEqual(message);
    },
  );

  it('sends what never expires', async () => {
    await createQueueSender(queue)({ resetId: 'reset-7' }, 0);

    const { peekedMessageItems } = await queue.peekMessages();
    expect(peekedMessageItems[0]?.expiresOn.getUTCFullYear()).toBe(9999);
  });

  it('hides the message for the delay', async () => {
    await createQueueSender(queue)({ resetId: 'reset-7' }, 60_000);

    expect(await receive()).toEqual([]);
    expect((await queue.getProperties()).approximateMessagesCount).toBe(1);
  });

  it.each([
    ['no delay', 0, 0],
    ['a time that is over', -5_000, 0],
    ['a moment', 1, 1],
    ['a second', 1_000, 1],
    ['a little more', 1_001, 2],
    ['seven minutes', 420_000, 420],
  ])('asks for whole seconds, and never too few: %s', async (_what, delayMs, seconds) => {
    await createQueueSender(queue)({ resetId: 'reset-7' }, delayMs);

    expect(storage.queues.seen.at(-1)).toContain(`visibilitytimeout=${seconds}&`);
  });

  it('sends the message twice rather than not at all when the answer is lost', async () => {
    storage.queues.loseNextAnswer('POST');

    await createQueueSender(queue)({ resetId: 'reset-7' }, 0);

    expect(await receive()).toHaveLength(2);
  });

  it('says when the storage refuses it', async () => {
    await queue.delete();

    await expect(createQueueSender(queue)({ resetId: 'reset-7' }, 0)).rejects.toMatchObject({
      code: 'StorageUnavailable',
      message: 'Cannot send a message: status 404 (QueueNotFound)',
    });
  });
});

describe('wake-ups', () => {
  it.each([
    [
      'the id of a reset',
      (delayMs: number) => createQueueWakeUps(queue).send('reset-7', delayMs),
      { resetId: 'reset-7' },
    ],
    [
      'a slice of a job',
      (delayMs: number) =>
        createQueueSliceWakeUps(queue).send(
          { bulkResetId: 'job-7', slice: 12, wakesNext: true },
          delayMs,
        ),
      { bulkResetId: 'job-7', slice: 12, wakesNext: true },
    ],
    [
      'the id of a job',
      (delayMs: number) => createQueueBulkWakeUps(queue).send('job-7', delayMs),
      { bulkResetId: 'job-7' },
    ],
  ])('hold %s and nothing else, and come when they are due', async (_what, send, message) => {
    await send(0);
    await send(60_000);

    const texts = (await receive()).map((text) => Buffer.from(text, 'base64').toString());
    expect(texts).toEqual([JSON.stringify(message)]);
    expect(storage.queues.seen).toContainEqual(expect.stringContaining('visibilitytimeout=60&'));
  });
});

async function receive(): Promise<string[]> {
  const { receivedMessageItems } = await queue.receiveMessages({ numberOfMessages: 32 });
  return receivedMessageItems.map(({ messageText }) => messageText);
}
