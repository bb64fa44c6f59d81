import { describe, expect, it, jest } from '@jest/globals';
import { bulkRowResetId } from '../../../shared/bulk-reset/bulk-reset.js';
import type { SliceWakeUp } from '../../../shared/bulk-reset/ports.js';
import { createProcessSlice } from '../../../shared/bulk-reset/process-slice.js';
import { createWakeSlices } from '../../../shared/bulk-reset/wake-slices.js';
import type { ProcessedRow } from '../../../shared/password-reset/process-password-reset.js';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import type { OpenRow } from '../../../shared/password-reset/reset-row.js';
import { createFairLimit } from '../../../shared/platform/fair-limit.js';
import { aBulkResetRow, bulkResetId } from '../../builders/a-bulk-reset.js';
import {
  acceptedAtMs,
  anotherCustomerTenantId,
  aResetRow,
  customerTenantId,
} from '../../builders/a-reset-row.js';
import { FakeBulkResetStore } from '../../fakes/fake-bulk-reset-store.js';
import { FakeSliceWakeUps } from '../../fakes/fake-bulk-wake-ups.js';
import { FakeClock } from '../../fakes/fake-clock.js';
import { fakeSeals } from '../../fakes/fake-seals.js';
import { FakeResetStore } from '../../fakes/fake-reset-store.js';
import { FakeAudit } from '../../fakes/fake-audit.js';

const applied: ProcessedRow = { result: 'applied' };

describe('createProcessSlice()', () => {
  it('works the open rows of its slice off, and no other', async () => {
    const { work, worked } = aWorker({ rows: [100, 101, 102, 200, 201] });

    expect(await work({ slice: 1 })).toEqual({ open: 3, left: 0, cancelled: 0 });

    expect(worked).toEqual([101, 102, 200]);
  });

  it('leaves rows alone that are settled', async () => {
    const { work, worked, resets } = aWorker({ rows: [1, 2] });
    resets.overwrite(aResetRow({ resetId: idOf(1), state: 'applied' }));

    expect(await work()).toMatchObject({ open: 1 });

    expect(worked).toEqual([2]);
  });

  it('knows no job: then there is nothing to do', async () => {
    const { work, bulkResets, worked, wakeUps } = aWorker({ rows: [1] });
    await bulkResets.delete(bulkResetId);

    expect(await work()).toEqual({ open: 0, left: 0, cancelled: 0 });

    expect([...worked, ...wakeUps.sent]).toEqual([]);
  });

  it('works as many rows at once as the pace allows, each in the turn of its customer', async () => {
    const limit = createFairLimit({ maxConcurrent: 3 });
    const keys: string[] = [];
    let running = 0;
    let most = 0;
    const { work, resets } = aWorker({
      rows: [1, 2, 3, 4, 5, 6, 7, 8],
      limit: {
        run: (key, task, signal) => {
          keys.push(key);
          return limit.run(key, task, signal);
        },
      },
      async processRow() {
        running += 1;
        most = Math.max(most, running);
        await new Promise(setImmediate);
        running -= 1;
        return applied;
      },
    });
    resets.overwrite(aResetRow({ resetId: idOf(8), customerTenantId: anotherCustomerTenantId }));

    await work();

    expect(most).toBe(3);
    expect(new Set(keys)).toEqual(new Set([customerTenantId, anotherCustomerTenantId]));
  });

  it('reports what nobody foresaw of one row, and works the others off', async () => {
    const failure = new TypeError('is not a function');
    const { work, worked, wakeUps, onRowFailed } = aWorker({
      rows: [1, 2, 3],
      processRow: (row) => (row === 2 ? Promise.reject(failure) : Promise.resolve(applied)),
    });

    expect(await work({ wakesNext: false })).toMatchObject({ left: 1 });

    expect(worked).toEqual([1, 2, 3]);
    expect(onRowFailed.mock.calls).toEqual([[idOf(2), failure]]);
    expect(wakeUps.sent).toMatchObject([{ slice: 0, delayMs: 60_000 }]);
  });

  describe('a successor', () => {
    it.each<[string, readonly (number | undefined)[], number]>([
      [
        'at the earliest due time',
        [acceptedAtMs + 90_000, undefined, acceptedAtMs + 30_000],
        30_000,
      ],
      ['not at once, though a row is due by now', [acceptedAtMs - 5, undefined], 1_000],
    ])('looks at the slice again %s', async (_, dueTimesMs, delayMs) => {
      const { work, wakeUps } = aWorker({
        rows: dueTimesMs.map((_dueAtMs, index) => index + 1),
        processRow(row) {
          const dueAtMs = dueTimesMs[row - 1];
          return Promise.resolve(
            dueAtMs === undefined ? applied : { result: 'uncertain', dueAtMs },
          );
        },
      });

      await work({ wakesNext: false });

      expect(wakeUps.sent).toEqual([{ bulkResetId, slice: 0, wakesNext: false, delayMs }]);
    });

    it('is not needed when every row is settled, or somebody else has it', async () => {
      const { work, wakeUps } = aWorker({
        rows: [1, 2],
        processRow: (row) => Promise.resolve(row === 1 ? applied : { result: 'superseded' }),
      });

      await work({ wakesNext: false });

      expect(wakeUps.sent).toEqual([]);
    });

    it('is not sent for a message that was delivered before', async () => {
      const { work, wakeUps, worked } = aWorker({ rows: [1], processRow: later(30_000) });

      expect(await work({ wakesNext: false }, { isRepeated: true })).toMatchObject({ left: 1 });

      expect(worked).toEqual([1]);
      expect(wakeUps.sent).toEqual([]);
    });

    it('rejects when it cannot be sent, so that the message comes again', async () => {
      const { work, wakeUps } = aWorker({ rows: [1], processRow: later(30_000) });
      wakeUps.failure = new ResetError('StorageUnavailable', 'is away');

      await expect(work()).rejects.toBe(wakeUps.failure);
    });
  });

  describe('the turn of the slice', () => {
    it('goes to the next slice that is asleep', async () => {
      const { work, wakeUps, bulkResets } = aWorker({ rows: [1], lastRow: 1_000 });
      for (let slice = 0; slice < 7; slice += 1) await bulkResets.nextSlice(bulkResetId);

      await work();

      expect(wakeUps.sent).toEqual([{ bulkResetId, slice: 7, wakesNext: true, delayMs: 0 }]);
    });

    it('goes on from a slice without open rows', async () => {
      const { work, wakeUps } = aWorker({ rows: [], lastRow: 1_000 });

      await work();

      expect(wakeUps.slices).toEqual([0]);
    });

    it('ends after the last slice', async () => {
      const { work, wakeUps, bulkResets } = aWorker({ rows: [1], lastRow: 100 });
      await bulkResets.nextSlice(bulkResetId);

      await work();

      expect(wakeUps.sent).toEqual([]);
    });

    it('goes on from a slice whose rows have begun, though some are left', async () => {
      const { work, wakeUps } = aWorker({
        rows: [1, 2],
        lastRow: 1_000,
        processRow: (row) =>
          row === 1
            ? Promise.resolve<ProcessedRow>({
                result: 'uncertain',
                dueAtMs: acceptedAtMs + 300_000,
              })
            : later(30_000)(),
      });

      await work({ slice: 0 });

      expect(wakeUps.sent).toEqual([
        { bulkResetId, slice: 0, wakesNext: false, delayMs: 30_000 },
        { bulkResetId, slice: 0, wakesNext: true, delayMs: 0 },
      ]);
    });

    it('goes on from a slice whose customer is braked', async () => {
      const { work, wakeUps } = aWorker({ rows: [1], lastRow: 1_000, processRow: later(30_000) });

      await work();

      expect(wakeUps.sent).toEqual([
        { bulkResetId, slice: 0, wakesNext: false, delayMs: 30_000 },
        { bulkResetId, slice: 0, wakesNext: true, delayMs: 0 },
      ]);
    });

    it('stays while nothing may be sent to anybody', async () => {
      const { work, wakeUps } = aWorker({
        rows: [1, 2],
        lastRow: 1_000,
        processRow: () => Promise.resolve({ result: 'stopped', dueAtMs: acceptedAtMs + 30_000 }),
      });

      await work();

      expect(wakeUps.sent).toEqual([{ bulkResetId, slice: 0, wakesNext: true, delayMs: 30_000 }]);
    });

    it('goes on from a slice whose rows wait for an answer that was lost', async () => {
      const { work, wakeUps, resets } = aWorker({
        rows: [1],
        lastRow: 1_000,
        processRow: later(30_000),
      });
      resets.overwrite(aResetRow({ resetId: idOf(1), state: 'uncertain', attemptId: 'a' }));

      await work();

      expect(wakeUps.sent).toMatchObject([{ wakesNext: false }, { wakesNext: true, delayMs: 0 }]);
    });

    it('goes on when the message has no successor to keep it', async () => {
      const processRow = () =>
        Promise.resolve<ProcessedRow>({ result: 'stopped', dueAtMs: acceptedAtMs + 30_000 });
      const { work, wakeUps } = aWorker({ rows: [1], lastRow: 1_000, processRow });

      await work({}, { isRepeated: true });

      expect(wakeUps.sent).toEqual([{ bulkResetId, slice: 0, wakesNext: true, delayMs: 0 }]);
    });

    it('is not there for a message that only looks again', async () => {
      const { work, wakeUps } = aWorker({ rows: [1], lastRow: 1_000 });

      await work({ wakesNext: false });

      expect(wakeUps.sent).toEqual([]);
    });
  });

  describe('of a job that is cancelled', () => {
    it('withdraws the rows that nobody has claimed, and brings the others to their end', async () => {
      const { work, worked, resets, clock } = aWorker({ rows: [1, 2, 3, 4], isCancelled: true });
      resets.overwrite(aResetRow({ resetId: idOf(2), state: 'uncertain', attemptId: 'a' }));
      resets.overwrite(aResetRow({ resetId: idOf(3), state: 'claimed' }));
      resets.overwrite(aResetRow({ resetId: idOf(4), state: 'queued', attemptId: 'a' }));

      expect(await work()).toEqual({ open: 4, left: 0, cancelled: 1 });

      expect(resets.row(idOf(1))).toMatchObject({ state: 'cancelled', settledAtMs: clock.nowMs });
      expect(worked).toEqual([2, 3, 4]);
    });

    it('hands the turn on', async () => {
      const { work, wakeUps } = aWorker({ rows: [1], lastRow: 1_000, isCancelled: true });

      await work();

      expect(wakeUps.sent).toEqual([{ bulkResetId, slice: 0, wakesNext: true, delayMs: 0 }]);
    });

    it('leaves a row to whoever claims it at the same time, tells nothing of it, and comes again', async () => {
      const { work, resets, audit, worked, wakeUps } = aWorker({ rows: [1, 2], isCancelled: true });
      const claimed = aResetRow({ resetId: idOf(1), state: 'claimed' });
      const replaceMany = resets.replaceMany.bind(resets);
      resets.replaceMany = (rows) => {
        resets.overwrite(claimed);
        return replaceMany(rows);
      };

      expect(await work({ wakesNext: false })).toEqual({ open: 2, left: 1, cancelled: 1 });

      expect(resets.row(idOf(1))).toEqual(claimed);
      expect(audit.events).toMatchObject([{ action: 'reset.cancelled', resetId: idOf(2) }]);
      expect(worked).toEqual([]);
      expect(wakeUps.sent).toMatchObject([{ slice: 0, delayMs: 1_000 }]);
    });

    it('notices in the middle of a slice, five seconds later at most', async () => {
      const { work, worked, wakeUps, bulkResets, clock } = aWorker({
        rows: [1, 2, 3, 4],
        limit: createFairLimit({ maxConcurrent: 1 }),
        processRow(row) {
          if (row === 1) bulkResets.overwrite({ ...bulkResets.row(bulkResetId), cancelledAtMs: 1 });
          clock.pass(2_500);
          return Promise.resolve(applied);
        },
      });

      expect(await work({ wakesNext: false })).toMatchObject({ open: 4, left: 2 });

      expect(worked).toEqual([1, 2]);
      expect(wakeUps.sent).toMatchObject([{ slice: 0, delayMs: 1_000 }]);
    });

    it('goes on as before when nobody can say whether it is', async () => {
      const { work, worked, bulkResets, clock, onRowFailed } = aWorker({
        rows: [1, 2],
        limit: createFairLimit({ maxConcurrent: 1 }),
        processRow() {
          bulkResets.read = () => Promise.reject(new ResetError('StorageUnavailable', 'is away'));
          clock.pass(5_000);
          return Promise.resolve(applied);
        },
      });

      expect(await work({ wakesNext: false })).toMatchObject({ left: 0 });

      expect(worked).toEqual([1, 2]);
      expect(onRowFailed).not.toHaveBeenCalled();
    });
  });

  describe('when its time is over', () => {
    it('starts no more rows, and looks at them again soon', async () => {
      const { work, worked, wakeUps, clock } = aWorker({
        rows: [1, 2, 3],
        limit: createFairLimit({ maxConcurrent: 1 }),
        processRow() {
          clock.pass(100_000);
          return Promise.resolve(applied);
        },
      });

      expect(await work({ wakesNext: false })).toMatchObject({ open: 3, left: 1 });

      expect(worked).toEqual([1, 2]);
      expect(wakeUps.sent).toMatchObject([{ slice: 0, delayMs: 1_000 }]);
    });

    it('leaves rows that wait for their turn without blaming them', async () => {
      const time = new AbortController();
      const { work, wakeUps, onRowFailed } = aWorker({
        rows: [1, 2],
        limit: createFairLimit({ maxConcurrent: 1 }),
        processRow() {
          time.abort();
          return Promise.resolve(applied);
        },
      });

      expect(await work({ wakesNext: false }, { signal: time.signal })).toMatchObject({ left: 1 });

      expect(onRowFailed).not.toHaveBeenCalled();
      expect(wakeUps.sent).toMatchObject([{ slice: 0, delayMs: 1_000 }]);
    });
  });
});

describe('the audit of a cancelled job', () => {
  it('is told of all rows that were withdrawn, at once', async () => {
    const { work, audit } = aWorker({ rows: [1, 2, 3], isCancelled: true });

    await work();

    expect(audit.calls).toEqual([3]);
    expect(audit.events).toMatchObject(
      [1, 2, 3].map((row) => ({
        action: 'reset.cancelled',
        resetId: idOf(row),
        customerTenantId,
        caller: 'helpdesk',
      })),
    );
  });

  it('says nothing of what stands in a row whose seal does not say it', async () => {
    const { work, audit, resets } = aWorker({ rows: [1, 2, 3], isCancelled: true });
    const row = (number: number) => resets.row(idOf(number)) as OpenRow;
    resets.overwrite({ ...row(1), seal: 'forged' });
    resets.overwrite({ ...row(2), customerTenantId: anotherCustomerTenantId });

    expect(await work()).toMatchObject({ cancelled: 3 });

    const forged = { action: 'reset.cancelled', code: undefined };
    expect(audit.events).toEqual([
      { ...forged, resetId: idOf(1) },
      { ...forged, resetId: idOf(2) },
      expect.objectContaining({ resetId: idOf(3), customerTenantId }),
    ]);
  });
});

interface WorkerValues {
  /** Numbers of the rows that are queued. */
  readonly rows: readonly number[];
  readonly lastRow?: number;
  readonly isCancelled?: boolean;
  readonly processRow?: (row: number) => Promise<ProcessedRow>;
  readonly limit?: Parameters<typeof createProcessSlice>[0]['limit'];
}

function aWorker(values: WorkerValues) {
  const { processRow = () => Promise.resolve(applied), isCancelled = false } = values;
  const { limit = createFairLimit({ maxConcurrent: 16 }), lastRow = 100 } = values;
  const clock = new FakeClock(acceptedAtMs);
  const { now } = clock;
  const counts = { valid: lastRow, invalid: 0, lastRow };
  const cancelled = isCancelled && { cancelledAtMs: acceptedAtMs };
  const bulkResets = new FakeBulkResetStore([
    aBulkResetRow({ state: 'split', counts }, { ...cancelled }),
  ]);
  const resets = new FakeResetStore(
    values.rows.map((row) => aResetRow({ resetId: idOf(row), state: 'queued' })),
  );
  const wakeUps = new FakeSliceWakeUps();
  const worked: number[] = [];
  const audit = new FakeAudit();
  const onRowFailed = jest.fn<(resetId: string, error: unknown) => void>();
  const processSlice = createProcessSlice({
    note: audit.note,
    bulkResets,
    rows: resets,
    resets,
    seals: fakeSeals,
    processRow({ row }) {
      const number = Number((row as OpenRow).resetId.slice(-7));
      worked.push(number);
      return processRow(number);
    },
    limit,
    wakeUps,
    wakeSlices: createWakeSlices({ bulkResets, wakeUps }),
    now,
    timeoutMs: 200_000,
    onRowFailed,
  });
  const work = (
    wakeUp: Partial<SliceWakeUp> = {},
    { isRepeated = false, signal = new AbortController().signal } = {},
  ) => processSlice({ bulkResetId, slice: 0, wakesNext: true, ...wakeUp }, { isRepeated }, signal);
  return { work, worked, audit, bulkResets, resets, wakeUps, clock, onRowFailed };
}

/** A row that may not be begun yet. */
function later(waitMs: number): () => Promise<ProcessedRow> {
  return () => Promise.resolve({ result: 'not yet', dueAtMs: acceptedAtMs + waitMs });
}

function idOf(row: number): string {
  return bulkRowResetId(bulkResetId, row);
}
