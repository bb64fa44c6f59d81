import { describe, expect, it } from '@jest/globals';
import { createProcessPasswordResetHandler } from '../../../shared/handlers/process-password-reset-handler.js';
import type { ProcessResult } from '../../../shared/password-reset/process-password-reset.js';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import { bulkResetId } from '../../builders/a-bulk-reset.js';
import { anInvocation } from './invocation.js';

const resetId = '20260101-6f1f8a5e-9a64-4f4d-9c0a-2f9f0a6c1b11';

describe('createProcessPasswordResetHandler()', () => {
  it('looks at the row that a message points at', async () => {
    const { processed, logged } = await receive({ resetId });

    expect(processed).toEqual([resetId]);
    expect(logged).toEqual([
      {
        level: 'information',
        args: ['password reset processed', { resetId, result: 'applied' }],
      },
    ]);
  });

  it('looks past what else a message says', async () => {
    const stamped = { resetId, $AzureWebJobsParentId: 'x', password: 'x' };

    expect((await receive(stamped)).processed).toEqual([resetId]);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['text', 'aGVsbG8='],
    ['an empty text', ''],
    ['a number', 7],
    ['a list', [{ resetId }]],
    ['no resetId', {}],
    ['a resetId that is a number', { resetId: 7 }],
    ['a resetId that is an object', { resetId: { toString: 'x' } }],
    ['an empty resetId', { resetId: '' }],
    ['a path', { resetId: '../x' }],
    ['a NUL', { resetId: `${resetId}\0` }],
    ['a quote', { resetId: `${resetId}' or '1' eq '1` }],
    ['capitals', { resetId: resetId.toUpperCase() }],
    ['a row of a job, which may be cancelled', { resetId: `${bulkResetId}-0000001` }],
    ['65 characters', { resetId: 'a'.repeat(65) }],
    ['10,000 characters', { resetId: 'a'.repeat(10_000) }],
  ])('drops a message that holds %s, and quotes none of it', async (_, message) => {
    const { processed, logged } = await receive(message);

    expect(processed).toEqual([]);
    expect(logged).toEqual([{ level: 'warning', args: ['message points at no password reset'] }]);
  });

  it.each<ProcessResult>(['unknown row', 'not yet', 'superseded', 'rejected', 'queued'])(
    'takes the message off the queue when the row is %s',
    async (result) => {
      expect((await receive({ resetId }, result)).logged).toMatchObject([
        { args: ['password reset processed', { result }] },
      ]);
    },
  );

  it('hands the message back when the row cannot be processed', async () => {
    const failure = new ResetError('StorageUnavailable', 'is away');

    await expect(receive({ resetId }, failure)).rejects.toBe(failure);
  });
});

async function receive(message: unknown, result: ProcessResult | Error = 'applied') {
  const processed: string[] = [];
  const { context, logged } = anInvocation();
  const handler = createProcessPasswordResetHandler({
    processPasswordReset: (id) => {
      processed.push(id);
      return typeof result === 'string' ? Promise.resolve(result) : Promise.reject(result);
    },
    timeoutMs: 75_000,
  });
  await handler(message, context);
  return { processed, logged };
}
