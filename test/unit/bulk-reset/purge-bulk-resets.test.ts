import { describe, expect, it } from '@jest/globals';
import {
  type BulkResetFacts,
  type BulkResetState,
  bulkRowResetId,
} from '../../../shared/bulk-reset/bulk-reset.js';
import { phaseOf } from '../../../shared/bulk-reset/bulk-phase.js';
import type { BulkPhase, StoredBulkReset } from '../../../shared/bulk-reset/ports.js';
import { createPurgeBulkResets } from '../../../shared/bulk-reset/purge-bulk-resets.js';
import { aKeptOrder, aBulkResetRow, bulkResetId } from '../../builders/a-bulk-reset.js';
import { acceptedAtMs, aResetRow } from '../../builders/a-reset-row.js';
import { FakeBulkOrders } from '../../fakes/fake-bulk-orders.js';
import { FakeBulkResetStore } from '../../fakes/fake-bulk-reset-store.js';
import { FakeClock } from '../../fakes/fake-clock.js';
import { FakeResetStore } from '../../fakes/fake-reset-store.js';
import { FakeRowFaults } from '../../fakes/fake-row-faults.js';

const signal = new AbortController().signal;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const finishedAtMs = acceptedAtMs + hourMs;
const fault = { row: 1, code: 'InvalidRows', message: 'user must be …' } as const;
const split = { state: 'split', counts: { valid: 1_102, invalid: 0, lastRow: 1_102 } } as const;
const refused = { state: 'refused', code: 'InvalidRows', message: '' } as const;

describe('createPurgeBulkResets()', () => {
  it('removes passwords, order and faults, and leaves what became of the rows', async () => {
    const { purge, resets, orders, rowFaults, bulkResets, clock } = aJob(split, { finishedAtMs });
    clock.nowMs = finishedAtMs + 72 * hourMs;

    expect(await purge(signal)).toEqual({ purged: 1 });

    expect(resets.rows).toHaveLength(1_102);
    expect(resets.rows.filter((row) => 'seal' in row)).toEqual([]);
    expect(resets.row(idOf(1))).toMatchObject({ state: 'applied' });
    expect(orders.bulkResetIds).toEqual([]);
    expect(await rowFaults.read(bulkResetId)).toEqual([]);
    expect(bulkResets.row(bulkResetId)).toEqual(
      aBulkResetRow(split, { finishedAtMs, purgedAtMs: clock.nowMs }),
    );
  });

  it.each<[string, BulkResetState, Partial<BulkResetFacts>, number]>([
    ['72 hours after its end', split, { finishedAtMs }, finishedAtMs + 72 * hourMs],
    [
      'when its passwords are acknowledged',
      split,
      { finishedAtMs, acknowledgedAtMs: finishedAtMs + 5 },
      finishedAtMs + 5,
    ],
    ['72 hours after it was accepted, if refused', refused, {}, acceptedAtMs + 72 * hourMs],
  ])('purges a job %s, and not before', async (_, state, facts, atMs) => {
    const { purge, orders, clock } = aJob(state, facts);
    clock.nowMs = atMs - 1;
    expect(await purge(signal)).toEqual({ purged: 0 });
    expect(orders.bulkResetIds).toEqual([bulkResetId]);
    clock.pass(1);

    expect(await purge(signal)).toEqual({ purged: 1 });

    expect(orders.bulkResetIds).toEqual([]);
  });

  it('leaves a job alone that is not over', async () => {
    const { purge, resets, clock } = aJob(split, {});
    clock.nowMs = acceptedAtMs + 1_000 * dayMs;

    expect(await purge(signal)).toEqual({ purged: 0 });

    expect(resets.row(idOf(1))).toHaveProperty('seal');
  });

  it.each<[string, Partial<BulkResetFacts>]>([
    ['to be purged', {}],
    ['to be forgotten', { finishedAtMs, purgedAtMs: finishedAtMs }],
  ])('leaves a job alone that took the place of one that is %s', async (_what, facts) => {
    const { purge, resets, orders, rowFaults, bulkResets, clock } = aJob(split, {});
    const before = await bulkResets.read(bulkResetId);
    const listed = aBulkResetRow({ ...refused, counts: split.counts }, facts);
    bulkResets.list = [{ row: listed, etag: 'of what was listed' }];
    clock.nowMs = finishedAtMs + 90 * dayMs;

    expect(await purge(signal)).toEqual({ purged: 0 });

    expect(await bulkResets.read(bulkResetId)).toEqual(before);
    expect(resets.rows.filter((row) => 'seal' in row)).toHaveLength(1_102);
    expect(orders.bulkResetIds).toEqual([bulkResetId]);
    expect(await rowFaults.read(bulkResetId)).toEqual([fault]);
  });

  it('looks for no rows of a refused job', async () => {
    const { purge, resets, clock } = aJob({ ...refused, counts: split.counts }, {});
    resets.overwrite(aResetRow({ resetId: idOf(1), state: 'applied', seal: 'a seal' }));
    clock.nowMs = acceptedAtMs + 72 * hourMs;
    await purge(signal);
    clock.pass(90 * dayMs);

    await purge(signal);

    expect(resets.row(idOf(1))).toHaveProperty('seal');
  });

  it('goes on next time where it was cut off', async () => {
    const { purge, resets, orders, bulkResets, clock } = aJob(split, { finishedAtMs });
    clock.nowMs = finishedAtMs + 72 * hourMs;
    orders.failure = new Error('is away');
    await expect(purge(signal)).rejects.toBe(orders.failure);
    expect(bulkResets.row(bulkResetId)).not.toHaveProperty('purgedAtMs');
    orders.failure = undefined;

    expect(await purge(signal)).toEqual({ purged: 1 });

    expect(resets.rows.filter((row) => 'seal' in row)).toEqual([]);
  });

  it.each<[string, BulkResetState]>([
    ['with its rows', split],
    ['that never had any', refused],
  ])('forgets a job %s after ninety days', async (_, state) => {
    const purgedAtMs = finishedAtMs + 72 * hourMs;
    const { purge, resets, bulkResets, clock } = aJob(state, { finishedAtMs, purgedAtMs });
    clock.nowMs = purgedAtMs + 90 * dayMs - 1;
    await purge(signal);
    expect(await bulkResets.read(bulkResetId)).toBeDefined();
    clock.pass(1);

    await purge(signal);

    expect(await bulkResets.read(bulkResetId)).toBeUndefined();
    expect(resets.rows).toEqual([]);
  });

  it('forgets the rows before the job, or nobody would find them again', async () => {
    const { purge, resets, bulkResets, clock } = aJob(split, { finishedAtMs, purgedAtMs: 0 });
    clock.nowMs = 90 * dayMs;
    resets.failures.deleteShard = new Error('is away');

    await expect(purge(signal)).rejects.toBe(resets.failures.deleteShard);

    expect(await bulkResets.read(bulkResetId)).toBeDefined();
  });

  it('ends when its time is over', async () => {
    const { purge, resets } = aJob(split, { finishedAtMs, acknowledgedAtMs: finishedAtMs });

    await expect(purge(AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });

    expect(resets.row(idOf(1))).toHaveProperty('seal');
  });
});

/** Whose list may be older than what is there. */
class ListedBulkResetStore extends FakeBulkResetStore {
  list: readonly StoredBulkReset[] | undefined;

  override async *inPhase(phase: BulkPhase): AsyncGenerator<StoredBulkReset> {
    if (this.list === undefined) yield* super.inPhase(phase);
    else yield* this.list.filter(({ row }) => phaseOf(row) === phase);
  }
}

/** With a row in every place of two shards, each with its seal. */
function aJob(state: BulkResetState, facts: Partial<BulkResetFacts>) {
  const bulkResets = new ListedBulkResetStore([aBulkResetRow(state, facts)]);
  const lastRow = state.state === 'split' ? state.counts.lastRow : 0;
  const resets = new FakeResetStore(
    Array.from({ length: lastRow }, (_, index) =>
      aResetRow({ resetId: idOf(index + 1), state: 'applied', seal: 'a seal' }),
    ),
  );
  const orders = new FakeBulkOrders([aKeptOrder()]);
  const rowFaults = new FakeRowFaults();
  void rowFaults.write(bulkResetId, [fault]);
  const clock = new FakeClock(finishedAtMs + hourMs);
  const { now } = clock;
  const purge = createPurgeBulkResets({ bulkResets, rows: resets, resets, orders, rowFaults, now });
  return { purge, bulkResets, resets, orders, rowFaults, clock };
}

function idOf(row: number): string {
  return bulkRowResetId(bulkResetId, row);
}
