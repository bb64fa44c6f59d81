import { describe, expect, it } from '@jest/globals';
import { createPurgeHandler } from '../../../shared/handlers/purge-handler.js';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import { anInvocation, aTimer } from './invocation.js';

const away = new ResetError('StorageUnavailable', 'is away');

describe('createPurgeHandler()', () => {
  it('purges single and bulk resets, and logs what each came to', async () => {
    const { purge, logged } = aPurge();

    await purge();

    expect(logged).toEqual([
      { level: 'information', args: ['purge of password resets', { purged: 3 }] },
      { level: 'information', args: ['purge of bulk resets', { purged: 1 }] },
    ]);
  });

  it.each([
    ['single', { singles: away }, 'purge of password resets failed', 'purge of bulk resets'],
    ['bulk', { bulk: away }, 'purge of bulk resets failed', 'purge of password resets'],
  ])('goes through with the rest when %s resets fail', async (_, failing, failed, done) => {
    const { purge, logged } = aPurge(failing);

    await expect(purge()).rejects.toBe(away);

    expect(logged).toContainEqual({
      level: 'error',
      args: [failed, { error: 'StorageUnavailable' }],
    });
    expect(logged).toContainEqual({
      level: 'information',
      args: [done, { purged: expect.any(Number) }],
    });
  });
});

function aPurge({ singles, bulk }: { readonly singles?: Error; readonly bulk?: Error } = {}) {
  const { context, logged } = anInvocation();
  const handler = createPurgeHandler({
    purgePasswordResets: () => (singles ? Promise.reject(singles) : Promise.resolve({ purged: 3 })),
    purgeBulkResets: () => (bulk ? Promise.reject(bulk) : Promise.resolve({ purged: 1 })),
    timeoutMs: 280_000,
  });
  return { purge: () => Promise.resolve(handler(aTimer(), context)), logged };
}
