import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { bulkRowResetId, rowsPerSlice } from '../../../shared/bulk-reset/bulk-reset.js';
import type { SliceWakeUp, SliceWakeUps } from '../../../shared/bulk-reset/ports.js';
import { createProcessSlice } from '../../../shared/bulk-reset/process-slice.js';
import { createSweepBulkResets } from '../../../shared/bulk-reset/sweep-bulk-resets.js';
import { createWakeSlices, slicesAwake } from '../../../shared/bulk-reset/wake-slices.js';
import type { ProcessRow } from '../../../shared/password-reset/process-password-reset.js';
import {
  claim,
  claimableAtMs,
  defaultLimits,
  isSettled,
} from '../../../shared/password-reset/reset-row.js';
import { createFairLimit } from '../../../shared/platform/fair-limit.js';
import { aBulkResetRow, bulkResetId } from '../../builders/a-bulk-reset.js';
import { acceptedAtMs, aResetRow } from '../../builders/a-reset-row.js';
import { FakeBulkResetStore } from '../../fakes/fake-bulk-reset-store.js';
import { FakeBulkWakeUps } from '../../fakes/fake-bulk-wake-ups.js';
import { FakeClock } from '../../fakes/fake-clock.js';
import { FakeControl } from '../../fakes/fake-control.js';
import { fakeSeals } from '../../fakes/fake-seals.js';
import { FakeResetStore } from '../../fakes/fake-reset-store.js';
import { noAudit } from '../../fakes/fake-audit.js';

/** What happens at one look at a row that may be begun; after the last it is applied. */
type Fate = 'applied' | 'stopped' | 'answer lost' | 'host dies';
/** What happens at one delivery of a message. */
type Delivery = 'once' | 'twice at once' | 'the second first' | 'again later' | 'crashes';

const fates = fc.array(
  fc.array(fc.constantFrom<Fate>('applied', 'stopped', 'answer lost'), { maxLength: 3 }),
  { minLength: 1, maxLength: 70, size: 'max' },
);
const picks = fc.infiniteStream(fc.nat());
const someSteps = 5_000;

describe('the slices of a job', () => {
  it('are each woken once and worked off, whatever is delivered twice and in whatever order', async () => {
    const deliveries = fc.infiniteStream(
      fc.constantFrom<Delivery>('once', 'once', 'twice at once', 'the second first', 'again later'),
    );
    await fc.assert(
      fc.asyncProperty(fates, picks, deliveries, async (rows, pick, delivery) => {
        const run = aRun(rows);
        await run.start();

        await run.drain(pick, delivery);

        expect(run.untouchedRows()).toEqual([]);
        expect(run.woken.sort((left, right) => left - right)).toEqual(
          rows.map((_, slice) => slice),
        );
        expect(run.mostOfOneSlice()).toBe(1);
      }),
      { numRuns: 60 },
    );
  });

  it('take turns, so that few messages of a job are in the queue', async () => {
    const once = fc.infiniteStream(fc.constant<Delivery>('once'));
    await fc.assert(
      fc.asyncProperty(fates, picks, once, async (rows, pick, delivery) => {
        const run = aRun(rows);
        await run.start();

        await run.drain(pick, delivery);

        expect(run.openRows()).toEqual([]);
        expect(run.mostTurns()).toBe(Math.min(rows.length, slicesAwake));
      }),
      { numRuns: 60 },
    );
  });

  it('are worked off in the end though messages are lost and hosts die', async () => {
    const deliveries = fc.infiniteStream(
      fc.constantFrom<Delivery>('once', 'twice at once', 'again later', 'crashes'),
    );
    const worse = fc.array(
      fc.array(fc.constantFrom<Fate>('applied', 'stopped', 'answer lost', 'host dies'), {
        maxLength: 3,
      }),
      { minLength: 1, maxLength: 70, size: 'max' },
    );
    await fc.assert(
      fc.asyncProperty(worse, picks, deliveries, async (rows, pick, delivery) => {
        const run = aRun(rows);
        await run.start();

        for (let sweeps = 0; sweeps < 60 && run.openRows().length > 0; sweeps += 1) {
          await run.drain(pick, delivery);
          await run.sweep();
        }

        expect(run.openRows()).toEqual([]);
      }),
      { numRuns: 25 },
    );
  });
});

interface Message {
  readonly wakeUp: SliceWakeUp;
  readonly visibleAtMs: number;
  readonly deliveries: number;
}

/** A job with one row in each slice, whose looks go as told. */
function aRun(rows: readonly (readonly Fate[])[]) {
  const clock = new FakeClock(acceptedAtMs);
  const { now } = clock;
  const lastRow = rows.length * rowsPerSlice;
  const counts = { valid: rows.length, invalid: 0, lastRow };
  const bulkResets = new FakeBulkResetStore([aBulkResetRow({ state: 'split', counts })]);
  const idOf = (slice: number) => bulkRowResetId(bulkResetId, slice * rowsPerSlice + 1);
  const resets = new FakeResetStore(
    rows.map((_, slice) => aResetRow({ resetId: idOf(slice), state: 'queued' })),
  );
  const fatesLeft = new Map(rows.map((fatesOfRow, slice) => [idOf(slice), [...fatesOfRow]]));

  let queue: Message[] = [];
  let mostTurns = 0;
  let mostOfOneSlice = 0;
  const wakeUps: SliceWakeUps = {
    send(wakeUp, delayMs) {
      queue.push({ wakeUp, visibleAtMs: now() + delayMs, deliveries: 0 });
      const fresh = queue.filter(({ deliveries }) => deliveries === 0).map((one) => one.wakeUp);
      const turns = fresh.filter(({ wakesNext }) => wakesNext);
      const ofThisSlice = fresh.filter(({ slice }) => slice === wakeUp.slice);
      mostTurns = Math.max(mostTurns, turns.length);
      mostOfOneSlice = Math.max(mostOfOneSlice, ofThisSlice.length);
      return Promise.resolve();
    },
  };
  const woken: number[] = [];
  const wakeSlices = createWakeSlices({
    bulkResets,
    wakeUps: {
      send(wakeUp, delayMs) {
        woken.push(wakeUp.slice);
        return wakeUps.send(wakeUp, delayMs);
      },
    },
  });

  const processRow: ProcessRow = async ({ row, etag }) => {
    if (isSettled(row)) return { result: row.state };
    const dueAtMs = claimableAtMs(row, defaultLimits);
    if (dueAtMs > now()) return { result: 'not yet', dueAtMs };
    const fate = fatesLeft.get(row.resetId)?.shift() ?? 'applied';
    if (fate === 'stopped') return { result: 'stopped', dueAtMs: now() + 30_000 };
    const claimed = claim(row, { attemptId: 'attempt', nowMs: now() }, defaultLimits);
    const stored = await resets.replace(claimed, etag);
    if (stored === 'conflict') return { result: 'superseded' };
    if (fate === 'host dies') throw new Error('The host is gone');
    const { resetId, attempts } = claimed;
    const unknown = { resetId, attempts, attemptId: 'attempt', unknownAtMs: now() };
    const next =
      fate === 'applied'
        ? aResetRow({ resetId, attempts, state: 'applied' })
        : aResetRow({ ...unknown, state: 'uncertain', notBeforeMs: now() + 300_000 });
    await resets.replace(next, stored.etag);
    return isSettled(next)
      ? { result: next.state }
      : { result: next.state, dueAtMs: claimableAtMs(next, defaultLimits) };
  };
  const processSlice = createProcessSlice({
    ...noAudit,
    bulkResets,
    rows: resets,
    resets,
    seals: fakeSeals,
    processRow,
    limit: createFairLimit({ maxConcurrent: 16 }),
    wakeUps,
    wakeSlices,
    now,
    timeoutMs: 200_000,
    onRowFailed: () => undefined,
  });
  const sweepBulkResets = createSweepBulkResets({
    bulkResets,
    rows: resets,
    control: new FakeControl(),
    wakeUps: new FakeBulkWakeUps(),
    sliceWakeUps: wakeUps,
    limits: defaultLimits,
    now,
  });
  const { signal } = new AbortController();

  return {
    woken,
    mostTurns: () => mostTurns,
    mostOfOneSlice: () => mostOfOneSlice,
    untouchedRows: () =>
      resets.rows.filter(({ attemptId, state }) => state === 'queued' && attemptId === undefined),
    openRows: () => resets.rows.filter((row) => !isSettled(row)),
    start: () => wakeSlices.first(bulkResetId, counts),
    async sweep() {
      clock.pass(60_000);
      await sweepBulkResets(signal);
    },
    /** Delivers messages in the order of the picks until there are none. */
    async drain(pick: Iterator<number>, delivery: Iterator<Delivery>) {
      for (let step = 0; queue.length > 0; step += 1) {
        if (step > someSteps) throw new Error('There are ever more messages');
        const message = take(Number(pick.next().value));
        const what = delivery.next().value as Delivery;
        const isRepeated = message.deliveries > 0;
        if (what === 'crashes') continue;
        const times = [isRepeated];
        if (what === 'twice at once') times.push(true);
        if (what === 'the second first') times.unshift(true);
        await Promise.all(
          times.map((repeated) => processSlice(message.wakeUp, { isRepeated: repeated }, signal)),
        );
        if (what === 'again later' && message.deliveries < 4) {
          const deliveries = message.deliveries + 1;
          queue.push({ ...message, deliveries, visibleAtMs: now() + 60_000 });
        }
      }
    },
  };

  /** One of those that can be seen; if there is none, the first that will be. */
  function take(pick: number): Message {
    const firstAtMs = Math.min(...queue.map(({ visibleAtMs }) => visibleAtMs));
    clock.nowMs = Math.max(clock.nowMs, firstAtMs);
    const visible = queue.filter(({ visibleAtMs }) => visibleAtMs <= clock.nowMs);
    const message = visible[pick % visible.length];
    if (message === undefined) throw new RangeError('There is no message');
    queue = queue.filter((other) => other !== message);
    return message;
  }
}
