import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { bulkRowResetId } from '../../shared/bulk-reset/bulk-reset.js';
import type { ResetStore, SingleResets } from '../../shared/password-reset/ports.js';
import type { ResetRow } from '../../shared/password-reset/reset-row.js';
import { aResetRow } from '../builders/a-reset-row.js';

const noonMs = Date.UTC(2026, 2, 1, 12);

/** What every store of password resets tells about single resets, whatever it is made of. */
// eslint-disable-next-line jest/no-export -- one suite runs on the fake and on the adapter
export function describeSingleResets(
  name: string,
  openStore: () => Promise<ResetStore & SingleResets>,
): void {
  describe(`${name} as SingleResets`, () => {
    let resets: ResetStore & SingleResets;

    beforeEach(async () => {
      resets = await openStore();
    });

    describe('open()', () => {
      it.each([
        ['of a day', noonMs, 1, ['today']],
        ['at its first moment', Date.UTC(2026, 2, 1), 1, ['today']],
        ['at its last moment', Date.UTC(2026, 2, 2) - 1, 1, ['today']],
        ['and the day before, over the end of a month', noonMs, 2, ['yesterday', 'today']],
        ['and two days before', noonMs, 3, ['before', 'yesterday', 'today']],
        ['of the next day', noonMs + 24 * 3_600_000, 1, ['tomorrow']],
        ['of no day', noonMs, 0, []],
      ])('gives the rows %s', async (_which, lastDayMs, days, expected) => {
        await create(aResetRow({ resetId: newId('20260227'), reference: 'before' }));
        await create(aResetRow({ resetId: newId('20260228'), reference: 'yesterday' }));
        await create(aResetRow({ resetId: newId('20260301'), reference: 'today' }));
        await create(aResetRow({ resetId: newId('20260302'), reference: 'tomorrow' }));

        const found = await toArray(resets.open({ lastDayMs, days }));

        expect(found.map(({ row }) => row.reference)).toEqual(expected);
      });

      it('finds them wherever the day keeps them', async () => {
        const ids = Array.from({ length: 40 }, () => newId('20260301'));
        // Ends like the id of a row of a job.
        ids.push('20260301-6f1f8a5e-9a64-4f4d-9c0a-000000000001');
        await Promise.all(ids.map((resetId) => create(aResetRow({ resetId }))));

        const found = await toArray(resets.open({ lastDayMs: noonMs, days: 1 }));

        expect(found.map(({ row }) => row.resetId)).toEqual(ids.sort());
      });

      it('leaves out what is settled', async () => {
        for (const state of allStates)
          await create(aResetRow({ resetId: newId('20260301'), state }));

        const found = await toArray(resets.open({ lastDayMs: noonMs, days: 1 }));

        expect(found.map(({ row }) => row.state).sort()).toEqual([
          'claimed',
          'queued',
          'uncertain',
        ]);
      });

      it('gives rows with their ETags', async () => {
        const resetId = newId('20260301');
        await create(aResetRow({ resetId }));

        const found = await toArray(resets.open({ lastDayMs: noonMs, days: 1 }));

        expect(found).toStrictEqual([await resets.read(resetId)]);
      });

      it('takes no row of a job for a single reset, even if the job is named like a day', async () => {
        await create(
          aResetRow({ resetId: bulkRowResetId('20260301-0000-4000-8000-000000000000', 1) }),
        );
        await create(aResetRow({ resetId: bulkRowResetId(randomUUID(), 1) }));

        expect(await toArray(resets.open({ lastDayMs: noonMs, days: 1 }))).toEqual([]);
      });
    });

    describe('withPassword()', () => {
      it('gives applied rows of the day that still hold their seal', async () => {
        const resetId = newId('20260301');
        await create(aResetRow({ resetId, state: 'applied', seal: 'a seal' }));
        await create(aResetRow({ resetId: newId('20260302'), state: 'applied', seal: 'a seal' }));
        for (const state of allStates)
          await create(aResetRow({ resetId: newId('20260301'), state }));

        const found = await toArray(resets.withPassword(noonMs));

        expect(found).toStrictEqual([await resets.read(resetId)]);
        expect(found).toHaveLength(1);
      });
    });

    describe('deleteBefore()', () => {
      it('deletes every row of the days before, and no others', async () => {
        const days = ['20260101', '20260227', '20260228'];
        const before = days.flatMap((day) =>
          allStates.map((state) => aResetRow({ resetId: newId(day), state })),
        );
        const others = ['20260301', '20260302'].map((day) => aResetRow({ resetId: newId(day) }));
        const ofJob = aResetRow({
          resetId: bulkRowResetId('20260228-0000-4000-8000-000000000000', 20_260_115),
        });
        for (const row of [...before, ...others, ofJob]) await create(row);

        await resets.deleteBefore(noonMs);

        expect(await existing(before)).toEqual([]);
        expect(await existing(others)).toEqual(others.map(({ resetId }) => resetId));
        expect(await existing([ofJob])).toEqual([ofJob.resetId]);
      });

      it('has nothing to do when there are no rows', async () => {
        await expect(resets.deleteBefore(noonMs)).resolves.toBeUndefined();
      });
    });

    async function create(row: ResetRow): Promise<void> {
      await resets.create(row);
    }

    async function existing(rows: readonly ResetRow[]): Promise<string[]> {
      const found = await Promise.all(rows.map(({ resetId }) => resets.read(resetId)));
      return found.flatMap((stored) => stored?.row.resetId ?? []);
    }
  });
}

const allStates = [
  'queued',
  'claimed',
  'uncertain',
  'applied',
  'rejected',
  'cancelled',
  'attention',
] as const;

function newId(day: string): string {
  return `${day}-${randomUUID()}`;
}

async function toArray<Value>(values: AsyncIterable<Value>): Promise<Value[]> {
  const array: Value[] = [];
  for await (const value of values) array.push(value);
  return array;
}
