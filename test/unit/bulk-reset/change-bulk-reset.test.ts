import { describe, expect, it } from '@jest/globals';
import {
  type BulkResetFacts,
  type BulkResetState,
  bulkRowResetId,
} from '../../../shared/bulk-reset/bulk-reset.js';
import {
  createAcknowledgeBulkReset,
  createCancelBulkReset,
} from '../../../shared/bulk-reset/change-bulk-reset.js';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import type { ResetRow } from '../../../shared/password-reset/reset-row.js';
import { aBulkResetRow, bulkResetId } from '../../builders/a-bulk-reset.js';
import { acceptedAtMs, aResetRow } from '../../builders/a-reset-row.js';
import { FakeBulkResetStore } from '../../fakes/fake-bulk-reset-store.js';
import { FakeBulkWakeUps } from '../../fakes/fake-bulk-wake-ups.js';
import { FakeClock } from '../../fakes/fake-clock.js';
import { FakeResetStore } from '../../fakes/fake-reset-store.js';
import { FakeAudit } from '../../fakes/fake-audit.js';

const caller = 'helpdesk';
const counts = { valid: 2, invalid: 0, lastRow: 2 };
const validating = { state: 'validating' } as const;
const splitting = { state: 'splitting', counts, checkedSha256: '', splitRows: 0 } as const;
const split = { state: 'split', counts } as const;
const stopped = {
  state: 'stopped',
  code: 'InvalidRows',
  message: '',
  counts: { valid: 9, invalid: 0, lastRow: 9 },
  splitRows: 0,
} as const;
const refused = { state: 'refused', code: 'InvalidRows', message: '' } as const;

describe('createCancelBulkReset()', () => {
  it.each<BulkResetState>([validating, splitting, split, stopped])(
    'cancels a job that is $state, and wakes whoever brings it to its end',
    async (state) => {
      const { cancel, bulkResets, wakeUps, clock } = aJob(state, { rows: ['queued'] });

      const job = await cancel(bulkResetId, caller);

      expect(job).toEqual(aBulkResetRow(state, { cancelledAtMs: clock.nowMs }));
      expect(bulkResets.row(bulkResetId)).toEqual(job);
      expect(wakeUps.sent).toEqual([{ bulkResetId, delayMs: 0 }]);
    },
  );

  it('changes nothing the second time', async () => {
    const { cancel, clock } = aJob(split);
    const job = await cancel(bulkResetId, caller);
    clock.pass(1_000);

    expect(await cancel(bulkResetId, caller)).toEqual(job);
  });

  it('wakes again the second time, for the first may have been cut off', async () => {
    const { cancel, wakeUps } = aJob(split);
    wakeUps.failure = new ResetError('StorageUnavailable', 'is away');
    await expect(cancel(bulkResetId, caller)).rejects.toBe(wakeUps.failure);
    wakeUps.failure = undefined;

    await cancel(bulkResetId, caller);

    expect(wakeUps.sent).toHaveLength(1);
  });

  it.each<[string, BulkResetState, JobValues]>([
    ['refused', refused, {}],
    ['known to be over', split, { facts: { finishedAtMs: acceptedAtMs } }],
    ['over, though nobody has noticed', split, { rows: ['applied', 'rejected'] }],
    ['stopped, when the rows there are settled', stopped, { rows: ['applied'] }],
  ])('leaves a job as it is that is %s', async (_, state, values) => {
    const { cancel, bulkResets, audit } = aJob(state, values);

    const job = await cancel(bulkResetId, caller);

    expect(job).toEqual(aBulkResetRow(state, values.facts));
    expect(bulkResets.row(bulkResetId)).toEqual(job);
    expect(audit.events).toEqual([]);
  });

  it.each<[string, BulkResetState, Partial<BulkResetFacts>]>([
    ['refused', refused, {}],
    ['over', split, { finishedAtMs: acceptedAtMs }],
  ])('wakes nobody for a job that is %s', async (_, state, facts) => {
    const { cancel, wakeUps } = aJob(state, { facts });

    await cancel(bulkResetId, caller);

    expect(wakeUps.sent).toEqual([]);
  });

  it('repeats when somebody else changes the job at the same time', async () => {
    const { cancel, bulkResets } = aJob(splitting);
    bulkResets.onReplace = () => bulkResets.overwrite(aBulkResetRow(split));

    expect(await cancel(bulkResetId, caller)).toMatchObject({
      state: 'split',
      cancelledAtMs: expect.any(Number),
    });
  });
});

describe('createAcknowledgeBulkReset()', () => {
  it('takes the passwords from sight once every row is settled', async () => {
    const { acknowledge, bulkResets, clock } = aJob(split, { rows: ['applied', 'rejected'] });

    const job = await acknowledge(bulkResetId, caller);

    expect(job).toEqual(aBulkResetRow(split, { acknowledgedAtMs: clock.nowMs }));
    expect(bulkResets.row(bulkResetId)).toEqual(job);
  });

  it('changes nothing the second time', async () => {
    const { acknowledge, clock } = aJob(split, { rows: ['applied', 'rejected'] });
    const job = await acknowledge(bulkResetId, caller);
    clock.pass(1_000);

    expect(await acknowledge(bulkResetId, caller)).toEqual(job);
  });

  it.each<[string, BulkResetState, JobValues]>([
    ['refused', refused, {}],
    ['stopped, when the rows there are settled', stopped, { rows: ['applied', 'cancelled'] }],
    ['known to be over', split, { rows: [], facts: { finishedAtMs: acceptedAtMs } }],
  ])('is possible for a job that is %s', async (_, state, values) => {
    const { acknowledge } = aJob(state, values);

    expect(await acknowledge(bulkResetId, caller)).toHaveProperty('acknowledgedAtMs');
  });

  it.each<[string, BulkResetState, JobValues]>([
    ['being checked', validating, {}],
    ['being split', splitting, {}],
    ['split, with a row that is queued', split, { rows: ['applied', 'queued'] }],
    ['split, with a row that is uncertain', split, { rows: ['applied', 'uncertain'] }],
    ['stopped, with a row that is claimed', stopped, { rows: ['applied', 'claimed'] }],
  ])('is a conflict while the job is %s', async (_, state, values) => {
    const { acknowledge, bulkResets } = aJob(state, values);

    await expect(acknowledge(bulkResetId, caller)).rejects.toMatchObject({
      code: 'BulkResetConflict',
    });

    expect(bulkResets.row(bulkResetId)).not.toHaveProperty('acknowledgedAtMs');
  });
});

describe.each(['cancel', 'acknowledge'] as const)('%s()', (change) => {
  it.each([
    ['an unknown job', '11111111-0b1e-4d7a-8a37-5e0f6b2d9c21', caller],
    ["somebody else's job", bulkResetId, 'somebody-else'],
  ])('does not find %s', async (_, id, asking) => {
    const job = aJob(refused);

    await expect(job[change](id, asking)).rejects.toMatchObject({ code: 'BulkResetNotFound' });

    expect(job.bulkResets.row(bulkResetId)).toEqual(aBulkResetRow(refused));
  });
});

describe('the audit of a changed job', () => {
  it.each([
    ['job.cancelled', 'cancel', validating],
    ['job.acknowledged', 'acknowledge', refused],
  ] as const)('is told of %s once', async (action, change, state) => {
    const { audit, ...job } = aJob(state);

    await job[change](bulkResetId, 'helpdesk');
    await job[change](bulkResetId, 'helpdesk');

    expect(audit.events).toEqual([{ action, bulkResetId, caller: 'helpdesk' }]);
  });

  it.each([
    ['cancel', validating],
    ['acknowledge', refused],
  ] as const)('holds nobody up: %s', async (change, state) => {
    const { audit, ...job } = aJob(state);
    audit.failure = new ResetError('StorageUnavailable', 'is away');

    await expect(job[change](bulkResetId, 'helpdesk')).resolves.toBeDefined();
  });
});

interface JobValues {
  readonly rows?: readonly ResetRow['state'][];
  readonly facts?: Partial<BulkResetFacts>;
}

class WatchedBulkResetStore extends FakeBulkResetStore {
  /** Called once, before a job is replaced. */
  onReplace: (() => void) | undefined;

  override replace(...[row, etag]: Parameters<FakeBulkResetStore['replace']>) {
    this.onReplace?.();
    this.onReplace = undefined;
    return super.replace(row, etag);
  }
}

function aJob(state: BulkResetState, { rows = [], facts = {} }: JobValues = {}) {
  const bulkResets = new WatchedBulkResetStore([aBulkResetRow(state, facts)]);
  const resets = new FakeResetStore(
    rows.map((row, index) =>
      aResetRow({ resetId: bulkRowResetId(bulkResetId, index + 1), state: row }),
    ),
  );
  const wakeUps = new FakeBulkWakeUps();
  const clock = new FakeClock(acceptedAtMs + 60_000);
  const { now } = clock;
  const audit = new FakeAudit();
  const { note } = audit;
  return {
    cancel: createCancelBulkReset({ note, bulkResets, rows: resets, wakeUps, now }),
    acknowledge: createAcknowledgeBulkReset({ note, bulkResets, rows: resets, now }),
    ...{ bulkResets, wakeUps, clock, audit },
  };
}
