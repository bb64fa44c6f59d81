import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type {
  BulkResetFacts,
  BulkResetRow,
  BulkResetState,
} from '../../shared/bulk-reset/bulk-reset.js';
import type { BulkPhase, BulkResetStore, StoredBulkReset } from '../../shared/bulk-reset/ports.js';
import { aCheckedJob } from '../builders/a-bulk-reset.js';
import { acceptedAtMs } from '../builders/a-reset-row.js';

const counts = { valid: 999_999, invalid: 1, lastRow: 1_000_000 };

/** What every store of jobs does, whatever it is made of. */
// eslint-disable-next-line jest/no-export -- one suite runs on the fake and on the adapter
export function describeBulkResetStore(name: string, open: () => Promise<BulkResetStore>): void {
  describe(`${name} as BulkResetStore`, () => {
    let bulkResets: BulkResetStore;

    beforeEach(async () => {
      bulkResets = await open();
    });

    it.each<BulkResetState>([
      { state: 'validating' },
      { state: 'awaitingApproval', ...aCheckedJob(3) },
      { state: 'splitting', counts, checkedSha256: 'of the rows', splitRows: 0 },
      { state: 'stopped', code: 'InvalidRows', message: 'No more', counts, splitRows: 7 },
      { state: 'split', counts },
      { state: 'refused', code: 'InvalidRows', message: 'Nothing was started', counts },
      { state: 'refused', code: 'InvalidRequest', message: "It isn't a CSV: “;” 🔑" },
    ])('keeps a job as it is: $state', async (state) => {
      const row = aBulkResetRow(state);

      const stored = await bulkResets.createOrRead(row);

      expect(stored.row).toStrictEqual(row);
      expect(await bulkResets.read(row.bulkResetId)).toStrictEqual(stored);
    });

    it('keeps what a job may have', async () => {
      const failures = { UserNotFound: 3, attention: 1 };
      const all = { made: 1_000_000, settled: 999_999, succeeded: 999_995, failures };
      const row = aBulkResetRow(
        { state: 'split', counts },
        {
          reference: 'INC-7',
          delivery: 'response',
          cancelledAtMs: acceptedAtMs + 1,
          acknowledgedAtMs: acceptedAtMs + 2,
          finishedAtMs: acceptedAtMs + 3,
          purgedAtMs: acceptedAtMs + 4,
          tally: { all, settledShards: 999, settled: { ...all, made: 999_000, failures: {} } },
        },
      );

      await bulkResets.createOrRead(row);

      expect((await bulkResets.read(row.bulkResetId))?.row).toStrictEqual(row);
    });

    it('gives the job that has the id already, as it is now', async () => {
      const row = aBulkResetRow({ state: 'validating' });
      const { etag } = await bulkResets.createOrRead(row);
      const theirs = await bulkResets.replace({ ...row, state: 'split', counts }, etag);

      const stored = await bulkResets.createOrRead({ ...row, fingerprint: 'of another order' });

      expect(stored).toStrictEqual(theirs);
    });

    it('knows no job that there is not', async () => {
      expect(await bulkResets.read(randomUUID())).toBeUndefined();
    });

    it('replaces a job and leaves nothing of what it was', async () => {
      const row = aBulkResetRow({ state: 'splitting', counts, checkedSha256: '', splitRows: 7 });
      const { etag } = await bulkResets.createOrRead(row);
      const refused = aBulkResetRow(
        { state: 'refused', code: 'InvalidRows', message: 'No' },
        { bulkResetId: row.bulkResetId },
      );

      const replaced = await bulkResets.replace(refused, etag);

      expect(replaced).toMatchObject({ row: refused });
      expect(await bulkResets.read(row.bulkResetId)).toStrictEqual(replaced);
    });

    it('is a conflict when the job was changed meanwhile, and writes nothing', async () => {
      const row = aBulkResetRow({ state: 'validating' });
      const { etag } = await bulkResets.createOrRead(row);
      const theirs = await bulkResets.replace({ ...row, state: 'split', counts }, etag);

      const ours = await bulkResets.replace(
        { ...row, state: 'splitting', counts, checkedSha256: '', splitRows: 0 },
        etag,
      );

      expect(ours).toBe('conflict');
      expect(await bulkResets.read(row.bulkResetId)).toStrictEqual(theirs);
    });

    it('lists a job with the ETag with which it is read', async () => {
      const { row } = await bulkResets.createOrRead(aBulkResetRow({ state: 'validating' }));

      const listed: StoredBulkReset[] = [];
      for await (const stored of bulkResets.inPhase('open')) listed.push(stored);

      expect(listed).toContainEqual(await bulkResets.read(row.bulkResetId));
    });

    it('lets one of many through who write at the same time', async () => {
      const row = aBulkResetRow({ state: 'validating' });
      const { etag } = await bulkResets.createOrRead(row);

      const results = await Promise.all(
        Array.from({ length: 10 }, (_, at) =>
          bulkResets.replace({ ...row, reference: `INC-${at}` }, etag),
        ),
      );

      const won = results.filter((result) => result !== 'conflict');
      expect(won).toHaveLength(1);
      expect(won).toStrictEqual([await bulkResets.read(row.bulkResetId)]);
    });

    describe('nextSlice()', () => {
      it('gives the slices of a job one after the other, and each job its own', async () => {
        const [one, other] = [randomUUID(), randomUUID()];

        expect(await bulkResets.nextSlice(one)).toBe(0);
        expect(await bulkResets.nextSlice(one)).toBe(1);
        expect(await bulkResets.nextSlice(other)).toBe(0);
        expect(await bulkResets.nextSlice(one)).toBe(2);
      });

      it('gives each number once to many who ask at the same time', async () => {
        const bulkResetId = randomUUID();

        const slices = await Promise.all(
          Array.from({ length: 10 }, () => bulkResets.nextSlice(bulkResetId)),
        );

        expect(slices.sort((left, right) => left - right)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      });

      it('changes nothing of the job', async () => {
        const stored = await bulkResets.createOrRead(aBulkResetRow({ state: 'split', counts }));

        await bulkResets.nextSlice(stored.row.bulkResetId);

        expect(await bulkResets.read(stored.row.bulkResetId)).toStrictEqual(stored);
      });
    });

    describe('delete()', () => {
      it('forgets a job and its slices, and no other', async () => {
        const [gone, kept] = [
          aBulkResetRow({ state: 'split', counts }),
          aBulkResetRow({ state: 'split', counts }),
        ];
        for (const job of [gone, kept]) {
          await bulkResets.createOrRead(job);
          await bulkResets.nextSlice(job.bulkResetId);
        }

        await bulkResets.delete(gone.bulkResetId);

        expect(await bulkResets.read(gone.bulkResetId)).toBeUndefined();
        expect(await bulkResets.nextSlice(gone.bulkResetId)).toBe(0);
        expect(await bulkResets.read(kept.bulkResetId)).toMatchObject({ row: kept });
        expect(await bulkResets.nextSlice(kept.bulkResetId)).toBe(1);
      });

      it('has nothing to do where there is no job', async () => {
        await expect(bulkResets.delete(randomUUID())).resolves.toBeUndefined();
      });
    });

    describe('inPhase()', () => {
      it('gives each job in the one phase that it is in', async () => {
        const jobs = [
          aBulkResetRow({ state: 'validating' }),
          aBulkResetRow({ state: 'split', counts }),
          aBulkResetRow({ state: 'split', counts }, { finishedAtMs: acceptedAtMs }),
          aBulkResetRow({ state: 'refused', code: 'InvalidRows', message: 'No' }),
          aBulkResetRow(
            { state: 'split', counts },
            { finishedAtMs: acceptedAtMs, purgedAtMs: acceptedAtMs },
          ),
        ];
        for (const job of jobs) await bulkResets.createOrRead(job);
        const [validating, split, finished, refused, purged] = jobs.map(
          ({ bulkResetId }) => bulkResetId,
        );

        expect(await idsIn('open')).toEqual([validating, split].sort());
        expect(await idsIn('finished')).toEqual([finished, refused].sort());
        expect(await idsIn('purged')).toEqual([purged]);
      });

      it('gives a job that goes on in its new phase only', async () => {
        const row = aBulkResetRow({ state: 'split', counts });
        const { etag } = await bulkResets.createOrRead(row);

        await bulkResets.replace({ ...row, finishedAtMs: acceptedAtMs }, etag);

        expect(await idsIn('open')).toEqual([]);
        expect(await idsIn('finished')).toEqual([row.bulkResetId]);
      });

      it('gives jobs with their ETags', async () => {
        const stored = await bulkResets.createOrRead(aBulkResetRow({ state: 'validating' }));

        for await (const found of bulkResets.inPhase('open')) expect(found).toStrictEqual(stored);
        expect(await idsIn('open')).toHaveLength(1);
      });

      async function idsIn(phase: BulkPhase): Promise<string[]> {
        const ids: string[] = [];
        for await (const { row } of bulkResets.inPhase(phase)) ids.push(row.bulkResetId);
        return ids.sort();
      }
    });
  });
}

function aBulkResetRow(state: BulkResetState, facts: Partial<BulkResetFacts> = {}): BulkResetRow {
  return {
    bulkResetId: randomUUID(),
    caller: 'bulk-queue',
    delivery: 'none',
    fingerprint: 'of the order',
    acceptedAtMs: Date.UTC(2026, 0, 1) + 123,
    ...facts,
    ...state,
  };
}
