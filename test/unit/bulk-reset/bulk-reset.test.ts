import { describe, expect, it } from '@jest/globals';
import { bulkResetIdOfRow, bulkRowResetId } from '../../../shared/bulk-reset/bulk-reset.js';
import { bulkResetId } from '../../builders/a-bulk-reset.js';
import { aResetRow } from '../../builders/a-reset-row.js';

describe('bulkResetIdOfRow()', () => {
  it.each([1, 1_000, 9_999_999])('finds the job of its row %d', (row) => {
    expect(bulkResetIdOfRow(bulkRowResetId(bulkResetId, row))).toBe(bulkResetId);
  });

  it.each([aResetRow().resetId, bulkResetId, `${bulkResetId}-1`, ''])(
    'finds no job for %j',
    (resetId) => {
      expect(bulkResetIdOfRow(resetId)).toBeUndefined();
    },
  );
});
