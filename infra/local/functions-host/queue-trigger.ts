import { setTimeout as sleep } from 'node:timers/promises';
import type { DequeuedMessageItem, QueueClient } from '@azure/storage-queue';
import type { RegisteredFunction } from './core-module.js';
import type { QueueSettings } from './host-settings.js';
import type { Invoke } from './invocation.js';
import { describeError, type Log } from './log.js';
import { createQueueMessageProcessor } from './queue-message.js';
import { triggerBinding, type Trigger } from './trigger.js';

export interface QueueTriggerOptions {
  readonly registered: RegisteredFunction;
  readonly queue: QueueClient;
  /** Undefined where there is none: for a queue that is itself one for poison. */
  readonly poisonQueue: QueueClient | undefined;
  readonly settings: QueueSettings;
  readonly invoke: Invoke;
  readonly log: Log;
  /** In [0, 1). */
  readonly random?: () => number;
  /** How long a message is hidden when it is taken. @default 10 minutes */
  readonly leaseMs?: number;
}

const minPollingIntervalMs = 100;

/** A storage queue's name has no room for more. */
const maxQueueNameLength = 63;

/**
 * Polls a queue as the storage extension does: a batch at a time, the next one as soon as no more
 * than `newBatchThreshold` messages are being worked on, and ever less often while it is empty.
 *
 * @see https://github.com/Azure/azure-sdk-for-net/tree/main/sdk/storage/Microsoft.Azure.WebJobs.Extensions.Storage.Common/src/Shared/Queues
 */
export function createQueueTrigger(options: QueueTriggerOptions): Trigger {
  const { registered, queue, settings, invoke, random = Math.random, leaseMs = 600_000 } = options;
  const { name } = registered.metadata;
  const { inputName } = triggerBinding(registered.metadata);
  const log = (level: 'debug' | 'warning' | 'error', message: string) =>
    options.log(level, name, message);
  const process = createQueueMessageProcessor({ ...options, inputName, leaseMs, log });
  const running = new Set<Promise<void>>();
  const stopping = new AbortController();
  let polling: Promise<void> = Promise.resolve();

  async function poll(): Promise<void> {
    for (let emptyPolls = 0; !stopping.signal.aborted;) {
      const messages = await receive();
      for (const message of messages) work(message);
      if (messages.length > 0) {
        emptyPolls = 0;
        while (running.size > settings.newBatchThreshold) await Promise.race(running);
      } else {
        const delayMs = pollingDelayMs(emptyPolls, settings.maxPollingIntervalMs, random);
        emptyPolls += 1;
        await sleep(delayMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      }
    }
  }

  async function receive(): Promise<readonly DequeuedMessageItem[]> {
    try {
      const { receivedMessageItems } = await queue.receiveMessages({
        numberOfMessages: settings.batchSize,
        visibilityTimeout: Math.ceil(leaseMs / 1000),
      });
      return receivedMessageItems;
    } catch (error) {
      log('warning', `cannot read queue ${queue.name}: ${describeError(error)}`);
      await createQueue();
      return [];
    }
  }

  function work(message: DequeuedMessageItem): void {
    const processing = process(message)
      .catch((error: unknown) => log('error', `cannot settle a message: ${describeError(error)}`))
      .finally(() => running.delete(processing));
    running.add(processing);
  }

  async function createQueue(): Promise<void> {
    await queue.createIfNotExists().catch((error: unknown) => {
      log('warning', `cannot create queue ${queue.name}: ${describeError(error)}`);
    });
  }

  return {
    description: `queue ${queue.name}`,
    async start() {
      await createQueue();
      polling = poll();
    },
    async stop() {
      stopping.abort();
      await polling;
      await Promise.all(running);
    },
    async runNow(input) {
      await invoke(registered, {
        inputData: [{ name: inputName, data: { string: input } }],
        triggerMetadata: { QueueTrigger: { string: input } },
      });
    },
  };
}

/**
 * The wait after that many polls without a message in a row: 100 ms after the first, then about
 * twice as long each time, give or take a fifth, up to the maximum.
 */
export function pollingDelayMs(emptyPolls: number, maxMs: number, random: () => number): number {
  const factor = 0.8 + 0.4 * random();
  const growthMs = minPollingIntervalMs * (2 ** emptyPolls - 1) * factor;
  return Math.min(maxMs, minPollingIntervalMs + growthMs);
}

/** Undefined for a queue that has none: one for poison itself, or one whose name leaves no room. */
export function poisonQueueName(queueName: string): string | undefined {
  const name = `${queueName}-poison`;
  return queueName.endsWith('-poison') || name.length > maxQueueNameLength ? undefined : name;
}
