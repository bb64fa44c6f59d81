import { describe, expect, it } from '@jest/globals';
import { parseHostSettings } from '../../../infra/local/functions-host/host-settings.js';
import {
  pollingDelayMs,
  poisonQueueName,
} from '../../../infra/local/functions-host/queue-trigger.js';

function parse(extensions: object, cores = 1) {
  return parseHostSettings(JSON.stringify({ version: '2.0', extensions }), cores);
}

describe('parseHostSettings()', () => {
  it('has the defaults of the platform in development', () => {
    expect(parseHostSettings('{}', 2)).toStrictEqual({
      routePrefix: 'api',
      queues: {
        batchSize: 16,
        newBatchThreshold: 16,
        maxDequeueCount: 5,
        visibilityTimeoutMs: 0,
        maxPollingIntervalMs: 2000,
        messageEncoding: 'base64',
      },
    });
  });

  it('reads what host.json says', () => {
    const settings = parse({
      http: { routePrefix: '' },
      queues: {
        batchSize: 1,
        newBatchThreshold: 0,
        maxDequeueCount: 1,
        visibilityTimeout: '1.02:03:04.5',
        maxPollingInterval: '00:01:00',
        messageEncoding: 'none',
      },
    });

    expect(settings).toStrictEqual({
      routePrefix: '',
      queues: {
        batchSize: 1,
        newBatchThreshold: 0,
        maxDequeueCount: 1,
        visibilityTimeoutMs: 93_784_500,
        maxPollingIntervalMs: 60_000,
        messageEncoding: 'none',
      },
    });
  });

  it.each([
    [5, 2, 4],
    [1, 8, 0],
  ])('derives from batches of %i on %i cores a threshold of %i', (batchSize, cores, threshold) => {
    expect(parse({ queues: { batchSize } }, cores).queues.newBatchThreshold).toBe(threshold);
  });

  it.each([
    [{ queues: { batchSize: 0 } }, 'queues.batchSize'],
    [{ queues: { batchSize: 33 } }, 'queues.batchSize'],
    [{ queues: { newBatchThreshold: -1 } }, 'queues.newBatchThreshold'],
    [{ queues: { maxDequeueCount: 0 } }, 'queues.maxDequeueCount'],
    [{ queues: { maxDequeueCount: '5' } }, 'queues.maxDequeueCount'],
    [{ queues: { visibilityTimeout: '30' } }, 'queues.visibilityTimeout'],
    [{ queues: { visibilityTimeout: 30 } }, 'queues.visibilityTimeout'],
    [{ queues: { maxPollingInterval: '00:00:00.099' } }, 'queues.maxPollingInterval'],
    [{ queues: { messageEncoding: 'utf8' } }, 'queues.messageEncoding'],
    [{ queues: 'many' }, 'queues'],
    [{ http: { routePrefix: 1 } }, 'http.routePrefix'],
  ])('refuses %j by name', (extensions, name) => {
    expect(() => parse(extensions)).toThrow(`host.json: extensions.${name} must be`);
  });
});

describe('pollingDelayMs()', () => {
  it.each([
    [0, 0.5, 100],
    [1, 0.5, 200],
    [2, 0.5, 400],
    [2, 0, 340],
    [2, 1, 460],
    [5, 0.5, 2000],
    [1000, 0.5, 2000],
  ])('after %i empty polls and by chance of %d is %i ms', (emptyPolls, chance, delayMs) => {
    expect(Math.round(pollingDelayMs(emptyPolls, 2000, () => chance))).toBe(delayMs);
  });
});

describe('poisonQueueName()', () => {
  it.each([
    ['jobs', 'jobs-poison'],
    ['jobs-poison', undefined],
    ['q'.repeat(56), `${'q'.repeat(56)}-poison`],
    ['q'.repeat(57), undefined],
  ])('of %s is %s', (queueName, poisonName) => {
    expect(poisonQueueName(queueName)).toBe(poisonName);
  });
});
