import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { bulkRowResetId } from '../../shared/bulk-reset/bulk-reset.js';
import type { BulkResetRows } from '../../shared/bulk-reset/ports.js';
import type { ResetStore } from '../../shared/password-reset/ports.js';
import type { ResetRow } from '../../shared/password-reset/reset-row.js';
import {
  acceptedAtMs,
  anotherCustomerTenantId,
  aResetRow,
  userId,
} from '../builders/a-reset-row.js';
import { range, rowsOf } from './rows-of.js';

/** What every store of password resets tells about the rows of a job, whatever it is made of. */
// eslint-disable-next-line jest/no-export -- one suite runs on the fake and on the adapter
export function describeBulkResetRows(
  name: string,
  open: () => Promise<ResetStore & BulkResetRows>,
): void {
  describe(`${name} as BulkResetRows`, () => {
    let resets: ResetStore & BulkResetRows;

    beforeAll(async () => {
      resets = await open();
    });

    describe('page()', () => {
      const bulkResetId = randomUUID();

      beforeAll(async () => {
        // As a job makes them whose rows 3 and 1000 cannot be used.
        for (const rows of [[1, 2, 4, 5], [999], [1_001, 1_002], [2_001]]) {
          await resets.createMany(rowsOf(bulkResetId, rows));
        }
        await resets.createMany(rowsOf(randomUUID(), [1, 2]));
      });

      it.each([
        ['from the start', 0, 3, [1, 2, 4]],
        ['after a row', 2, 2, [4, 5]],
        ['after a row that there is not', 3, 2, [4, 5]],
        ['to the end of the shard and no further', 4, 100, [5, 999]],
        ['after the last row of a shard, which is in the next', 1_000, 100, [1_001, 1_002]],
        ['in the middle of the second shard', 1_001, 100, [1_002]],
        ['in the third shard', 2_000, 100, [2_001]],
        ['where the shard has no more', 999, 100, []],
        ['where the job has no more', 2_001, 100, []],
        ['where the job has no such shard', 7_000, 100, []],
      ])('gives rows in order, %s', async (_where, afterRow, limit, expected) => {
        const page = await resets.page({ bulkResetId, afterRow, limit });

        expect(page).toStrictEqual(rowsOf(bulkResetId, expected));
      });

      it('gives nothing of a job that there is not', async () => {
        const page = await resets.page({ bulkResetId: randomUUID(), afterRow: 0, limit: 10 });

        expect(page).toEqual([]);
      });
    });

    describe('outcomes()', () => {
      it('tells what each row of one shard has come to, in order', async () => {
        const bulkResetId = randomUUID();
        const idOf = (row: number) => bulkRowResetId(bulkResetId, row);
        const rows = [
          aResetRow({ resetId: idOf(1), state: 'queued', attemptId: 'attempt-2' }),
          aResetRow({ resetId: idOf(2), state: 'claimed' }),
          aResetRow({
            state: 'uncertain',
            resetId: idOf(3),
            customerTenantId: anotherCustomerTenantId,
          }),
          aResetRow({
            resetId: idOf(5),
            state: 'applied',
            seal: 'a seal',
            reference: 'INC-7',
            userId,
          }),
          aResetRow({ resetId: idOf(6), state: 'rejected', code: 'UserIsAdmin' }),
          aResetRow({ resetId: idOf(7), state: 'cancelled' }),
          aResetRow({ resetId: idOf(1_000), state: 'attention' }),
        ];
        await resets.createMany(rows);
        await resets.createMany(rowsOf(bulkResetId, [1_001]));

        expect(await resets.outcomes(bulkResetId, 0)).toStrictEqual([
          { ...outcomeOf(rows[0]), notBeforeMs: acceptedAtMs },
          { ...outcomeOf(rows[1]), leaseExpiresAtMs: acceptedAtMs + 120_000 },
          { ...outcomeOf(rows[2]), notBeforeMs: acceptedAtMs + 300_000 },
          outcomeOf(rows[3]),
          { ...outcomeOf(rows[4]), code: 'UserIsAdmin' },
          outcomeOf(rows[5]),
          { ...outcomeOf(rows[6]), code: 'OutcomeUnknown' },
        ]);
        expect(await resets.outcomes(bulkResetId, 1)).toHaveLength(1);
        expect(await resets.outcomes(bulkResetId, 2)).toEqual([]);
      });
    });

    describe('openRows()', () => {
      it.each([
        ['the first', 0, [1, 2, 100]],
        ['the second', 1, [101]],
        ['the last of a shard', 9, [901, 1_000]],
        ['the first of the next shard', 10, [1_001]],
        ['one that is not there', 11, []],
      ])('gives the rows of a slice, and of no other: %s', async (_which, slice, expected) => {
        const bulkResetId = randomUUID();
        for (const rows of [[1, 2, 100, 101, 901, 1_000], [1_001]]) {
          await resets.createMany(rowsOf(bulkResetId, rows));
        }
        await resets.createMany(rowsOf(randomUUID(), [1]));

        const open = await resets.openRows({ bulkResetId, slice });

        expect(open.map(({ row }) => row)).toStrictEqual(rowsOf(bulkResetId, expected));
      });

      it('leaves out what is settled', async () => {
        const bulkResetId = randomUUID();
        await resets.createMany(inAllStates(bulkResetId));

        const open = await resets.openRows({ bulkResetId, slice: 0 });

        expect(open.map(({ row }) => row.state)).toEqual(['queued', 'claimed', 'uncertain']);
      });

      it('gives ETags to go on with', async () => {
        const bulkResetId = randomUUID();
        await resets.createMany(rowsOf(bulkResetId, [1]));

        for (const { row, etag } of await resets.openRows({ bulkResetId, slice: 0 })) {
          await resets.replace({ ...row, attempts: 7 }, etag);
        }

        expect(await resets.openRows({ bulkResetId, slice: 0 })).toMatchObject([
          { row: { attempts: 7 } },
        ]);
      });
    });

    describe('rowsWithPassword()', () => {
      it('gives the applied rows of a shard that still hold their seal', async () => {
        const bulkResetId = randomUUID();
        const sealed = aResetRow({
          resetId: bulkRowResetId(bulkResetId, 9),
          state: 'applied',
          seal: 'a seal',
        });
        await resets.createMany([...inAllStates(bulkResetId), sealed]);
        await resets.createMany([
          aResetRow({
            resetId: bulkRowResetId(bulkResetId, 1_001),
            state: 'applied',
            seal: 'other',
          }),
        ]);

        const found = await resets.rowsWithPassword(bulkResetId, 0);

        expect(found).toStrictEqual([await resets.read(sealed.resetId)]);
        expect(found).toHaveLength(1);
      });

      it('gives nothing once the seals were removed', async () => {
        const bulkResetId = randomUUID();
        await resets.createMany([1, 2].map((row) => sealedRow(bulkResetId, row)));

        const found = await resets.rowsWithPassword(bulkResetId, 0);
        await resets.replaceMany(
          found.map(({ row, etag }) => ({
            row: aResetRow({ state: 'applied', resetId: row.resetId }),
            etag,
          })),
        );

        expect(found).toHaveLength(2);
        expect(await resets.rowsWithPassword(bulkResetId, 0)).toEqual([]);
      });
    });

    describe('deleteShard()', () => {
      it('deletes the rows of a shard, and no others', async () => {
        const bulkResetId = randomUUID();
        await resets.createMany(rowsOf(bulkResetId, range(1, 100)));
        await resets.createMany(rowsOf(bulkResetId, range(901, 1_000)));
        await resets.createMany(rowsOf(bulkResetId, [1_001]));

        await resets.deleteShard(bulkResetId, 0);

        expect(await resets.outcomes(bulkResetId, 0)).toEqual([]);
        expect(await resets.outcomes(bulkResetId, 1)).toHaveLength(1);
      });

      it('has nothing to do where nothing is', async () => {
        await expect(resets.deleteShard(randomUUID(), 0)).resolves.toBeUndefined();
      });

      it('ends with nothing there when two do it at once', async () => {
        const bulkResetId = randomUUID();
        await resets.createMany(rowsOf(bulkResetId, range(1, 100)));

        await Promise.all([resets.deleteShard(bulkResetId, 0), resets.deleteShard(bulkResetId, 0)]);

        expect(await resets.outcomes(bulkResetId, 0)).toEqual([]);
      });
    });
  });
}

function sealedRow(bulkResetId: string, row: number): ResetRow {
  return aResetRow({ state: 'applied', seal: 'a seal', resetId: bulkRowResetId(bulkResetId, row) });
}

function inAllStates(bulkResetId: string): ResetRow[] {
  const states = [
    'queued',
    'claimed',
    'uncertain',
    'applied',
    'rejected',
    'cancelled',
    'attention',
  ] as const;
  return states.map((state, at) =>
    aResetRow({ state, resetId: bulkRowResetId(bulkResetId, at + 1) }),
  );
}

function outcomeOf(row: ResetRow | undefined) {
  const { resetId, customerTenantId, state, attemptId } = row ?? aResetRow();
  return { resetId, customerTenantId, state, isTried: attemptId !== undefined };
}
