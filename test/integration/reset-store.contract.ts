import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { bulkRowResetId } from '../../shared/bulk-reset/bulk-reset.js';
import type { ResetStore, Stored } from '../../shared/password-reset/ports.js';
import type { ResetRow } from '../../shared/password-reset/reset-row.js';
import { acceptedAtMs, aResetRow, userId } from '../builders/a-reset-row.js';

/** What every store of password resets does, whatever it is made of. */
// eslint-disable-next-line jest/no-export -- one suite runs on the fake and on the adapter
export function describeResetStore(name: string, open: () => Promise<ResetStore>): void {
  describe(`${name} as ResetStore`, () => {
    let resets: ResetStore;

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

        const created = await create(row);

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
          attemptId: 'attempt-8',
          definiteAnswers: 7,
          refusedPasswords: 2,
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

      it.each(['queued', 'uncertain', 'applied', 'rejected'] as const)(
        'keep the last attempt of a row that is %s',
        async (state) => {
          const row = aResetRow({ state, resetId: newResetId(), attemptId: 'attempt-1' });

          await resets.create(row);

          expect((await resets.read(row.resetId))?.row).toStrictEqual(row);
        },
      );

      it('keep the first of two rows with one id, and say that it exists', async () => {
        const row = aResetRow({ resetId: newResetId(), reference: 'the first' });
        await resets.create(row);

        expect(await resets.create({ ...row, reference: 'the second' })).toBe('exists');
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
        const created = await create(aResetRow({ resetId: newResetId() }));
        const row = aResetRow({ state: 'claimed', resetId: created.row.resetId });

        const replaced = await resets.replace(row, created.etag);

        expect(replaced).toMatchObject({ row });
        expect(replaced).not.toMatchObject({ etag: created.etag });
        expect(await resets.read(row.resetId)).toStrictEqual(replaced);
      });

      it('leaves nothing of the row that was there', async () => {
        const claimed = aResetRow({ state: 'claimed', resetId: newResetId(), reference: 'INC-7' });
        const created = await create(claimed);
        const row = aResetRow({ state: 'cancelled', resetId: claimed.resetId });

        await resets.replace(row, created.etag);

        expect((await resets.read(row.resetId))?.row).toStrictEqual(row);
      });

      it('can be repeated with each new ETag', async () => {
        let stored: Stored = await create(aResetRow({ resetId: newResetId() }));

        for (let attempts = 1; attempts <= 3; attempts += 1) {
          const replaced = await resets.replace({ ...stored.row, attempts }, stored.etag);
          if (replaced === 'conflict') throw new Error('A write conflicts with itself');
          stored = replaced;
        }

        expect(await resets.read(stored.row.resetId)).toMatchObject({ row: { attempts: 3 } });
      });

      it('is a conflict when the row was changed meanwhile, and writes nothing', async () => {
        const created = await create(aResetRow({ resetId: newResetId() }));
        const theirs = await resets.replace({ ...created.row, attempts: 1 }, created.etag);

        const ours = await resets.replace({ ...created.row, attempts: 2 }, created.etag);

        expect(ours).toBe('conflict');
        expect(await resets.read(created.row.resetId)).toStrictEqual(theirs);
      });

      it('is a conflict even when the other write was the same', async () => {
        const created = await create(aResetRow({ resetId: newResetId() }));
        const row = { ...created.row, attempts: 1 };
        await resets.replace(row, created.etag);

        expect(await resets.replace(row, created.etag)).toBe('conflict');
      });

      it('is a conflict when there is no such row', async () => {
        const created = await create(aResetRow({ resetId: newResetId() }));
        const row = aResetRow({ resetId: newResetId() });

        expect(await resets.replace(row, created.etag)).toBe('conflict');
        expect(await resets.read(row.resetId)).toBeUndefined();
      });

      it('lets one of many through who write at the same time', async () => {
        const created = await create(aResetRow({ resetId: newResetId() }));

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

    async function create<Row extends ResetRow>(row: Row): Promise<Stored<Row>> {
      const created = await resets.create(row);
      if (created === 'exists') throw new Error('It took a new row for one that exists');
      return created;
    }
  });
}

function newResetId(): string {
  return `20260101-${randomUUID()}`;
}
