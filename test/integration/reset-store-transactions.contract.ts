import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { ResetStore, Stored } from '../../shared/password-reset/ports.js';
import type { ResetRow } from '../../shared/password-reset/reset-row.js';
import { aResetRow } from '../builders/a-reset-row.js';
import { range, rowsOf } from './rows-of.js';

/** What every store of password resets does with many rows of a job at once. */
// eslint-disable-next-line jest/no-export -- one suite runs on the fake and on the adapter
export function describeResetStoreTransactions(
  name: string,
  open: () => Promise<ResetStore>,
): void {
  describe(`${name} as ResetStore`, () => {
    let resets: ResetStore;

    beforeAll(async () => {
      resets = await open();
    });

    describe('createMany()', () => {
      it('creates a hundred rows of a job, each found by its id', async () => {
        const rows = rowsOf(randomUUID(), range(1, 100));

        await resets.createMany(rows);

        const read = await Promise.all(rows.map(({ resetId }) => resets.read(resetId)));
        expect(read.map((stored) => stored?.row)).toStrictEqual(rows);
      });

      it('leaves rows that exist already as they are, and creates the others', async () => {
        const bulkResetId = randomUUID();
        await resets.createMany(rowsOf(bulkResetId, [2, 3], 'the first seal'));

        await resets.createMany(rowsOf(bulkResetId, range(1, 4), 'the second seal'));

        const seals = await Promise.all(rowsOf(bulkResetId, range(1, 4)).map(sealOf));
        expect(seals).toEqual([
          'the second seal',
          'the first seal',
          'the first seal',
          'the second seal',
        ]);
      });

      it('takes nothing back of what a worker has done with a row', async () => {
        const bulkResetId = randomUUID();
        const rows = rowsOf(bulkResetId, [1, 2]);
        await resets.createMany(rows);
        const { resetId } = there(rows[0]);
        const { etag } = there(await resets.read(resetId));
        const claimed = await resets.replace(aResetRow({ state: 'claimed', resetId }), etag);

        await resets.createMany(rows);

        expect(await resets.read(resetId)).toStrictEqual(claimed);
      });
    });

    describe('replaceMany()', () => {
      it('replaces a hundred rows of a job, each with another ETag', async () => {
        const created = await createRows(randomUUID(), range(1, 100));
        const cancelled = created.map(({ row, etag }) => ({ row: cancelledOf(row), etag }));

        expect(await resets.replaceMany(cancelled)).toEqual(cancelled.map(({ row }) => row));

        const read = await readAll(created);
        expect(read.map((stored) => stored?.row)).toStrictEqual(cancelled.map(({ row }) => row));
        expect(read.filter((stored, at) => stored?.etag === created[at]?.etag)).toEqual([]);
      });

      it('leaves rows as they are that were changed meanwhile, and replaces and answers the others', async () => {
        const created = await createRows(randomUUID(), [1, 2, 3]);
        const second = there(created[1]);
        const theirs = await resets.replace({ ...second.row, attempts: 7 }, second.etag);

        const replaced = await resets.replaceMany(
          created.map(({ row, etag }) => ({ row: { ...row, attempts: 1 }, etag })),
        );

        const read = await readAll(created);
        expect(read.map((stored) => stored?.row.attempts)).toEqual([1, 7, 1]);
        expect(read[1]).toStrictEqual(theirs);
        expect(replaced).toEqual([read[0]?.row, read[2]?.row]);
      });

      it('makes no row that is not there, and replaces the others', async () => {
        const bulkResetId = randomUUID();
        const created = await createRows(bulkResetId, [1, 3]);
        const missing = there(rowsOf(bulkResetId, [2])[0]);
        const rows = [...created, { row: missing, etag: there(created[0]).etag }];

        const replaced = await resets.replaceMany(
          rows.map(({ row, etag }) => ({ row: cancelledOf(row), etag })),
        );

        const read = await readAll(rows);
        expect(read.map((stored) => stored?.row.state)).toEqual([
          'cancelled',
          'cancelled',
          undefined,
        ]);
        expect(replaced).toEqual(created.map(({ row }) => cancelledOf(row)));
      });

      it('replaces nothing twice', async () => {
        const stored = there((await createRows(randomUUID(), [1]))[0]);
        await resets.replaceMany([{ ...stored, row: { ...stored.row, attempts: 1 } }]);

        const again = [{ ...stored, row: { ...stored.row, attempts: 2 } }];
        expect(await resets.replaceMany(again)).toEqual([]);

        expect((await resets.read(stored.row.resetId))?.row.attempts).toBe(1);
      });
    });

    async function createRows(bulkResetId: string, rows: readonly number[]): Promise<Stored[]> {
      const created = rowsOf(bulkResetId, rows);
      await resets.createMany(created);
      const stored = await readAll(created.map((row) => ({ row })));
      return stored.flatMap((one) => one ?? []);
    }

    function readAll(stored: readonly Pick<Stored, 'row'>[]): Promise<(Stored | undefined)[]> {
      return Promise.all(stored.map(({ row }) => resets.read(row.resetId)));
    }

    async function sealOf({ resetId }: ResetRow): Promise<string | undefined> {
      const { row } = (await resets.read(resetId)) ?? {};
      return row && 'seal' in row ? row.seal : undefined;
    }
  });
}

function cancelledOf({ resetId }: ResetRow): ResetRow {
  return aResetRow({ state: 'cancelled', resetId });
}

function there<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('There is nothing');
  return value;
}
