import type { DequeuedMessageItem, QueueClient } from '@azure/storage-queue';
import type { RegisteredFunction, TypedData } from './core-module.js';
import type { QueueSettings } from './host-settings.js';
import type { Invoke } from './invocation.js';
import { keepLease } from './queue-lease.js';
import { sendCreatingQueue } from './queue-output.js';
import { decodeQueueText } from './queue-text.js';

export interface QueueMessageDependencies {
  readonly registered: RegisteredFunction;
  readonly inputName: string;
  readonly queue: QueueClient;
  readonly poisonQueue: QueueClient | undefined;
  readonly settings: QueueSettings;
  readonly leaseMs: number;
  readonly invoke: Invoke;
  readonly log: (level: 'debug' | 'warning' | 'error', message: string) => void;
}

/**
 * Takes one message to its end: done and deleted, shown again for another attempt, or moved to the
 * poison queue. Without a poison queue a failed message just waits out its lease.
 */
export function createQueueMessageProcessor(
  dependencies: QueueMessageDependencies,
): (message: DequeuedMessageItem) => Promise<void> {
  const { registered, inputName, queue, poisonQueue, settings, leaseMs, invoke, log } =
    dependencies;
  const { maxDequeueCount, visibilityTimeoutMs, messageEncoding } = settings;

  return async (message) => {
    const lease = keepLease(message, { queue, leaseMs, log });
    try {
      const content = decodeQueueText(message.messageText, messageEncoding);
      if (content === undefined) {
        await moveToPoisonQueue('its text is not base64');
      } else if (message.dequeueCount > maxDequeueCount) {
        await moveToPoisonQueue(`it was taken more than ${maxDequeueCount} times`);
      } else if (await succeeds(message, content)) {
        await lease.end();
        await lease.remove();
      } else if (message.dequeueCount >= maxDequeueCount) {
        await moveToPoisonQueue(`it has failed ${maxDequeueCount} times`);
      } else if (poisonQueue !== undefined) {
        await lease.end();
        await lease.release(visibilityTimeoutMs);
      }
    } finally {
      await lease.end();
    }

    /** Two steps: a crash between them leaves the message in both queues. */
    async function moveToPoisonQueue(reason: string): Promise<void> {
      if (poisonQueue === undefined) return;
      log('warning', `message ${message.messageId} goes to queue ${poisonQueue.name}: ${reason}`);
      await sendCreatingQueue(poisonQueue, message.messageText);
      await lease.end();
      await lease.remove();
    }
  };

  async function succeeds(message: DequeuedMessageItem, content: Buffer): Promise<boolean> {
    try {
      await invoke(registered, {
        inputData: [{ name: inputName, data: { string: content.toString() } }],
        triggerMetadata: toTriggerMetadata(message, content),
      });
      return true;
    } catch {
      // `invoke` has logged it.
      return false;
    }
  }
}

/**
 * The library turns the first letters to lower case.
 *
 * @see https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue-trigger#message-metadata
 */
function toTriggerMetadata(
  message: DequeuedMessageItem,
  content: Buffer,
): Record<string, TypedData> {
  const { dequeueCount, messageId, popReceipt, insertedOn, expiresOn, nextVisibleOn } = message;
  return {
    // Absent when the content is no text.
    ...(isText(content) && { QueueTrigger: { string: content.toString() } }),
    DequeueCount: { int: dequeueCount },
    Id: { string: messageId },
    PopReceipt: { string: popReceipt },
    InsertionTime: toTime(insertedOn),
    ExpirationTime: toTime(expiresOn),
    NextVisibleTime: toTime(nextVisibleOn),
  };
}

function isText(content: Buffer): boolean {
  return Buffer.from(content.toString()).equals(content);
}

/** As .NET writes a time, which is to the second here. */
function toTime(date: Date): TypedData {
  return { json: JSON.stringify(date.toISOString().replace(/\.\d+Z$/, '+00:00')) };
}
