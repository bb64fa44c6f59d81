import { describe, expect, it } from '@jest/globals';
import { createProcessBulkSliceHandler } from '../../../shared/handlers/process-bulk-slice-handler.js';
import { bulkResetId } from '../../builders/a-bulk-reset.js';
import { anInvocation } from './invocation.js';

const processed = { open: 100, left: 7, cancelled: 0 };

describe('createProcessBulkSliceHandler()', () => {
  it('works the slice off that the message points at', async () => {
    const { deliver, slices, logged } = aQueue();

    await deliver({ bulkResetId: bulkResetId.toUpperCase(), slice: 3, wakesNext: true, more: 1 });

    expect(slices).toEqual([[{ bulkResetId, slice: 3, wakesNext: true }, { isRepeated: false }]]);
    expect(logged).toEqual([
      { level: 'information', args: ['slice processed', { bulkResetId, slice: 3, ...processed }] },
    ]);
  });

  it('wakes no other slice unless the message says so', async () => {
    const { deliver, slices } = aQueue();

    await deliver({ bulkResetId, slice: 0 });

    expect(slices).toMatchObject([[{ wakesNext: false }, {}]]);
  });

  it.each<[number | string | undefined, boolean]>([
    [undefined, false],
    [1, false],
    ['1', false],
    [2, true],
    ['5', true],
  ])('knows a message that was delivered before by its count: %p', async (count, isRepeated) => {
    const { deliver, slices } = aQueue({ dequeueCount: count });

    await deliver({ bulkResetId, slice: 0 });

    expect(slices).toMatchObject([[{}, { isRepeated }]]);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['text', 'canary-7f3a'],
    ['no slice', { bulkResetId }],
    ['a slice before the first', { bulkResetId, slice: -1 }],
    ['half a slice', { bulkResetId, slice: 0.5 }],
    ['a slice as text', { bulkResetId, slice: '3' }],
    ['no job', { slice: 0 }],
    ['a job that is no GUID', { bulkResetId: "' or 1 eq 1 or '", slice: 0 }],
  ])('drops a message with %s, and quotes nothing of it', async (_, message) => {
    const { deliver, slices, logged } = aQueue();

    await deliver(message);

    expect(slices).toEqual([]);
    expect(logged).toEqual([{ level: 'warning', args: ['message points at no slice'] }]);
  });

  it('hands the message back when the slice cannot be worked off', async () => {
    const failure = new Error('is away');
    const { deliver } = aQueue({}, failure);

    await expect(deliver({ bulkResetId, slice: 0 })).rejects.toBe(failure);
  });
});

function aQueue(metadata: Record<string, unknown> = {}, failure?: Error) {
  const { context, logged } = anInvocation(metadata);
  const slices: (readonly [object, object])[] = [];
  const handler = createProcessBulkSliceHandler({
    processSlice: (wakeUp, delivery) => {
      slices.push([wakeUp, delivery]);
      return failure ? Promise.reject(failure) : Promise.resolve(processed);
    },
    timeoutMs: 280_000,
  });
  const deliver = async (message: unknown) => {
    await handler(message, context);
  };
  return { deliver, slices, logged };
}
