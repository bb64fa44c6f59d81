import { describe, expect, it } from '@jest/globals';
import { allowEverything, withoutApproval } from '../../fakes/allow-everything.js';
import { createApprovalProofs } from '../../../shared/bulk-reset/approval-proofs.js';
import {
  type ApprovalSubject,
  digestOf,
  toApprovalSubject,
} from '../../../shared/bulk-reset/approval-subject.js';
import { createApproveBulkReset } from '../../../shared/bulk-reset/approve-bulk-reset.js';
import { createOpenLines } from '../../../shared/bulk-reset/bulk-lines.js';
import type {
  BulkResetFacts,
  KeptOrder,
  BulkResetRow,
  CheckedJob,
  RowFields,
} from '../../../shared/bulk-reset/bulk-reset.js';
import { createReadBulkRows } from '../../../shared/bulk-reset/bulk-rows.js';
import {
  createProcessBulkReset,
  type ProcessBulkDependencies,
  type ProcessedBulkReset,
} from '../../../shared/bulk-reset/process-bulk-reset.js';
import { createSplitRows } from '../../../shared/bulk-reset/split-rows.js';
import { createWakeSlices } from '../../../shared/bulk-reset/wake-slices.js';
import { createEnvelopes } from '../../../shared/delivery/envelopes.js';
import { parseCustomerTenantId } from '../../../shared/password-reset/ids.js';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import type { ResetRow } from '../../../shared/password-reset/reset-row.js';
import { Secret } from '../../../shared/platform/secret.js';
import {
  aKeptOrder,
  aBulkResetRow,
  aCheckedJob,
  aCsv,
  aRow,
  bulkResetId,
  someRows,
} from '../../builders/a-bulk-reset.js';
import { acceptedAtMs, customerTenantId } from '../../builders/a-reset-row.js';
import { FakeBulkOrders } from '../../fakes/fake-bulk-orders.js';
import { FakeBulkResetStore } from '../../fakes/fake-bulk-reset-store.js';
import { FakeBulkWakeUps, FakeSliceWakeUps } from '../../fakes/fake-bulk-wake-ups.js';
import { FakeClock } from '../../fakes/fake-clock.js';
import { FakeCustomers } from '../../fakes/fake-customers.js';
import { FakeInbox } from '../../fakes/fake-inbox.js';
import { FakeResetStore } from '../../fakes/fake-reset-store.js';
import { FakeRowFaults } from '../../fakes/fake-row-faults.js';
import { FakeSealingKeys } from '../../fakes/fake-sealing-keys.js';
import { FakeAudit, noAudit } from '../../fakes/fake-audit.js';

const signal = new AbortController().signal;
const away = new ResetError('StorageUnavailable', 'is away');
const expired = new ResetError('ReconsentRequired', 'Consent is needed');
const denied = new ResetError('PermissionDenied', 'No');
const otherTenantId = parseCustomerTenantId('11111111-2222-4333-8444-555555555555');
const badRow = aRow({ user: 'nobody' });

describe('createProcessBulkReset()', () => {
  it('makes the rows of a job that are all right, then wakes its slices', async () => {
    const { process, resets, wakeUps, bulkResets } = aProcess(aJobOf(someRows(250)));
    const rowsAtWakeUp: number[] = [];
    wakeUps.onSend = () => rowsAtWakeUp.push(resets.rows.length);

    const { job, dueAtMs } = await process();

    expect(job).toEqual(aBulkResetRow({ state: 'split', counts: countsOf(250) }));
    expect(dueAtMs).toBeUndefined();
    expect(bulkResets.row(bulkResetId)).toEqual(job);
    expect(wakeUps.sent).toEqual(
      [0, 1, 2].map((slice) => ({ bulkResetId, slice, wakesNext: true, delayMs: 0 })),
    );
    expect(rowsAtWakeUp).toEqual([250, 250, 250]);
  });

  it('wakes no more than the first slices of a large job', async () => {
    const { process, wakeUps } = aProcess(aJobOf(someRows(3_500)));

    await process();

    expect(wakeUps.slices).toEqual(Array.from({ length: 32 }, (_, slice) => slice));
  });

  it('makes the rows of a file', async () => {
    const { process, resets, inbox, give } = aProcess();
    await give(aJobOf(inbox.put('march.csv', aCsv(1_001))));

    expect(await process()).toMatchObject({ job: { state: 'split', counts: countsOf(1_001) } });

    expect(resets.rows).toHaveLength(1_001);
  });

  it('finds no job where there is none', async () => {
    expect(await aProcess().process()).toEqual({});
  });

  describe('a bad row', () => {
    it('keeps everything from starting', async () => {
      const { process, resets, wakeUps, rowFaults } = aProcess(aJobOf([...someRows(2), badRow]));

      const { job } = await process();

      expect(job).toMatchObject({
        state: 'refused',
        code: 'InvalidRows',
        message: 'Nothing was started: 1 of 3 rows cannot be used',
        counts: { valid: 2, invalid: 1, lastRow: 3 },
      });
      expect(resets.rows).toEqual([]);
      expect(wakeUps.sent).toEqual([]);
      expect(await rowFaults.read(bulkResetId)).toMatchObject([{ row: 3, target: 'user' }]);
    });

    it('keeps everything from starting as the last of many, for a customer out of reach', async () => {
      const { process, resets, inbox, give } = aProcess();
      await give(aJobOf(inbox.put('march.csv', `${aCsv(2_500)}nowhere.com,adele@nowhere.com\n`)));

      expect(await process()).toMatchObject({
        job: { state: 'refused', counts: { valid: 2_500, invalid: 1 } },
      });

      expect(resets.rows).toEqual([]);
    });

    it('is left out where the order says so', async () => {
      const rows = [badRow, ...someRows(2), badRow];
      const { process, resets, rowFaults } = aProcess(aJobOf(rows, { onInvalidRows: 'skip' }));

      expect(await process()).toMatchObject({
        job: { state: 'split', counts: { valid: 2, invalid: 2, lastRow: 4 } },
      });

      expect(resets.rows.map(({ resetId }) => resetId)).toEqual([
        `${bulkResetId}-0000002`,
        `${bulkResetId}-0000003`,
      ]);
      expect(await rowFaults.read(bulkResetId)).toHaveLength(2);
    });

    it('refuses a job that has no other', async () => {
      const { process } = aProcess(aJobOf([badRow], { onInvalidRows: 'skip' }));

      expect(await process()).toMatchObject({
        job: { state: 'refused', message: 'Nothing was started: 1 of 1 rows cannot be used' },
      });
    });

    it('is kept with a thousand others at most', async () => {
      const { process, rowFaults } = aProcess(aJobOf(Array.from({ length: 1_001 }, () => badRow)));

      expect(await process()).toMatchObject({ job: { counts: { invalid: 1_001 } } });

      expect(await rowFaults.read(bulkResetId)).toHaveLength(1_000);
    });
  });

  it.each(['refuse', 'skip'] as const)(
    'refuses a file that breaks off in the middle, told to %s',
    async (onInvalidRows) => {
      const { process, resets, inbox, rowFaults, give } = aProcess();
      const file = inbox.put('march.csv', `${aCsv(3)}${customerTenantId},"adele\n`);
      await give(aJobOf(file, { onInvalidRows }));

      expect(await process()).toMatchObject({
        job: { state: 'refused', counts: { valid: 3, invalid: 1 } },
      });

      expect(resets.rows).toEqual([]);
      expect(await rowFaults.read(bulkResetId)).toMatchObject([{ line: 5 }]);
    },
  );

  describe('the file', () => {
    it('is refused when it is not the one that was meant', async () => {
      const { process, resets, inbox, give } = aProcess();
      await give(aJobOf(inbox.put('march.csv', aCsv(3))));
      inbox.put('march.csv', aCsv(4));

      expect(await process()).toMatchObject({
        job: {
          state: 'refused',
          code: 'InvalidRequest',
          message: expect.stringContaining('no file with this name and SHA-256'),
        },
      });

      expect(resets.rows).toEqual([]);
    });

    it.each<[string, (inbox: FakeInbox) => void]>([
      ['starts with a fault', (inbox) => inbox.put('march.csv', `name,mail\n${aCsv(3)}`)],
      ['has bad rows', (inbox) => inbox.put('march.csv', `${aCsv(3)}nowhere.com,nobody\n`)],
      ['is not there', () => undefined],
    ])('tells nobody who does not know its content that it %s', async (_what, put) => {
      const refusalOf = async (fill: (inbox: FakeInbox) => void) => {
        const { process, inbox, rowFaults, give } = aProcess();
        fill(inbox);
        await give(aJobOf({ name: 'march.csv', sha256: 'ab'.repeat(32) }));
        return [await process(), await rowFaults.read(bulkResetId)];
      };

      expect(await refusalOf(put)).toEqual(
        await refusalOf((inbox) => inbox.put('march.csv', aCsv(1))),
      );
    });

    it('is the same version while it is checked and while it is split', async () => {
      const { process, inbox, give } = aProcess();
      await give(aJobOf(inbox.put('march.csv', aCsv(3))));

      await process();

      expect(inbox.opened).toEqual([
        { name: 'march.csv', etag: '"1"' },
        { name: 'march.csv', etag: '"1"' },
      ]);
    });

    it('is not split when it was replaced after it was checked', async () => {
      const { process, resets, inbox, bulkResets, give } = aProcess();
      await give(aJobOf(inbox.put('march.csv', aCsv(3))));
      bulkResets.onReplace = () => inbox.put('march.csv', aCsv(4));

      const { job } = await process();

      expect(job).toMatchObject({ state: 'splitting', splitRows: 0 });
      expect(resets.rows).toEqual([]);
    });

    it('is not split on when it was replaced after a crash', async () => {
      const { process, resets, inbox, give } = aProcess();
      await give(aJobOf(inbox.put('march.csv', aCsv(3))));
      resets.failures.createMany = away;
      await process();
      delete resets.failures.createMany;
      inbox.put('march.csv', aCsv(4));

      expect(await process()).toMatchObject({
        job: {
          state: 'stopped',
          code: 'InvalidRequest',
          message: expect.stringContaining('Start a new job'),
        },
      });

      expect(resets.rows).toEqual([]);
    });
  });

  describe('an order that is not there', () => {
    it('may still arrive', async () => {
      const { process, orders, clock } = aProcess(aJobOf(someRows(1)));
      await orders.delete(bulkResetId);
      clock.pass(599_999);

      expect(await process()).toMatchObject({
        job: { state: 'validating' },
        dueAtMs: clock.nowMs + 30_000,
      });
    });

    it('never arrives after ten minutes', async () => {
      const { process, orders, clock } = aProcess(aJobOf(someRows(1)));
      await orders.delete(bulkResetId);
      clock.pass(600_000);

      expect(await process()).toMatchObject({
        job: { state: 'refused', code: 'InvalidRequest' },
      });
    });
  });

  describe('an order that is not the one of the job', () => {
    it.each<[string, Partial<KeptOrder>]>([
      ['had its id before', { fingerprint: 'of an order that was cancelled' }],
      ['is of another caller', { caller: 'flow' }],
    ])(
      'is not carried out when it %s, and gives way to the one that arrives',
      async (_what, its) => {
        const order = aJobOf(someRows(3));
        const { process, orders, resets, clock } = aProcess({ ...order, ...its });

        expect(await process()).toMatchObject({
          job: { state: 'validating' },
          dueAtMs: clock.nowMs + 30_000,
        });
        expect(resets.rows).toEqual([]);

        await orders.write(order, signal);
        expect(await process()).toMatchObject({ job: { state: 'split' } });
      },
    );

    it('is not carried out from where another left off', async () => {
      const { process, orders, resets, clock } = aProcess(aJobOf(someRows(3)));
      resets.failures.createMany = away;
      await process();
      delete resets.failures.createMany;
      await orders.write(aJobOf(someRows(3), { fingerprint: 'another' }), signal);

      expect(await process()).toMatchObject({ job: { state: 'splitting' } });
      clock.pass(600_000);
      expect(await process()).toMatchObject({ job: { state: 'stopped', code: 'InvalidRequest' } });
      expect(resets.rows).toEqual([]);
    });
  });

  it('makes rows of the age that the order has, whatever the row of the job says', async () => {
    const { process, resets, bulkResets } = aProcess(aJobOf(someRows(1)));
    const state = { state: 'validating' } as const;
    bulkResets.overwrite(aBulkResetRow(state, { acceptedAtMs: Date.parse('2100-01-01') }));

    await process();

    expect(resets.rows).toMatchObject([{ acceptedAtMs }]);
  });

  describe('the same job again', () => {
    it('changes nothing once it is split', async () => {
      const { process, resets, wakeUps, passwords } = aProcess(aJobOf(someRows(3)));
      const first = await process();
      const rows = resets.rows;

      expect(await process()).toEqual(first);

      expect(resets.rows).toEqual(rows);
      expect(wakeUps.sent).toHaveLength(1);
      expect(passwords()).toBe(3);
    });

    it('is finished where it was checked but not split', async () => {
      const { process, resets, bulkResets } = aProcess(aJobOf(someRows(3)));
      resets.failures.createMany = away;
      await process();
      expect(bulkResets.row(bulkResetId)).toMatchObject({ state: 'splitting' });
      delete resets.failures.createMany;

      expect(await process()).toMatchObject({ job: { state: 'split' } });

      expect(resets.rows).toHaveLength(3);
    });

    it('goes on after the rows that are made, and each row keeps its password', async () => {
      const { process, resets, passwords } = aProcess(aJobOf(someRows(7_500)));
      resets.failAfter = 6_700;
      expect(await process()).toMatchObject({ job: { state: 'splitting', splitRows: 5_000 } });
      const before = sealsOf(resets);
      const passwordsBefore = passwords();
      resets.failAfter = Infinity;

      expect(await process()).toMatchObject({ job: { state: 'split' } });

      expect(before).toHaveLength(6_700);
      expect(sealsOf(resets).slice(0, 6_700)).toEqual(before);
      expect(new Set(sealsOf(resets)).size).toBe(7_500);
      expect(passwords() - passwordsBefore).toBe(2_500);
    });

    it('counts what was checked, whatever its own row says', async () => {
      const { process, resets, bulkResets, wakeUps } = aProcess(aJobOf(someRows(250)));
      resets.failures.createMany = away;
      const { job } = await process();
      delete resets.failures.createMany;
      bulkResets.overwrite({ ...job, counts: countsOf(1) } as BulkResetRow);

      expect(await process()).toMatchObject({ job: { state: 'split', counts: countsOf(250) } });

      expect(wakeUps.slices).toEqual([0, 1, 2]);
    });

    it('is finished where all was done but not said', async () => {
      const { process, resets, bulkResets } = aProcess(aJobOf(someRows(3)));
      bulkResets.failures.split = away;
      await process();
      const rows = resets.rows;
      delete bulkResets.failures.split;

      expect(await process()).toMatchObject({ job: { state: 'split' } });

      expect(resets.rows).toEqual(rows);
    });

    it('is finished where nothing was checked yet', async () => {
      const { process, customers } = aProcess(aJobOf([aRow({ customer: 'contoso.com' })]));
      customers.failure = away;
      expect(await process()).toMatchObject({ job: { state: 'validating' } });
      customers.failure = undefined;

      expect(await process()).toMatchObject({ job: { state: 'split' } });
    });
  });

  it('is not overtaken by whoever asks for the same job once more meanwhile', async () => {
    const { process, customers, bulkResets } = aProcess(
      aJobOf([aRow({ customer: 'contoso.com' })]),
    );
    const find = customers.findByDomain.bind(customers);
    customers.findByDomain = (...asked) => {
      bulkResets.overwrite({ ...bulkResets.row(bulkResetId) });
      return find(...asked);
    };

    expect(await process()).toMatchObject({ job: { state: 'split' } });
  });

  describe('a job that takes longer than an invocation', () => {
    it('is due at once, where it can be continued', async () => {
      const { process, resets, bulkResets, clock } = aProcess(aJobOf(someRows(2_500)));
      const time = new AbortController();
      resets.onCreated = (rows) => {
        if (rows >= 1_500) time.abort();
      };

      const { job, dueAtMs } = await process(time.signal);

      expect(job).toMatchObject({ state: 'splitting', splitRows: resets.rows.length });
      expect(dueAtMs).toBe(clock.nowMs);
      expect(bulkResets.row(bulkResetId)).toEqual(job);
      expect(resets.rows.length).toBeLessThan(2_500);
    });

    it('is due at once when the time was over before anything was made', async () => {
      const { process, customers, clock } = aProcess(aJobOf([aRow({ customer: 'contoso.com' })]));
      const time = new AbortController();
      customers.findByDomain = () => {
        time.abort();
        return Promise.reject(new DOMException('The operation was aborted', 'TimeoutError'));
      };

      expect(await process(time.signal)).toMatchObject({
        job: { state: 'validating' },
        dueAtMs: clock.nowMs,
      });
    });

    it.each<['refuse' | 'skip', (customers: FakeCustomers) => void]>([
      ['refuse', ({ byDomain }) => byDomain.delete('contoso.com')],
      ['skip', ({ byDomain }) => byDomain.set('nowhere.com', customerTenantId)],
      ['refuse', ({ byDomain }) => byDomain.set('contoso.com', otherTenantId)],
    ])(
      'is stopped when its rows have come to something else meanwhile: %s, case %#',
      async (onInvalidRows, change) => {
        const rows = [aRow({ customer: 'contoso.com' })];
        if (onInvalidRows === 'skip') rows.push(aRow({ customer: 'nowhere.com', user: 'a@b.com' }));
        const { process, resets, customers } = aProcess(aJobOf(rows, { onInvalidRows }));
        resets.failures.createMany = away;
        await process();
        delete resets.failures.createMany;
        change(customers);

        expect(await process()).toMatchObject({ job: { state: 'stopped', code: 'InvalidRows' } });

        expect(resets.rows).toEqual([]);
      },
    );
  });

  describe('a job that is cancelled', () => {
    it('is refused before its rows are checked', async () => {
      const { process, cancel, resets } = aProcess(aJobOf(someRows(3)));
      cancel();

      expect(await process()).toMatchObject({
        job: { state: 'refused', code: 'Cancelled', cancelledAtMs: acceptedAtMs },
      });

      expect(resets.rows).toEqual([]);
    });

    it('is stopped while its rows are made, and the rows there are get looked at', async () => {
      const { process, cancel, resets, wakeUps } = aProcess(aJobOf(someRows(7_500)));
      resets.failAfter = 6_000;
      await process();
      resets.failAfter = Infinity;
      cancel();

      expect(await process()).toMatchObject({
        job: { state: 'stopped', code: 'Cancelled', splitRows: 5_000, counts: countsOf(7_500) },
      });

      expect(resets.rows).toHaveLength(6_000);
      expect(wakeUps.slices).toHaveLength(32);
    });

    it('is left to whoever cancelled it by the one who makes its rows', async () => {
      const { process, cancel, resets } = aProcess(aJobOf(someRows(12_500)));
      resets.onCreated = (rows) => {
        if (rows === 7_500) cancel();
      };

      const { job, dueAtMs } = await process();

      expect(job).toMatchObject({
        state: 'splitting',
        splitRows: 5_000,
        cancelledAtMs: acceptedAtMs,
      });
      expect(dueAtMs).toBeUndefined();
    });

    it('has more slices awake once it is split, until it is over', async () => {
      const { process, cancel, wakeUps, bulkResets } = aProcess(aJobOf(someRows(5_000)));
      await process();
      const job = cancel();

      await process();
      bulkResets.overwrite({ ...job, finishedAtMs: acceptedAtMs });
      await process();

      expect(wakeUps.slices).toEqual(Array.from({ length: 50 }, (_, slice) => slice));
    });
  });

  describe('a failure', () => {
    it.each([
      ['that may pass', away, 30_000],
      [
        'that says when it passes',
        new ResetError('Throttled', '', { retryAfterMs: 90_000 }),
        90_000,
      ],
      [
        'that says when it passes, too late',
        new ResetError('Throttled', '', { retryAfterMs: 900_001 }),
        900_000,
      ],
      ['that whoever runs the service must mend', expired, 30_000],
    ])('%s makes the job wait', async (_, failure, waitMs) => {
      const { process, customers, clock } = aProcess(aJobOf([aRow({ customer: 'contoso.com' })]));
      customers.failure = failure;

      expect(await process()).toMatchObject({
        job: { state: 'validating' },
        dueAtMs: clock.nowMs + waitMs,
      });
    });

    it.each([
      ['later', away],
      ['operator', expired],
    ])('that does not pass for a day ends the job: %s', async (_, failure) => {
      const { process, resets, clock } = aProcess(aJobOf(someRows(3)));
      resets.failures.createMany = failure;
      clock.pass(24 * 3_600_000 - 1);
      expect(await process()).toMatchObject({ job: { state: 'splitting' } });
      clock.pass(1);

      expect(await process()).toMatchObject({ job: { state: 'stopped', code: failure.code } });
    });

    it('that never passes refuses a job that is being checked', async () => {
      const { process, customers, bulkResets } = aProcess(
        aJobOf([aRow({ customer: 'contoso.com' })]),
      );
      customers.failure = denied;

      const { job } = await process();

      expect(job).toMatchObject({ state: 'refused', code: 'PermissionDenied', message: 'No' });
      expect(bulkResets.row(bulkResetId)).toEqual(job);
    });

    it('that never passes stops a job that is being split, and the rows there are get carried out', async () => {
      const { process, resets, wakeUps } = aProcess(aJobOf(someRows(3)));
      resets.failures.createMany = denied;

      const { job } = await process();
      delete resets.failures.createMany;
      const again = await process();

      expect(job).toMatchObject({
        state: 'stopped',
        code: 'PermissionDenied',
        message: 'No. Start a new job for the rows that were not started',
        counts: countsOf(3),
        splitRows: 0,
      });
      expect(again).toEqual({ job });
      expect(wakeUps.slices).toEqual([0]);
    });

    it('that nobody foresaw rejects', async () => {
      const { process, customers } = aProcess(aJobOf([aRow({ customer: 'contoso.com' })]));
      customers.failure = new TypeError('is not a function');

      await expect(process()).rejects.toBe(customers.failure);
    });
  });

  describe('two who work on one job', () => {
    it('leave each row there once, and one of them goes on', async () => {
      const { process, resets, bulkResets } = aProcess(aJobOf(someRows(2_500)));

      const results = await Promise.all([process(), process()]);

      expect(results.filter(({ dueAtMs }) => dueAtMs !== undefined)).toEqual([]);
      expect(bulkResets.row(bulkResetId)).toMatchObject({ state: 'split' });
      expect(resets.rows).toHaveLength(2_500);
    });

    it('both learn that it was refused', async () => {
      const { process } = aProcess(aJobOf([badRow]));

      const jobs = (await Promise.all([process(), process()])).map(({ job }) => job?.state);

      expect(jobs).toEqual(['refused', 'refused']);
    });
  });
});

class WatchedBulkResetStore extends FakeBulkResetStore {
  /** Called before a job is replaced. */
  onReplace: () => void = () => undefined;

  override replace(...[row, etag]: Parameters<FakeBulkResetStore['replace']>) {
    this.onReplace();
    return super.replace(row, etag);
  }
}

/** A table that goes away after so many rows. */
class FailingResetStore extends FakeResetStore {
  failAfter = Infinity;
  onCreated: (rows: number) => void = () => undefined;

  #created = 0;

  override async createMany(rows: readonly ResetRow[]): Promise<void> {
    if (this.#created >= this.failAfter) throw away;
    this.#created += rows.length;
    this.onCreated(this.#created);
    await super.createMany(rows);
  }
}

describe('a job that a second person must agree to', () => {
  const proofs = createApprovalProofs({
    envelopes: createEnvelopes({ keys: new FakeSealingKeys() }),
  });
  const rules = {
    requiresApproval: ({ rows }: { readonly rows: number }) => Promise.resolve(rows > 2),
    approvalProofs: proofs,
  };
  const order = aJobOf(someRows(3), { reference: 'INC-7' });
  const dayMs = 24 * 3_600_000;

  it('is checked, and waits without being looked at again', async () => {
    const { process, resets, wakeUps } = aProcess(aJobOf(someRows(3)), rules);

    const { job, dueAtMs } = await process();

    expect(job).toMatchObject({
      state: 'awaitingApproval',
      counts: countsOf(3),
      customers: 1,
      largestCustomers: [{ customerTenantId, rows: 3 }],
    });
    expect(dueAtMs).toBeUndefined();
    expect(await process()).toEqual({ job });
    expect([resets.rows, wakeUps.sent]).toEqual([[], []]);
  });

  it('is not one with few rows', async () => {
    const { process } = aProcess(aJobOf(someRows(2)), rules);

    expect((await process()).job).toMatchObject({ state: 'split' });
  });

  it('is carried out once it is proved that somebody agreed', async () => {
    const { process, bulkResets, resets } = aProcess(order, rules);
    const checked = await check(process);
    bulkResets.overwrite(splitting(checked, await approvalOf(toApprovalSubject(order, checked))));

    expect((await process()).job).toMatchObject({ state: 'split' });
    expect(resets.rows).toHaveLength(3);
  });

  it('makes no row of one that only storage says is approved', async () => {
    const { process, bulkResets, resets } = aProcess(order, rules);
    bulkResets.overwrite(splitting(await check(process)));

    expect((await process()).job).toMatchObject({ state: 'stopped', code: 'ApprovalMissing' });
    expect(resets.rows).toEqual([]);
  });

  it('makes no row of one that storage says has few rows', async () => {
    const { process, bulkResets, resets, wakeUps } = aProcess(order, rules);
    const { checkedSha256 } = await check(process);
    const counts = { valid: 1, invalid: 0, lastRow: 3 };
    bulkResets.overwrite(splitting(aCheckedJob(1, { counts, checkedSha256 })));

    expect((await process()).job).toMatchObject({ state: 'stopped', code: 'ApprovalMissing' });
    expect(resets.rows).toEqual([]);
    expect(wakeUps.sent).toHaveLength(1);
  });

  it.each<[string, Partial<ApprovalSubject>]>([
    ['other rows', { checkedSha256: 'others' }],
    ['fewer rows', { rows: 2 }],
    ['more customers', { customers: 2 }],
    ['another customer', { largestCustomers: [{ customerTenantId: otherTenantId, rows: 3 }] }],
    ['another delivery', { delivery: 'none' }],
    ['the key of a recipient', { recipientKeyId: 'key-1' }],
    ['another reference', { reference: 'INC-8' }],
    ['other passwords', { forceChangePassword: false }],
    ['another caller', { caller: 'flow' }],
    ['an earlier job', { acceptedAtMs: acceptedAtMs - 1 }],
  ])('makes no row when somebody agreed to %s', async (_what, shown) => {
    const { process, bulkResets, resets } = aProcess(order, rules);
    const checked = await check(process);
    const subject = { ...toApprovalSubject(order, checked), ...shown };
    bulkResets.overwrite(splitting(checked, await approvalOf(subject)));

    expect((await process()).job).toMatchObject({ state: 'stopped', code: 'ApprovalMissing' });
    expect(resets.rows).toEqual([]);
  });

  it.each<[string, Partial<BulkResetFacts & CheckedJob>]>([
    ['fewer rows', { counts: { valid: 2, invalid: 1, lastRow: 3 } }],
    ['another customer', { largestCustomers: [{ customerTenantId: otherTenantId, rows: 3 }] }],
  ])('makes no row when its own row showed %s to whoever agreed', async (_what, forged) => {
    const { process, bulkResets, orders, resets } = aProcess(order, rules);
    const { job } = await process();
    bulkResets.overwrite({ ...job, ...forged } as BulkResetRow);
    const { read, approve } = createApproveBulkReset({
      ...{ ...noAudit, bulkResets, orders, proofs, now: () => acceptedAtMs },
      wakeUps: new FakeBulkWakeUps(),
    });
    const approver = { name: 'supervisor', mayApproveFor: () => Promise.resolve(true) };
    const { subject } = await read(bulkResetId, approver, signal);
    const shown = { bulkResetId, digest: digestOf(subject) };
    expect(await approve(shown, approver, signal)).toMatchObject({ awaitsApproval: false });

    expect((await process()).job).toMatchObject({ state: 'stopped', code: 'ApprovalMissing' });
    expect(resets.rows).toEqual([]);
  });

  it('is refused after a day', async () => {
    const { process, clock } = aProcess(aJobOf(someRows(3)), rules);
    await process();
    clock.pass(dayMs);

    expect((await process()).job).toMatchObject({ state: 'refused', code: 'ApprovalMissing' });
  });

  it('is over when it is cancelled', async () => {
    const { process, cancel } = aProcess(aJobOf(someRows(3)), rules);
    await process();
    cancel();

    expect((await process()).job).toMatchObject({ state: 'refused', code: 'Cancelled' });
  });

  async function check(
    process: () => Promise<ProcessedBulkReset>,
  ): Promise<CheckedJob & BulkResetFacts> {
    const { job } = await process();
    if (job?.state !== 'awaitingApproval') throw new Error('The job does not wait');
    return job;
  }

  async function approvalOf(subject: ApprovalSubject): Promise<Partial<BulkResetFacts>> {
    const agreed = { by: 'supervisor', atMs: acceptedAtMs };
    return { approval: { ...agreed, proof: await proofs.prove({ ...agreed, subject }, signal) } };
  }

  function splitting(
    { counts, checkedSha256 }: CheckedJob,
    facts: Partial<BulkResetFacts> = {},
  ): BulkResetRow {
    return aBulkResetRow({ state: 'splitting', counts, checkedSha256, splitRows: 0 }, facts);
  }
});

describe('the daily cap', () => {
  it('refuses a job that exceeds it before any row is made', async () => {
    const reserved: object[] = [];
    const reserveResets = (reservation: object) => {
      reserved.push(reservation);
      return Promise.reject(new ResetError('DailyCapReached', 'Enough for today'));
    };
    const { process, resets } = aProcess(aJobOf(someRows(3)), { reserveResets });

    expect((await process()).job).toMatchObject({ state: 'refused', code: 'DailyCapReached' });
    expect(reserved).toEqual([{ caller: 'helpdesk', bulkResetId, resets: 3 }]);
    expect(resets.rows).toEqual([]);
  });
});

describe('the audit of a job that is processed', () => {
  it('says that it started, with how many rows', async () => {
    const audit = new FakeAudit();
    const { process } = aProcess(aJobOf(someRows(3)), tellingTo(audit));

    await process();

    expect(audit.events).toMatchObject([
      { action: 'job.started', bulkResetId, caller: 'helpdesk', delivery: 'response', rows: 3 },
    ]);
  });

  it('says of it what was ordered, whatever the row of the job says', async () => {
    const audit = new FakeAudit();
    const order = aJobOf(someRows(3), { reference: 'INC-7' });
    const { process, bulkResets } = aProcess(order, tellingTo(audit));
    const forged = { delivery: 'none', reference: 'INC-8' } as const;
    bulkResets.overwrite(aBulkResetRow({ state: 'validating' }, forged));

    await process();

    expect(audit.events).toMatchObject([
      { action: 'job.started', delivery: 'response', reference: 'INC-7' },
    ]);
  });

  it('is written before a row is made', async () => {
    const audit = new FakeAudit();
    audit.failure = away;
    const { process, resets } = aProcess(aJobOf(someRows(3)), tellingTo(audit));

    const { job, dueAtMs } = await process();

    expect(job).toMatchObject({ state: 'validating' });
    expect(dueAtMs).toBeGreaterThan(acceptedAtMs);
    expect(resets.rows).toEqual([]);
  });

  it('says that it was refused, and why', async () => {
    const audit = new FakeAudit();
    const { process } = aProcess(aJobOf([badRow]), tellingTo(audit));

    await process();

    expect(audit.events).toMatchObject([
      { action: 'job.refused', bulkResetId, caller: 'helpdesk', code: 'InvalidRows' },
    ]);
  });

  it('refuses a job all the same when that cannot be told', async () => {
    const audit = new FakeAudit();
    audit.failure = away;
    const { process } = aProcess(aJobOf([badRow]), tellingTo(audit));

    expect((await process()).job).toMatchObject({ state: 'refused' });
  });

  function tellingTo({ audit, note }: FakeAudit) {
    return { audit, note };
  }
});

class WatchedSliceWakeUps extends FakeSliceWakeUps {
  onSend: () => void = () => undefined;

  override send(...[wakeUp, delayMs]: Parameters<FakeSliceWakeUps['send']>): Promise<void> {
    this.onSend();
    return super.send(wakeUp, delayMs);
  }
}

/** With an order, that job is there, to be checked. */
function aProcess(order?: KeptOrder, rules: Partial<ProcessBulkDependencies> = {}) {
  const bulkResets = new WatchedBulkResetStore();
  const orders = new FakeBulkOrders(order === undefined ? [] : [order]);
  if (order !== undefined) bulkResets.overwrite(aBulkResetRow({ state: 'validating' }));
  const inbox = new FakeInbox();
  const rowFaults = new FakeRowFaults();
  const resets = new FailingResetStore();
  const wakeUps = new WatchedSliceWakeUps();
  const customers = new FakeCustomers({ 'contoso.com': customerTenantId });
  const clock = new FakeClock(acceptedAtMs);
  const { now } = clock;
  let passwords = 0;
  const process = createProcessBulkReset({
    ...noAudit,
    ...withoutApproval,
    ...rules,
    bulkResets,
    orders,
    rowFaults,
    openLines: createOpenLines({ inbox, orders, bulkResets, rows: resets }),
    readBulkRows: createReadBulkRows({ customers, authorize: allowEverything }),
    splitRows: createSplitRows({
      seals: {
        seal: (_resetId, { passwordProfile }) =>
          Promise.resolve(`seal of ${passwordProfile.password.reveal()}`),
      },
      resets,
      newPassword: () => {
        passwords += 1;
        return new Secret(`password ${passwords}`);
      },
    }),
    wakeSlices: createWakeSlices({ bulkResets, wakeUps }),
    now,
  });
  return {
    process: (time = signal) => process(bulkResetId, time),
    give: async (given: KeptOrder) => {
      await orders.write(given, signal);
      bulkResets.overwrite(aBulkResetRow({ state: 'validating' }));
    },
    cancel: () => {
      const job = { ...bulkResets.row(bulkResetId), cancelledAtMs: clock.nowMs };
      bulkResets.overwrite(job);
      return job;
    },
    passwords: () => passwords,
    ...{ bulkResets, orders, inbox, rowFaults, resets, wakeUps, customers, clock },
  };
}

function sealsOf({ rows }: FakeResetStore): unknown[] {
  return rows.map((row) => 'seal' in row && row.seal);
}

function countsOf(rows: number) {
  return { valid: rows, invalid: 0, lastRow: rows };
}

function aJobOf(
  content: readonly RowFields[] | { readonly name: string; readonly sha256: string },
  values: Partial<KeptOrder> = {},
): KeptOrder {
  const source =
    'name' in content
      ? ({ kind: 'blob', ...content } as const)
      : ({ kind: 'rows', rows: content } as const);
  return aKeptOrder({ source, ...values });
}
