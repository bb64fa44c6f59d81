import { describe, expect, it } from '@jest/globals';
import {
  createCountPoisonedResetHandler,
  createCountPoisonedSliceHandler,
} from '../../../shared/handlers/count-poisoned-handlers.js';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import { bulkResetId } from '../../builders/a-bulk-reset.js';
import { anInvocation } from './invocation.js';

const resetId = '20260101-6f1f8a5e-9a64-4f4d-9c0a-2f9f0a6c1b11';
const canary = 'canary-7f3a';

describe('createCountPoisonedResetHandler()', () => {
  it('counts the attempt, and wants somebody to look', async () => {
    const { counted, logged } = await receiveReset({ resetId, password: canary });

    expect(counted).toEqual([resetId]);
    expect(logged).toEqual([
      { level: 'error', args: ['password reset poisoned', { resetId, state: 'queued' }] },
    ]);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['text', canary],
    ['no resetId', { [canary]: canary }],
    ['a path', { resetId: `../${canary}` }],
    ['a row of a job', { resetId: `${bulkResetId}-0000001` }],
  ])(
    'wants somebody to look at a message that holds %s, and quotes none of it',
    async (_, message) => {
      const { counted, logged } = await receiveReset(message);

      expect(counted).toEqual([]);
      expect(logged).toEqual([
        { level: 'error', args: ['poisoned message points at no password reset'] },
      ]);
    },
  );

  it('hands the message back when the attempt cannot be counted', async () => {
    const failure = new ResetError('StorageUnavailable', 'is away');

    await expect(receiveReset({ resetId }, failure)).rejects.toBe(failure);
  });
});

describe('createCountPoisonedSliceHandler()', () => {
  it('wants somebody to look', () => {
    expect(receiveSlice({ bulkResetId, slice: 7, extra: canary })).toEqual([
      { level: 'error', args: ['slice poisoned', { bulkResetId, slice: 7 }] },
    ]);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['text', canary],
    ['no slice', { bulkResetId }],
    ['half a slice', { bulkResetId, slice: 0.5 }],
    ['a slice before the first', { bulkResetId, slice: -1 }],
    ['a job that is none', { bulkResetId: canary, slice: 7 }],
  ])('wants somebody to look at a message that holds %s, and quotes none of it', (_, message) => {
    expect(receiveSlice(message)).toEqual([
      { level: 'error', args: ['poisoned message points at no slice'] },
    ]);
  });
});

async function receiveReset(message: unknown, failure?: Error) {
  const counted: string[] = [];
  const { context, logged } = anInvocation();
  const handler = createCountPoisonedResetHandler({
    countPoisoned: (id) => {
      counted.push(id);
      return failure ? Promise.reject(failure) : Promise.resolve('queued');
    },
  });
  await handler(message, context);
  return { counted, logged };
}

function receiveSlice(message: unknown) {
  const { context, logged } = anInvocation();
  void createCountPoisonedSliceHandler()(message, context);
  return logged;
}
