import type { QueueClient } from '@azure/storage-queue';
import type { BulkWakeUps, SliceWakeUps } from '../bulk-reset/ports.js';
import type { WakeUps } from '../password-reset/ports.js';
import { toStorageError } from './to-storage-error.js';

const neverExpires = -1;

/** Sends JSON as the queue trigger reads it: base64, and without the seven days after which a message is lost. */
export function createQueueSender(queue: QueueClient) {
  return async (message: object, delayMs: number): Promise<void> => {
    const text = Buffer.from(JSON.stringify(message)).toString('base64');
    const visibilityTimeout = Math.max(0, Math.ceil(delayMs / 1000));
    try {
      await queue.sendMessage(text, { visibilityTimeout, messageTimeToLive: neverExpires });
    } catch (error) {
      throw toStorageError(error, 'send a message');
    }
  };
}

export function createQueueWakeUps(queue: QueueClient): WakeUps {
  const send = createQueueSender(queue);
  return { send: (resetId, delayMs) => send({ resetId }, delayMs) };
}

export function createQueueSliceWakeUps(queue: QueueClient): SliceWakeUps {
  const send = createQueueSender(queue);
  return {
    send: ({ bulkResetId, slice, wakesNext }, delayMs) =>
      send({ bulkResetId, slice, wakesNext }, delayMs),
  };
}

export function createQueueBulkWakeUps(queue: QueueClient): BulkWakeUps {
  const send = createQueueSender(queue);
  return { send: (bulkResetId, delayMs) => send({ bulkResetId }, delayMs) };
}
