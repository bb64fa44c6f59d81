import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { QueueServiceClient, type QueueClient } from '@azure/storage-queue';
import { startAzurite, type Azurite } from '../../../infra/local/azurite.js';
import type { InvocationRequest } from '../../../infra/local/functions-host/core-module.js';
import { parseHostSettings } from '../../../infra/local/functions-host/host-settings.js';
import { createQueueTrigger } from '../../../infra/local/functions-host/queue-trigger.js';
import type { Trigger } from '../../../infra/local/functions-host/trigger.js';
import { eventually } from './sample-app.js';

/** The shortest that the storage service knows; the renewal comes at half of it. */
const leaseMs = 1000;

let azurite: Azurite;
let service: QueueServiceClient;

beforeAll(async () => {
  azurite = await startAzurite({});
  service = QueueServiceClient.fromConnectionString(azurite.connectionString);
});

afterAll(async () => {
  await azurite.stop();
});

interface Fixture {
  readonly queue: QueueClient;
  readonly trigger: Trigger;
  readonly logged: string[];
}

async function startTrigger(
  queueName: string,
  invoke: (request: InvocationRequest) => Promise<void>,
  poisonQueue?: QueueClient,
): Promise<Fixture> {
  const queue = service.getQueueClient(queueName);
  const logged: string[] = [];
  const trigger = createQueueTrigger({
    registered: {
      metadata: { name: queueName, bindings: { input: { type: 'queueTrigger', direction: 'in' } } },
      callback: () => undefined,
    },
    queue,
    poisonQueue,
    settings: parseHostSettings('{}', 1).queues,
    invoke: async (_, request) => {
      await invoke(request);
      return {};
    },
    log: (level, category, message) => logged.push(`${level} [${category}] ${message}`),
    leaseMs,
  });
  await trigger.start();
  return { queue, trigger, logged };
}

async function put(queue: QueueClient): Promise<void> {
  await queue.sendMessage(Buffer.from('work').toString('base64'));
}

async function countMessages(queue: QueueClient): Promise<number | undefined> {
  return (await queue.getProperties()).approximateMessagesCount;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

describe('createQueueTrigger(), holding a message', () => {
  it('hides it for as long as the function runs, and then deletes it', async () => {
    let invocations = 0;
    const { queue, trigger } = await startTrigger('long-work', async () => {
      invocations += 1;
      await sleep(2.5 * leaseMs);
    });

    await put(queue);
    await eventually(async () => (await countMessages(queue)) === 0 || undefined);

    expect(invocations).toBe(1);
    await trigger.stop();
  });

  it('lets it be when somebody else has taken or changed it meanwhile, and says so at debug', async () => {
    const { queue, trigger, logged } = await startTrigger(
      'changed',
      async ({ triggerMetadata }) => {
        const { Id, PopReceipt } = triggerMetadata ?? {};
        await queue.updateMessage(Id?.string ?? '', PopReceipt?.string ?? '', undefined, 60);
      },
    );

    await put(queue);
    await eventually(() => logged.find((line) => line.includes('no longer ours')));
    await trigger.stop();

    expect(logged).toStrictEqual([expect.stringMatching(/^debug \[changed\] message \S+ is no/)]);
    expect(await countMessages(queue)).toBe(1);
  });

  it('leaves a failed message to its lease where there is no poison queue', async () => {
    const attemptsAtMs: number[] = [];
    const { queue, trigger } = await startTrigger('old-poison', () => {
      attemptsAtMs.push(performance.now());
      return Promise.reject(new Error('broken'));
    });

    await put(queue);
    const [first = 0, second = 0] = await eventually(() =>
      attemptsAtMs.length === 2 ? attemptsAtMs : undefined,
    );

    expect(second - first).toBeGreaterThan(0.9 * leaseMs);
    await trigger.stop();
  });

  it('creates the queue again when it was deleted', async () => {
    const { queue, trigger, logged } = await startTrigger('deleted', () => Promise.resolve());
    await queue.delete();

    await eventually(async () => (await queue.exists()) || undefined);

    expect(logged[0]).toMatch(/^warning \[deleted\] cannot read queue deleted/);
    await trigger.stop();
  });
});
