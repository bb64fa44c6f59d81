import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { QueueServiceClient, type QueueClient } from '@azure/storage-queue';
import { startAzurite, type Azurite } from '../../../infra/local/azurite.js';
import {
  startFunctionsHost,
  type RunningFunctionsHost,
} from '../../../infra/local/functions-host/spawn.js';
import { buildFunctionsHost, eventually, removeSampleApps, writeSampleApp } from './sample-app.js';

const source = `
  import { app, output } from '@azure/functions';

  const seen = output.storageQueue({ queueName: 'seen', connection: 'STORAGE' });
  const more = output.storageQueue({ queueName: 'more', connection: 'STORAGE' });
  const queue = (name, handler) => app.storageQueue(name, {
    queueName: name,
    connection: 'STORAGE',
    extraOutputs: [seen],
    handler,
  });

  queue('echo', (message, context) => {
    context.extraOutputs.set(seen, { message, type: typeof message, metadata: context.triggerMetadata });
  });
  queue('fails', (message, context) => {
    context.log('attempt', context.triggerMetadata.dequeueCount);
    throw new Error('cannot do ' + message);
  });
  queue('fails-poison', () => { throw new Error('not even this'); });
  queue('recovers', (message, context) => {
    if (context.triggerMetadata.dequeueCount < 2) throw new Error('not yet');
    context.extraOutputs.set(seen, { attempt: context.triggerMetadata.dequeueCount });
  });

  app.storageQueue('named', {
    queueName: '%NAMED_QUEUE%',
    connection: 'STORAGE',
    handler: (message, context) => context.log('named got', message),
  });
  app.http('enqueue', {
    methods: ['POST'],
    extraOutputs: [seen, more],
    handler: async (request, context) => {
      context.extraOutputs.set(seen, ['one', { two: 2 }]);
      context.extraOutputs.set(more, 'text');
      return { status: 202 };
    },
  });
`;

const parallelSource = `
  import { app } from '@azure/functions';

  let openGate;
  const gate = new Promise((resolve) => { openGate = resolve; });
  let running = 0;
  app.storageQueue('parallel', {
    queueName: 'parallel',
    connection: 'STORAGE',
    handler: async (message, context) => {
      running += 1;
      context.log('parallel running', running);
      if (message === 'held') await gate;
      running -= 1;
    },
  });
  app.http('open-gate', { methods: ['POST'], handler: () => openGate() });
`;

const hostSettings = {
  extensions: {
    queues: {
      batchSize: 3,
      newBatchThreshold: 1,
      maxDequeueCount: 3,
      visibilityTimeout: '00:00:01',
      maxPollingInterval: '00:00:00.200',
    },
  },
};

let azurite: Azurite;
let queues: QueueServiceClient;
let host: RunningFunctionsHost;

beforeAll(async () => {
  azurite = await startAzurite({});
  queues = QueueServiceClient.fromConnectionString(azurite.connectionString);
  host = await startFunctionsHost({
    app: await writeSampleApp({ 'main.mjs': source }, hostSettings),
    script: await buildFunctionsHost(),
    env: { AzureWebJobsSTORAGE: azurite.connectionString, NAMED_QUEUE: 'from-settings' },
  });
});

afterAll(async () => {
  await host.stop();
  await azurite.stop();
  await removeSampleApps();
});

async function put(queueName: string, content: string): Promise<void> {
  await queues.getQueueClient(queueName).sendMessage(Buffer.from(content).toString('base64'));
}

/** The next message, taken off the queue; undefined while there is none. */
async function take(queue: QueueClient): Promise<string | undefined> {
  if (!(await queue.exists())) return undefined;
  const [message] = (await queue.receiveMessages()).receivedMessageItems;
  if (message !== undefined) await queue.deleteMessage(message.messageId, message.popReceipt);
  return message?.messageText;
}

async function takeDecoded(queueName: string): Promise<string> {
  const text = await eventually(() => take(queues.getQueueClient(queueName)));
  return Buffer.from(text, 'base64').toString();
}

async function takeSeen(): Promise<Record<string, unknown>> {
  return JSON.parse(await takeDecoded('seen')) as Record<string, unknown>;
}

async function countMessages(queueName: string): Promise<number> {
  const { approximateMessagesCount } = await queues.getQueueClient(queueName).getProperties();
  return approximateMessagesCount ?? 0;
}

describe('the Functions host, for queue triggers', () => {
  it.each([
    ['a JSON text', '{"a":1}', { a: 1 }],
    ['plain text', 'hello, wörld', 'hello, wörld'],
    ['digits', '123', 123],
  ])(
    'hands over %s as the library reads it, then deletes the message',
    async (_, text, message) => {
      await put('echo', text);

      const seen = await takeSeen();

      expect(seen).toMatchObject({ message, type: typeof message });
      expect(await eventually(async () => (await countMessages('echo')) === 0 || undefined)).toBe(
        true,
      );
    },
  );

  it('hands over what the platform says about the message', async () => {
    const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$/;

    await put('echo', '{"Key":"value"}');

    expect((await takeSeen())['metadata']).toStrictEqual({
      queueTrigger: { key: 'value' },
      dequeueCount: 1,
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      popReceipt: expect.any(String),
      insertionTime: expect.stringMatching(time),
      expirationTime: expect.stringMatching(time),
      nextVisibleTime: expect.stringMatching(time),
    });
  });

  it('shows a failed message again after the visibility timeout', async () => {
    const startedAtMs = performance.now();

    await put('recovers', 'patience');

    expect(await takeSeen()).toStrictEqual({ attempt: 2 });
    expect(performance.now() - startedAtMs).toBeGreaterThan(900);
  });

  it('moves a message to the poison queue when its last attempt has failed', async () => {
    const poison = queues.getQueueClient('fails-poison');
    // The poison queue has a function here, which fails: the message is there, but not to be seen.
    await put('fails', 'the impossible');
    await eventually(() => host.lines.find((line) => line.includes('not even this')));

    expect(host.lines.filter((line) => line.includes('[fails] attempt'))).toHaveLength(3);
    expect(host.lines.join('\n')).toContain('goes to queue fails-poison: it has failed 3 times');
    expect(await countMessages('fails')).toBe(0);
    expect(await countMessages(poison.name)).toBe(1);
    expect(await queues.getQueueClient('fails-poison-poison').exists()).toBe(false);
  });

  it.each(['not base64!', 'abc', 'ab=='.repeat(2)])(
    'moves %j to the poison queue, as it stands, without invoking the function',
    async (text) => {
      await queues.getQueueClient('echo').sendMessage(text);

      const poisoned = await eventually(() => take(queues.getQueueClient('echo-poison')));

      expect(poisoned).toBe(text);
      expect(await countMessages('seen')).toBe(0);
    },
  );

  it('moves a message that was taken too often to the poison queue without invoking the function', async () => {
    // Taken here as a host would that was killed each time.
    const queue = queues.getQueueClient('worn');
    await queue.create();
    await queue.sendMessage(Buffer.from('worn').toString('base64'));
    for (let count = 0; count < 3; count += 1) {
      const [message] = (await queue.receiveMessages()).receivedMessageItems;
      if (message === undefined) throw new Error('The message is not there');
      await queue.updateMessage(message.messageId, message.popReceipt, undefined, 0);
    }
    const app = await writeSampleApp(
      {
        'main.mjs': `
          import { app } from '@azure/functions';
          app.storageQueue('worn', {
            queueName: 'worn', connection: 'STORAGE',
            handler: (message, context) => context.log('invoked'),
          });`,
      },
      hostSettings,
    );
    const other = await startFunctionsHost({
      app,
      script: await buildFunctionsHost(),
      env: { STORAGE: azurite.connectionString },
    });

    const poisoned = await takeDecoded('worn-poison');

    await other.stop();
    expect(poisoned).toBe('worn');
    expect(other.lines.join('\n')).not.toContain('invoked');
  });

  it('takes the next batch once no more than newBatchThreshold messages are left of the last', async () => {
    // The first batch keeps one message, which is the threshold; the second keeps its three. They
    // are all there before the host is, or a poll in between would cut other batches.
    const contents = ['held', 'quick', 'quick', ...Array<string>(9).fill('held')];
    await queues.createQueue('parallel');
    for (const content of contents) await put('parallel', content);
    const app = await writeSampleApp({ 'main.mjs': parallelSource }, hostSettings);
    const other = await startFunctionsHost({
      app,
      script: await buildFunctionsHost(),
      env: { STORAGE: azurite.connectionString },
    });

    await eventually(() => other.lines.find((line) => line.endsWith('parallel running 4')));
    const { peekedMessageItems } = await queues
      .getQueueClient('parallel')
      .peekMessages({ numberOfMessages: 32 });
    await fetch(`${other.url}/api/open-gate`, { method: 'POST' });
    await eventually(async () => ((await countMessages('parallel')) === 0 ? true : undefined));
    await other.stop();

    const running = other.lines.flatMap((line) => /parallel running (\d+)$/.exec(line)?.[1] ?? []);
    expect(peekedMessageItems).toHaveLength(6);
    expect(running).toHaveLength(contents.length);
    expect(Math.max(...running.map(Number))).toBe(4);
  });

  it('reads the name of a queue from the app settings', async () => {
    await put('from-settings', 'hello');

    expect(await eventually(() => host.lines.find((line) => line.includes('named got')))).toContain(
      'named got hello',
    );
  });

  it('sends outputs, an array as several messages, and creates the queue', async () => {
    const response = await fetch(`${host.url}/api/enqueue`, { method: 'POST' });

    expect(response.status).toBe(202);
    const sent = [await takeDecoded('seen'), await takeDecoded('seen'), await takeDecoded('more')];
    expect(sent).toStrictEqual(['one', '{"two":2}', 'text']);
  });

  it('runs a function at once with the input given to the admin route', async () => {
    const response = await fetch(`${host.url}/admin/functions/echo`, {
      method: 'POST',
      body: JSON.stringify({ input: 'by hand' }),
    });

    expect(response.status).toBe(202);
    expect(await takeSeen()).toMatchObject({ message: 'by hand' });
  });
});
