import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { bulkRowResetId } from '../../shared/bulk-reset/bulk-reset.js';
import type { BulkResetRows } from '../../shared/bulk-reset/ports.js';
import type { ResetStore } from '../../shared/password-reset/ports.js';
import type { OpenRow } from '../../shared/password-reset/reset-row.js';
import { acceptedAtMs, aResetRow, userId } from '../builders/a-reset-row.js';

/** What every store of password resets does, whatever it is made of. */
// eslint-disable-next-line jest/no-export -- one suite runs on the fake and on the adapter
export function describeResetStore(
  name: string,
  open: () => Promise<ResetStore & BulkResetRows>,
): void {
  describe(`${name} as a store of password resets`, () => {
    let resets: ResetStore & BulkResetRows;

    beforeAll(async () => {
      resets = await open();
    });

    describe('create() and read()', () => {
      it.each([
        'queued',
        'claimed',
        'uncertain',
        'applied',
        'rejected',
        'cancelled',
        'attention',
      ] as const)('keep a row that is %s as it is, without what it lacks', async (state) => {
        const row = aResetRow({ state, resetId: newResetId() });

        const created = await resets.create(row);

        expect(created.row).toEqual(row);
        expect(await resets.read(row.resetId)).toStrictEqual({ row, etag: created.etag });
      });

      it('keep what a row may have', async () => {
        const row = aResetRow({
          state: 'applied',
          resetId: newResetId(),
          reference: 'INC-7',
          unknownAtMs: acceptedAtMs + 1,
          userId,
          seal: 'its seal',
          attempts: 8,
          definiteAnswers: 7,
          forceChangePassword: false,
          delivery: 'none',
        });

        await resets.create(row);

        expect((await resets.read(row.resetId))?.row).toStrictEqual(row);
      });

      it.each([
        ['nothing', ''],
        ['quotation marks', `'"\`’`],
        ['what filters are made of', `' or PartitionKey ne '`],
        ['what paths are made of', '../a\\b/c?d#e%2e%00'],
        ['blanks around it', ' \t INC-7 \u00a0'],
        ['lines', 'one\ntwo\r\nthree'],
        ['what spreadsheets calculate', '=1+1'],
        ['other alphabets', 'Größe λόγος 数字 🔑 e\u0301'],
        ['what names a date', 'acceptedAtMs'],
        ['a date', '2026-01-01T00:00:00.000Z'],
        ['a long number', '12345678901234567890'],
        ['a hundred characters outside the basic plane', '🔑'.repeat(100)],
      ])('keep a reference with %s', async (_what, reference) => {
        const row = aResetRow({ resetId: newResetId(), reference });

        await resets.create(row);

        expect((await resets.read(row.resetId))?.row).toStrictEqual(row);
      });

      it.each([
        ['the start of time', 0],
        ['milliseconds', Date.UTC(2026, 0, 1) + 123],
        ['a leap day', Date.UTC(2028, 1, 29, 23, 59, 59, 999)],
        ['the far future', Date.UTC(9999, 11, 31, 23, 59, 59, 999)],
      ])('keep a date to the millisecond: %s', async (_what, atMs) => {
        const row = aResetRow({ resetId: newResetId(), acceptedAtMs: atMs, notBeforeMs: atMs });

        await resets.create(row);

        expect((await resets.read(row.resetId))?.row).toStrictEqual(row);
      });

      it('keep a seal of ten thousand characters', async () => {
        const row = aResetRow({ resetId: newResetId(), seal: 'x'.repeat(10_000) });

        await resets.create(row);

        expect((await resets.read(row.resetId))?.row).toStrictEqual(row);
      });

      it('keep the first of two rows with one id, and refuse the second', async () => {
        const row = aResetRow({ resetId: newResetId(), reference: 'the first' });
        await resets.create(row);

        await expect(resets.create({ ...row, reference: 'the second' })).rejects.toThrow(
          `The password reset ${row.resetId} exists already`,
        );
        expect((await resets.read(row.resetId))?.row.reference).toBe('the first');
      });
    });

    describe('read()', () => {
      it.each([
        ['that there is not', newResetId()],
        ['of a job that there is not', bulkRowResetId(randomUUID(), 1)],
        ['of one character', '0'],
        ['of hyphens', '-'.repeat(64)],
        ['of 64 letters', 'z'.repeat(64)],
        ['that looks like the row of a job', `${'-'.repeat(37)}0000000`],
      ])('gives nothing for an id %s', async (_what, resetId) => {
        expect(await resets.read(resetId)).toBeUndefined();
      });
    });

    describe('replace()', () => {
      it('changes the row, and gives it another ETag', async () => {
        const created = await resets.create(aResetRow({ resetId: newResetId() }));
        const row = aResetRow({ state: 'claimed', resetId: created.row.resetId });

        const replaced = await resets.replace(row, created.etag);

        expect(replaced).toMatchObject({ row });
        expect(replaced).not.toMatchObject({ etag: created.etag });
        expect(await resets.read(row.resetId)).toStrictEqual(replaced);
      });

      it('leaves nothing of the row that was there', async () => {
        const claimed = aResetRow({ state: 'claimed', resetId: newResetId(), reference: 'INC-7' });
        const created = await resets.create(claimed);
        const row = aResetRow({ state: 'cancelled', resetId: claimed.resetId });

        await resets.replace(row, created.etag);

        expect((await resets.read(row.resetId))?.row).toStrictEqual(row);
      });

      it('can be repeated with each new ETag', async () => {
        let stored = await resets.create(aResetRow({ resetId: newResetId() }));

        for (let attempts = 1; attempts <= 3; attempts += 1) {
          const replaced = await resets.replace({ ...stored.row, attempts }, stored.etag);
          if (replaced === 'conflict') throw new Error('A write conflicts with itself');
          stored = replaced;
        }

        expect(await resets.read(stored.row.resetId)).toMatchObject({ row: { attempts: 3 } });
      });

      it('is a conflict when the row was changed meanwhile, and writes nothing', async () => {
        const created = await resets.create(aResetRow({ resetId: newResetId() }));
        const theirs = await resets.replace({ ...created.row, attempts: 1 }, created.etag);

        const ours = await resets.replace({ ...created.row, attempts: 2 }, created.etag);

        expect(ours).toBe('conflict');
        expect(await resets.read(created.row.resetId)).toStrictEqual(theirs);
      });

      it('is a conflict even when the other write was the same', async () => {
        const created = await resets.create(aResetRow({ resetId: newResetId() }));
        const row = { ...created.row, attempts: 1 };
        await resets.replace(row, created.etag);

        expect(await resets.replace(row, created.etag)).toBe('conflict');
      });

      it('is a conflict when there is no such row', async () => {
        const created = await resets.create(aResetRow({ resetId: newResetId() }));
        const row = aResetRow({ resetId: newResetId() });

        expect(await resets.replace(row, created.etag)).toBe('conflict');
        expect(await resets.read(row.resetId)).toBeUndefined();
      });

      it('lets one of many through who write at the same time', async () => {
        const created = await resets.create(aResetRow({ resetId: newResetId() }));

        const results = await Promise.all(
          Array.from({ length: 10 }, (_, attempts) =>
            resets.replace({ ...created.row, attempts }, created.etag),
          ),
        );

        const won = results.filter((result) => result !== 'conflict');
        expect(won).toHaveLength(1);
        expect(won).toStrictEqual([await resets.read(created.row.resetId)]);
      });
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

        const page = await resets.page({ bulkResetId, afterRow: 0, limit: 10 });
        expect(page.map((row) => ('seal' in row ? row.seal : undefined))).toEqual([
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
        const { resetId } = rows[0] ?? aResetRow();
        const { etag = '' } = (await resets.read(resetId)) ?? {};
        const claimed = await resets.replace(aResetRow({ state: 'claimed', resetId }), etag);

        await resets.createMany(rows);

        expect(await resets.read(resetId)).toStrictEqual(claimed);
      });
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
      it('tells what each row of one shard has come to', async () => {
        const bulkResetId = randomUUID();
        await resets.createMany(rowsOf(bulkResetId, [1, 2, 3]));
        await resets.createMany(rowsOf(bulkResetId, [1_001]));
        const resetId = bulkRowResetId(bulkResetId, 2);
        const { etag = '' } = (await resets.read(resetId)) ?? {};
        const refused = aResetRow({ state: 'rejected', resetId, code: 'UserIsAdmin' });
        await resets.replace(refused, etag);

        expect(await resets.outcomes(bulkResetId, 0)).toStrictEqual([
          { state: 'queued' },
          { state: 'rejected', code: 'UserIsAdmin' },
          { state: 'queued' },
        ]);
        expect(await resets.outcomes(bulkResetId, 1)).toStrictEqual([{ state: 'queued' }]);
        expect(await resets.outcomes(bulkResetId, 2)).toEqual([]);
      });
    });
  });
}

function newResetId(): string {
  return `20260101-${randomUUID()}`;
}

function rowsOf(bulkResetId: string, rows: readonly number[], seal = 'a seal'): OpenRow[] {
  return rows.map((row) => aResetRow({ resetId: bulkRowResetId(bulkResetId, row), seal }));
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, at) => first + at);
}
