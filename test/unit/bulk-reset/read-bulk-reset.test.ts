import { describe, expect, it } from '@jest/globals';
import {
  type BulkResetRow,
  type BulkResetState,
  bulkRowResetId,
} from '../../../shared/bulk-reset/bulk-reset.js';
import { createReadBulkReset, maxPageSize } from '../../../shared/bulk-reset/read-bulk-reset.js';
import type { ResetRow } from '../../../shared/password-reset/reset-row.js';
import { aBulkResetRow, bulkResetId } from '../../builders/a-bulk-reset.js';
import { aResetRow } from '../../builders/a-reset-row.js';
import { FakeBulkResetStore } from '../../fakes/fake-bulk-reset-store.js';
import { FakeResetStore } from '../../fakes/fake-reset-store.js';
import { FakeRowFaults } from '../../fakes/fake-row-faults.js';

const other = '11111111-0b1e-4d7a-8a37-5e0f6b2d9c21';
const caller = 'helpdesk';

describe('createReadBulkReset()', () => {
  describe('progress()', () => {
    it('counts what the rows have come to, over all shards', async () => {
      const { progress } = aReader(aSplitJob({ valid: 9, invalid: 0, lastRow: 2_001 }), [
        aResetRow({ resetId: idOf(1), state: 'applied' }),
        aResetRow({ resetId: idOf(2), state: 'queued' }),
        aResetRow({ resetId: idOf(3), state: 'claimed' }),
        aResetRow({ resetId: idOf(1_000), state: 'uncertain' }),
        aResetRow({ resetId: idOf(1_001), state: 'rejected', code: 'UserNotFound' }),
        aResetRow({ resetId: idOf(1_002), state: 'rejected', code: 'UserNotFound' }),
        aResetRow({ resetId: idOf(2_000), state: 'attention', code: 'OutcomeUnknown' }),
        aResetRow({ resetId: idOf(2_001), state: 'cancelled' }),
      ]);

      expect(await progress(bulkResetId, caller)).toMatchObject({
        settled: 5,
        open: 4,
        succeeded: 1,
        cancelled: 1,
        failures: { UserNotFound: 2, OutcomeUnknown: 1 },
      });
    });

    it('looks at no row before all are made', async () => {
      const job = aBulkResetRow(aSplitting(3_000));
      const { progress, shardsRead } = aReader(job, [aResetRow({ resetId: idOf(1) })]);

      expect(await progress(bulkResetId, caller)).toMatchObject({ settled: 0, open: 3_500 });

      expect(shardsRead).toEqual([]);
    });

    describe('with the tally of the last sweep', () => {
      const settled = { made: 900, settled: 900, succeeded: 890, failures: { UserNotFound: 10 } };
      const all = {
        made: 30_000,
        settled: 5_000,
        succeeded: 4_990,
        failures: { UserNotFound: 10 },
      };

      it('reads the shards after the settled ones, and no more', async () => {
        const tally = { all, settledShards: 2, settled };
        const job = aBulkResetRow({ state: 'split', counts: countsOf(22_000) }, { tally });
        const { progress, shardsRead } = aReader(job, [
          aResetRow({ resetId: idOf(1), state: 'applied' }),
          aResetRow({ resetId: idOf(2_001), state: 'applied' }),
        ]);

        expect(await progress(bulkResetId, caller)).toMatchObject({
          settled: 901,
          succeeded: 891,
          failures: { UserNotFound: 10 },
        });

        expect(shardsRead).toEqual(Array.from({ length: 20 }, (_, shard) => shard + 2));
      });

      it('reads none when there are many, and says what was counted', async () => {
        const tally = { all, settledShards: 2, settled };
        const job = aBulkResetRow({ state: 'split', counts: countsOf(22_001) }, { tally });
        const { progress, shardsRead } = aReader(job);

        expect(await progress(bulkResetId, caller)).toMatchObject({
          settled: 5_000,
          open: 17_001,
          succeeded: 4_990,
        });

        expect(shardsRead).toEqual([]);
      });
    });

    it('reads none of a large job that was not swept yet', async () => {
      const { progress, shardsRead } = aReader(aSplitJob(countsOf(20_001)));

      expect(await progress(bulkResetId, caller)).toMatchObject({ settled: 0, open: 20_001 });

      expect(shardsRead).toEqual([]);
    });

    it('reads all of a large job that was stopped, for nobody knows how many rows there are', async () => {
      const state = { state: 'stopped', code: 'InvalidRows', message: '', splitRows: 1 } as const;
      const job = aBulkResetRow({ ...state, counts: countsOf(20_001) });
      const { progress } = aReader(job, [aResetRow({ resetId: idOf(20_001) })]);

      expect(await progress(bulkResetId, caller)).toMatchObject({ settled: 0, open: 1 });
    });

    it.each<BulkResetState & { readonly open: number }>([
      { state: 'validating', open: 0 },
      { state: 'refused', code: 'InvalidRows', message: '', counts: countsOf(7), open: 0 },
      { state: 'splitting', counts: countsOf(7), checkedSha256: '', splitRows: 0, open: 7 },
      {
        state: 'stopped',
        code: 'InvalidRows',
        message: '',
        counts: countsOf(7),
        splitRows: 0,
        open: 0,
      },
      { state: 'split', counts: countsOf(7), open: 7 },
    ])('says how many rows of a job that is $state are open', async ({ open, ...state }) => {
      const { progress } = aReader(aBulkResetRow(state));

      expect(await progress(bulkResetId, caller)).toMatchObject({ open, settled: 0, succeeded: 0 });
    });

    it('counts only the rows that there are once a job is stopped', async () => {
      const state = { state: 'stopped', code: 'InvalidRows', message: '', splitRows: 1 } as const;
      const { progress } = aReader(aBulkResetRow({ ...state, counts: countsOf(7) }), [
        aResetRow({ resetId: idOf(1), state: 'applied' }),
        aResetRow({ resetId: idOf(2), state: 'queued' }),
      ]);

      expect(await progress(bulkResetId, caller)).toMatchObject({ settled: 1, open: 1 });
    });

    it('does not count the rows of another job', async () => {
      const row = aResetRow({ resetId: bulkRowResetId(other, 1), state: 'applied' });
      const { progress } = aReader(aSplitJob(countsOf(1)), [row]);

      expect(await progress(bulkResetId, caller)).toMatchObject({ settled: 0, open: 1 });
    });

    it('tells what was wrong with the rows', async () => {
      const fault = { line: 3, row: 2, code: 'InvalidRows', message: 'user must be …' } as const;
      const { progress, rowFaults } = aReader(aSplitJob({ valid: 1, invalid: 1, lastRow: 2 }));
      await rowFaults.write(bulkResetId, [fault]);

      expect((await progress(bulkResetId, caller)).faults).toEqual([fault]);
    });

    it('tells no fault of an earlier order when all rows are right now', async () => {
      const { progress, rowFaults } = aReader(aSplitJob(countsOf(1)));
      await rowFaults.write(bulkResetId, [{ row: 1, code: 'InvalidRows', message: 'mended' }]);

      expect((await progress(bulkResetId, caller)).faults).toEqual([]);
    });
  });

  describe('page()', () => {
    const rows = [1, 2, 3, 999, 1_000, 1_001, 3_500].map((row) =>
      aResetRow({ resetId: idOf(row) }),
    );
    const job = aSplitJob({ valid: 7, invalid: 0, lastRow: 3_500 });

    it.each([
      ['from the start', 0, 2, [1, 2]],
      ['to the end of a shard', 2, 100, [3, 999, 1_000]],
      ['from the end of a shard', 1_000, 100, [1_001]],
      ['over shards without rows', 1_001, 100, [3_500]],
      ['from the middle of a shard without rows', 1_900, 100, [3_500]],
      ['over rows that are not there', 4, 1, [999]],
      ['at the last row', 3_500, 100, []],
      ['beyond the last row', 9_999_999, 100, []],
    ])('reads %s', async (_, afterRow, limit, expected) => {
      const { page } = aReader(job, rows);

      const found = await page({ bulkResetId, afterRow, limit }, caller);

      expect(found.rows.map(({ resetId }) => resetId)).toEqual(expected.map(idOf));
    });

    it.each([1, 2, 3, 100, maxPageSize])(
      'gives every row once, in order, %d at a time',
      async (limit) => {
        const { page } = aReader(job, rows);
        const read: string[] = [];
        for (let next: number | undefined = 0; next !== undefined;) {
          const found = await page({ bulkResetId, afterRow: next, limit }, caller);
          read.push(...found.rows.map(({ resetId }) => resetId));
          next = found.nextAfterRow;
        }

        expect(read).toEqual(rows.map(({ resetId }) => resetId));
      },
    );

    it.each<[string, BulkResetState, number, number | undefined]>([
      ['goes on where it was while the job is checked', { state: 'validating' }, 0, 0],
      ['goes on where it was while rows are still to come', aSplitting(0), 4, 4],
      ['goes on after the rows that are there', aSplitting(3), 0, 3],
      ['waits for rows that may come before those that are there', aSplitting(0), 0, 0],
      [
        'ends with the last row, though rows are still to come',
        aSplitting(5_000),
        3_499,
        undefined,
      ],
      ['ends when no more rows come', { state: 'split', counts: countsOf(9) }, 5, undefined],
    ])('%s', async (_, state, afterRow, expected) => {
      const few = [1, 3, 1_001, 3_500].map((row) => aResetRow({ resetId: idOf(row) }));
      const { page } = aReader(aBulkResetRow(state), few);

      const { nextAfterRow } = await page({ bulkResetId, afterRow, limit: 100 }, caller);

      expect(nextAfterRow).toBe(expected);
    });

    it('shows no row of the next shard before those of this one are made', async () => {
      const { page } = aReader(aBulkResetRow(aSplitting(4)), [aResetRow({ resetId: idOf(1_001) })]);

      expect(await page({ bulkResetId, afterRow: 4, limit: 9 }, caller)).toMatchObject({
        rows: [],
      });
    });

    it('goes over the gap at the end of a shard whose rows are all made', async () => {
      const job = aBulkResetRow(aSplitting(1_001));
      const { page } = aReader(job, [aResetRow({ resetId: idOf(1_001) })]);

      expect(await page({ bulkResetId, afterRow: 4, limit: 9 }, caller)).toMatchObject({
        rows: [{ resetId: idOf(1_001) }],
      });
    });
  });

  it.each([
    ['an unknown job', other, caller],
    ["somebody else's job", bulkResetId, 'somebody-else'],
  ])('does not find %s', async (_, id, asking) => {
    const { progress, page } = aReader(aSplitJob(countsOf(1)));
    const notFound = { code: 'BulkResetNotFound', message: 'There is no such bulk reset' };

    await expect(progress(id, asking)).rejects.toMatchObject(notFound);
    await expect(page({ bulkResetId: id, afterRow: 0, limit: 10 }, asking)).rejects.toMatchObject(
      notFound,
    );
  });
});

function aReader(job: BulkResetRow, resets: readonly ResetRow[] = []) {
  const rowFaults = new FakeRowFaults();
  const rows = new FakeResetStore(resets);
  const shardsRead: number[] = [];
  const { progress, page } = createReadBulkReset({
    bulkResets: new FakeBulkResetStore([job]),
    rows: {
      page: (from) => rows.page(from),
      outcomes: (id, shard) => {
        shardsRead.push(shard);
        return rows.outcomes(id, shard);
      },
    },
    rowFaults,
  });
  return { progress, page, rowFaults, shardsRead };
}

function aSplitting(splitRows: number): BulkResetState {
  return { state: 'splitting', counts: countsOf(3_500), checkedSha256: '', splitRows };
}

function countsOf(rows: number) {
  return { valid: rows, invalid: 0, lastRow: rows };
}

function aSplitJob(counts: { valid: number; invalid: number; lastRow: number }): BulkResetRow {
  return aBulkResetRow({ state: 'split', counts });
}

function idOf(row: number): string {
  return bulkRowResetId(bulkResetId, row);
}
