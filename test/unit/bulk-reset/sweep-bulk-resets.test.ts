import { describe, expect, it } from '@jest/globals';
import {
  type BulkResetFacts,
  type BulkResetState,
  bulkRowResetId,
  type BulkTally,
} from '../../../shared/bulk-reset/bulk-reset.js';
import { createSweepBulkResets } from '../../../shared/bulk-reset/sweep-bulk-resets.js';
import { defaultLimits, type ResetRow } from '../../../shared/password-reset/reset-row.js';
import { aBulkResetRow, aCheckedJob, bulkResetId } from '../../builders/a-bulk-reset.js';
import {
  acceptedAtMs,
  anotherCustomerTenantId,
  aResetRow,
  customerTenantId,
} from '../../builders/a-reset-row.js';
import { FakeBulkResetStore } from '../../fakes/fake-bulk-reset-store.js';
import { FakeBulkWakeUps, FakeSliceWakeUps } from '../../fakes/fake-bulk-wake-ups.js';
import { FakeClock } from '../../fakes/fake-clock.js';
import { FakeControl } from '../../fakes/fake-control.js';
import { FakeResetStore } from '../../fakes/fake-reset-store.js';

const validating = { state: 'validating' } as const;
const emptyTally = { made: 0, settled: 0, succeeded: 0, failures: {} };

describe('createSweepBulkResets()', () => {
  describe('a job whose rows are not all made', () => {
    const splitting = {
      state: 'splitting',
      counts: countsOf(9),
      checkedSha256: '',
      splitRows: 0,
    } as const;

    it.each<BulkResetState>([validating, splitting])(
      'is woken when it is idle: $state',
      async (state) => {
        const { sweep, wakeUps, sliceWakeUps } = aSweeper(state);

        expect(await sweep()).toEqual({ open: 1, finished: 0, wokenSlices: 0 });

        expect(wakeUps.sent).toEqual([{ bulkResetId, delayMs: 0 }]);
        expect(sliceWakeUps.sent).toEqual([]);
      },
    );

    it.each([
      [59_999, 0],
      [60_000, 1],
    ])('has a minute to begin with: after %d ms it is woken %d times', async (ageMs, times) => {
      const { sweep, wakeUps, clock } = aSweeper(validating);
      clock.nowMs = acceptedAtMs + ageMs;

      await sweep();

      expect(wakeUps.sent).toHaveLength(times);
    });

    it('is left alone while somebody is at work on it', async () => {
      const { sweep, wakeUps, bulkResets } = aSweeper(splitting);
      await sweep();
      bulkResets.overwrite(aBulkResetRow({ ...splitting, splitRows: 1_000 }));

      await sweep();
      expect(wakeUps.sent).toHaveLength(1);
      await sweep();

      expect(wakeUps.sent).toHaveLength(2);
    });
  });

  describe('a job that waits for its approval', () => {
    const awaiting = {
      state: 'awaitingApproval',
      ...aCheckedJob(7),
    } as const satisfies BulkResetState;

    it('is left alone', async () => {
      const { sweep, wakeUps, clock } = aSweeper(awaiting);
      clock.nowMs = acceptedAtMs + 23 * 3_600_000;

      await sweep();

      expect(wakeUps.sent).toEqual([]);
    });

    it('is woken when it was cancelled', async () => {
      const { sweep, wakeUps, clock, bulkResets } = aSweeper(awaiting);
      bulkResets.overwrite(aBulkResetRow(awaiting, { cancelledAtMs: acceptedAtMs }));
      clock.pass(3_600_000);

      await sweep();

      expect(wakeUps.sent).toHaveLength(1);
    });

    it('is woken to be refused after a day', async () => {
      const { sweep, wakeUps, clock } = aSweeper(awaiting);
      clock.nowMs = acceptedAtMs + 24 * 3_600_000;

      await sweep();

      expect(wakeUps.sent).toHaveLength(1);
    });
  });

  describe('the tally of a job', () => {
    it('counts what its rows have come to, over all shards', async () => {
      const { sweep, bulkResets } = aSweeper({ state: 'split', counts: countsOf(2_002) }, [
        aRow(1, { state: 'applied' }),
        aRow(2, { state: 'rejected', code: 'UserNotFound' }),
        aRow(1_001, { state: 'queued' }),
        aRow(2_001, { state: 'rejected', code: 'UserNotFound' }),
        aRow(2_002, { state: 'cancelled' }),
      ]);

      await sweep();

      expect(bulkResets.row(bulkResetId).tally).toEqual({
        all: { made: 5, settled: 4, succeeded: 1, failures: { UserNotFound: 2, cancelled: 1 } },
        settledShards: 1,
        settled: { made: 2, settled: 2, succeeded: 1, failures: { UserNotFound: 1 } },
      });
    });

    it('goes on after the shards that are settled for good', async () => {
      const { sweep, bulkResets, resets } = aSweeper({ state: 'split', counts: countsOf(3_000) }, [
        aRow(1, { state: 'applied' }),
        aRow(1_001, { state: 'applied' }),
        aRow(2_001),
      ]);
      await sweep();
      const read: number[] = [];
      const outcomes = resets.outcomes.bind(resets);
      resets.outcomes = (id, shard) => {
        read.push(shard);
        return outcomes(id, shard);
      };

      await sweep();

      expect(read).toEqual([2]);
      expect(bulkResets.row(bulkResetId).tally).toMatchObject({
        all: { made: 3, settled: 2, succeeded: 2 },
        settledShards: 2,
      });
    });

    it('is given up when somebody else changed the job meanwhile', async () => {
      const { sweep, bulkResets, resets } = aSweeper({ state: 'split', counts: countsOf(1) }, [
        aRow(1, { state: 'applied' }),
      ]);
      const cancelled = aBulkResetRow(undefined, { cancelledAtMs: acceptedAtMs });
      const outcomes = resets.outcomes.bind(resets);
      resets.outcomes = (id, shard) => {
        bulkResets.overwrite(cancelled);
        return outcomes(id, shard);
      };

      await sweep();

      expect(bulkResets.row(bulkResetId)).toEqual(cancelled);
    });
  });

  describe('the end of a job', () => {
    const stopped = {
      state: 'stopped',
      code: 'InvalidRows',
      message: '',
      counts: countsOf(9),
      splitRows: 0,
    } as const;

    it('is when every row is settled', async () => {
      const { sweep, bulkResets, clock } = aSweeper({ state: 'split', counts: countsOf(1) }, [
        aRow(1, { state: 'applied' }),
      ]);

      expect(await sweep()).toMatchObject({ finished: 1 });
      expect(await sweep()).toMatchObject({ open: 0 });

      expect(bulkResets.row(bulkResetId).finishedAtMs).toBe(clock.nowMs);
    });

    it('is not while a row is open', async () => {
      const { sweep, bulkResets } = aSweeper({ state: 'split', counts: countsOf(2) }, [
        aRow(1, { state: 'applied' }),
        aRow(2, { state: 'uncertain' }),
      ]);

      expect(await sweep()).toMatchObject({ finished: 0 });

      expect(bulkResets.row(bulkResetId)).not.toHaveProperty('finishedAtMs');
    });

    it('is for a stopped one when the rows there are settled', async () => {
      const { sweep } = aSweeper(stopped, [aRow(1, { state: 'applied' })]);

      expect(await sweep()).toMatchObject({ finished: 1 });
    });

    it.each([
      [599_999, 0],
      [600_000, 1],
    ])(
      'is not before nobody can make rows of it who did not notice the cancel: after %d ms, %d',
      async (sinceMs, finished) => {
        const cancelledAtMs = acceptedAtMs + 1_000;
        const { sweep, clock, bulkResets } = aSweeper(
          { ...stopped, code: 'Cancelled' },
          [aRow(1, { state: 'cancelled' })],
          { cancelledAtMs },
        );
        clock.nowMs = cancelledAtMs + sinceMs;

        expect(await sweep()).toMatchObject({ finished });

        expect(bulkResets.row(bulkResetId).tally).toMatchObject({ settledShards: finished });
      },
    );
  });

  describe('rows that were tried before', () => {
    it.each<[string, Partial<ResetRow>, number]>([
      ['queued', { state: 'queued', attemptId: 'a', notBeforeMs: acceptedAtMs }, 60_000],
      ['uncertain', { state: 'uncertain', attemptId: 'a', notBeforeMs: acceptedAtMs }, 60_000],
      [
        'claimed, whose settle time counts',
        { state: 'claimed', leaseExpiresAtMs: acceptedAtMs },
        defaultLimits.settleMs + 60_000,
      ],
    ])('have their slice woken a minute after they are due: %s', async (_, values, afterMs) => {
      const { sweep, sliceWakeUps, clock } = aSweeper({ state: 'split', counts: countsOf(500) }, [
        aRow(201, values),
      ]);
      clock.nowMs = acceptedAtMs + afterMs - 1;
      await sweep();
      expect(sliceWakeUps.sent).toEqual([]);
      clock.pass(1);

      expect(await sweep()).toMatchObject({ wokenSlices: 1 });

      expect(sliceWakeUps.slices).toEqual([2]);
    });

    it('have it woken once, and whatever else the job does', async () => {
      const { sweep, sliceWakeUps } = aSweeper(
        { state: 'split', counts: countsOf(500) },
        [1, 2, 3].map((row) => aRow(row, { attemptId: 'a' })),
      );

      await sweep();

      expect(sliceWakeUps.sent).toEqual([{ bulkResetId, slice: 0, wakesNext: false, delayMs: 0 }]);
    });
  });

  describe('rows that were never tried', () => {
    it('wait for their turn while the job moves', async () => {
      const { sweep, sliceWakeUps, resets } = aSweeper({ state: 'split', counts: countsOf(200) }, [
        aRow(1),
        aRow(101),
      ]);
      await sweep();
      resets.overwrite(aRow(1, { state: 'applied' }));

      await sweep();

      expect(sliceWakeUps.sent).toEqual([]);
    });

    it('have their slices woken when the job has stood still between two sweeps', async () => {
      const { sweep, sliceWakeUps } = aSweeper({ state: 'split', counts: countsOf(200) }, [
        aRow(1),
        aRow(101),
      ]);
      await sweep();
      expect(sliceWakeUps.sent).toEqual([]);

      expect(await sweep()).toMatchObject({ wokenSlices: 2 });

      expect(sliceWakeUps.sent).toEqual(
        [0, 1].map((slice) => ({ bulkResetId, slice, wakesNext: true, delayMs: 0 })),
      );
    });

    it('have the first slices of a large job woken, no more', async () => {
      const { sweep, sliceWakeUps } = aSweeper(
        { state: 'split', counts: countsOf(5_000) },
        Array.from({ length: 50 }, (_, slice) => aRow(slice * 100 + 1)),
      );
      await sweep();

      await sweep();

      expect(sliceWakeUps.slices).toEqual(Array.from({ length: 32 }, (_, slice) => slice));
    });
  });

  describe('what is stopped', () => {
    const tried = { attemptId: 'a' };

    it.each<[string, (control: FakeControl) => void, readonly number[]]>([
      ['by a brake of one customer', brake(customerTenantId), [1]],
      ['by a brake of the partner', brake('partner'), []],
      [
        'by the stop switch',
        (control) => {
          control.isHalted = true;
        },
        [],
      ],
    ])('is not woken: %s', async (_, stop, expected) => {
      const { sweep, sliceWakeUps, control } = aSweeper({ state: 'split', counts: countsOf(200) }, [
        aRow(1, tried),
        aRow(101, { ...tried, customerTenantId: anotherCustomerTenantId }),
      ]);
      stop(control);

      await sweep();

      expect(sliceWakeUps.slices).toEqual(expected);
    });

    it('is woken when it is too old, to come to its end', async () => {
      const { sweep, sliceWakeUps, control, clock } = aSweeper(
        { state: 'split', counts: countsOf(1) },
        [aRow(1, tried)],
      );
      control.isHalted = true;
      clock.nowMs = acceptedAtMs + defaultLimits.maxPatientAgeMs - 1;
      await sweep();
      expect(sliceWakeUps.sent).toEqual([]);
      clock.pass(1);

      await sweep();

      expect(sliceWakeUps.slices).toEqual([0]);
    });

    it('is woken when the job is cancelled, to be withdrawn', async () => {
      const { sweep, sliceWakeUps, control } = aSweeper(
        { state: 'split', counts: countsOf(1) },
        [aRow(1)],
        {
          cancelledAtMs: acceptedAtMs,
          tally: { all: emptyTally, settledShards: 0, settled: emptyTally },
        },
      );
      control.isHalted = true;

      await sweep();

      expect(sliceWakeUps.slices).toEqual([0]);
    });
  });

  it('leaves jobs alone that are over', async () => {
    const finished = aBulkResetRow(undefined, { finishedAtMs: acceptedAtMs });
    const { sweep, bulkResets } = aSweeper(validating);
    bulkResets.overwrite(finished);

    expect(await sweep()).toEqual({ open: 0, finished: 0, wokenSlices: 0 });

    expect(bulkResets.row(bulkResetId)).toEqual(finished);
  });

  it('ends when its time is over', async () => {
    const { sweep } = aSweeper(validating);

    await expect(sweep(AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
  });
});

function aSweeper(
  state: BulkResetState,
  rows: readonly ResetRow[] = [],
  facts: Partial<BulkResetFacts> & { readonly tally?: BulkTally } = {},
) {
  const bulkResets = new FakeBulkResetStore([aBulkResetRow(state, facts)]);
  const resets = new FakeResetStore(rows);
  const control = new FakeControl();
  const wakeUps = new FakeBulkWakeUps();
  const sliceWakeUps = new FakeSliceWakeUps();
  const clock = new FakeClock(acceptedAtMs + 3_600_000);
  const sweepBulkResets = createSweepBulkResets({
    bulkResets,
    rows: resets,
    control,
    wakeUps,
    sliceWakeUps,
    limits: defaultLimits,
    now: clock.now,
  });
  return {
    sweep: (signal = new AbortController().signal) => sweepBulkResets(signal),
    ...{ bulkResets, resets, control, wakeUps, sliceWakeUps, clock },
  };
}

function aRow(row: number, values: Partial<ResetRow> = {}): ResetRow {
  return aResetRow({ resetId: bulkRowResetId(bulkResetId, row), ...(values as object) });
}

function brake(scope: Parameters<FakeControl['brake']>[0]) {
  return (control: FakeControl) => void control.brake(scope, acceptedAtMs + 24 * 3_600_000);
}

function countsOf(rows: number) {
  return { valid: rows, invalid: 0, lastRow: rows };
}
