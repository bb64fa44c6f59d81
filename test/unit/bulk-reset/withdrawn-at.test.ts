import { describe, expect, it } from '@jest/globals';
import { bulkRowResetId } from '../../../shared/bulk-reset/bulk-reset.js';
import { createWithdrawnAt } from '../../../shared/bulk-reset/withdrawn-at.js';
import { aBulkResetRow, bulkResetId } from '../../builders/a-bulk-reset.js';
import { aResetRow } from '../../builders/a-reset-row.js';
import { FakeBulkResetStore } from '../../fakes/fake-bulk-reset-store.js';

const ofJob = bulkRowResetId(bulkResetId, 7);

describe('createWithdrawnAt()', () => {
  it.each<[string, string, object, number | undefined]>([
    ['when its job was acknowledged', ofJob, { acknowledgedAtMs: 42 }, 42],
    ['nothing while its job was not', ofJob, {}, undefined],
    ['nothing of a single reset', aResetRow().resetId, { acknowledgedAtMs: 42 }, undefined],
    [
      'nothing of a job that there is not',
      bulkRowResetId('00000000-0000-4000-8000-000000000000', 7),
      { acknowledgedAtMs: 42 },
      undefined,
    ],
  ])('says %s', async (_what, resetId, facts, expected) => {
    const bulkResets = new FakeBulkResetStore([aBulkResetRow(undefined, facts)]);

    expect(await createWithdrawnAt({ bulkResets })(resetId)).toBe(expected);
  });
});
