import { describe, expect, it } from '@jest/globals';
import type { BulkResetOrder, RowFields } from '../../../shared/bulk-reset/bulk-reset.js';
import { createReadBulkRows } from '../../../shared/bulk-reset/bulk-rows.js';
import {
  createProcessBulkReset,
  createRefuseBulkReset,
} from '../../../shared/bulk-reset/process-bulk-reset.js';
import { createSplitRows } from '../../../shared/bulk-reset/split-rows.js';
import { parseCustomerTenantId } from '../../../shared/password-reset/ids.js';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import { Secret } from '../../../shared/platform/secret.js';
import {
  aBulkResetOrder,
  aBulkResetRow,
  aCsv,
  aRow,
  bulkResetId,
  someRows,
} from '../../builders/a-bulk-reset.js';
import { acceptedAtMs, customerTenantId } from '../../builders/a-reset-row.js';
import { FakeBulkResetStore } from '../../fakes/fake-bulk-reset-store.js';
import { FakeClock } from '../../fakes/fake-clock.js';
import { FakeCustomers } from '../../fakes/fake-customers.js';
import { FakeInbox } from '../../fakes/fake-inbox.js';
import { FakeResetStore } from '../../fakes/fake-reset-store.js';
import { FakeRowFaults } from '../../fakes/fake-row-faults.js';
import { FakeWakeUps } from '../../fakes/fake-wake-ups.js';

const signal = new AbortController().signal;
const away = new ResetError('StorageUnavailable', 'is away');
const otherTenantId = parseCustomerTenantId('11111111-2222-4333-8444-555555555555');
const badRow = aRow({ user: 'nobody' });

describe('createProcessBulkReset()', () => {
  it('splits a job whose rows are all right', async () => {
    const { process, resets, wakeUps, bulkResets } = aProcess();

    const job = await process(aJobOf(someRows(3), { reference: 'INC-7' }));

    expect(job).toEqual({
      bulkResetId,
      caller: 'helpdesk',
      delivery: 'response',
      reference: 'INC-7',
      fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
      acceptedAtMs,
      state: 'split',
      counts: { valid: 3, invalid: 0, lastRow: 3 },
    });
    expect(bulkResets.row(bulkResetId)).toEqual(job);
    expect(resets.rows).toHaveLength(3);
    expect(wakeUps.sent).toHaveLength(3);
  });

  it('splits a file', async () => {
    const { process, resets, inbox } = aProcess();
    const file = inbox.put('march.csv', aCsv(1_001));

    const job = await process(aJobOf(file));

    expect(job).toMatchObject({ state: 'split', counts: { valid: 1_001, lastRow: 1_001 } });
    expect(resets.rows).toHaveLength(1_001);
  });

  describe('a bad row', () => {
    it('keeps everything from starting', async () => {
      const { process, resets, wakeUps, rowFaults } = aProcess();

      const job = await process(aJobOf([...someRows(2), badRow]));

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
      const { process, resets, inbox } = aProcess();
      const file = inbox.put('march.csv', `${aCsv(2_500)}nowhere.com,adele@nowhere.com\n`);

      const job = await process(aJobOf(file));

      expect(job).toMatchObject({ state: 'refused', counts: { valid: 2_500, invalid: 1 } });
      expect(resets.rows).toEqual([]);
    });

    it('is left out where the order says so', async () => {
      const { process, resets, rowFaults } = aProcess();
      const rows = [badRow, ...someRows(2), badRow];

      const job = await process(aJobOf(rows, { onInvalidRows: 'skip' }));

      expect(job).toMatchObject({ state: 'split', counts: { valid: 2, invalid: 2, lastRow: 4 } });
      expect(resets.rows.map(({ resetId }) => resetId)).toEqual([
        `${bulkResetId}-0000002`,
        `${bulkResetId}-0000003`,
      ]);
      expect(await rowFaults.read(bulkResetId)).toHaveLength(2);
    });

    it('refuses a job that has no other', async () => {
      const { process } = aProcess();

      const job = await process(aJobOf([badRow], { onInvalidRows: 'skip' }));

      expect(job).toMatchObject({
        state: 'refused',
        message: 'Nothing was started: 1 of 1 rows cannot be used',
      });
    });

    it('is kept with a thousand others at most', async () => {
      const { process, rowFaults } = aProcess();
      const rows = Array.from({ length: 1_001 }, () => badRow);

      expect(await process(aJobOf(rows))).toMatchObject({ counts: { invalid: 1_001 } });
      expect(await rowFaults.read(bulkResetId)).toHaveLength(1_000);
    });
  });

  it.each(['refuse', 'skip'] as const)(
    'refuses a file that breaks off in the middle, told to %s',
    async (onInvalidRows) => {
      const { process, resets, inbox, rowFaults } = aProcess();
      const file = inbox.put('march.csv', `${aCsv(3)}${customerTenantId},"adele\n`);

      const job = await process(aJobOf(file, { onInvalidRows }));

      expect(job).toMatchObject({ state: 'refused', counts: { valid: 3, invalid: 1 } });
      expect(resets.rows).toEqual([]);
      expect(await rowFaults.read(bulkResetId)).toMatchObject([{ line: 5 }]);
    },
  );

  describe('the file', () => {
    it('is refused when it is not the one that was meant', async () => {
      const { process, resets, inbox } = aProcess();
      const file = inbox.put('march.csv', aCsv(3));
      inbox.put('march.csv', aCsv(4));

      const job = await process(aJobOf(file));

      expect(job).toMatchObject({
        state: 'refused',
        code: 'InvalidRequest',
        message: expect.stringContaining('SHA-256 differs'),
      });
      expect(resets.rows).toEqual([]);
    });

    it('is refused when there is none', async () => {
      const { process, inbox } = aProcess();
      const file = inbox.put('march.csv', aCsv(3));
      inbox.delete('march.csv');

      expect(await process(aJobOf(file))).toMatchObject({
        state: 'refused',
        code: 'InvalidRequest',
        message: expect.stringContaining('no such file'),
      });
    });

    it('is the same version while it is checked and while it is split', async () => {
      const { process, inbox } = aProcess();

      await process(aJobOf(inbox.put('march.csv', aCsv(3))));

      expect(inbox.opened).toEqual([
        { name: 'march.csv', etag: '"1"' },
        { name: 'march.csv', etag: '"1"' },
      ]);
    });

    it('is not split when it was replaced after it was checked', async () => {
      const { process, resets, inbox, bulkResets } = aProcess();
      const file = inbox.put('march.csv', aCsv(3));
      bulkResets.onReplace = () => inbox.put('march.csv', aCsv(4));

      await expect(process(aJobOf(file))).rejects.toMatchObject({ code: 'StorageUnavailable' });

      expect(resets.rows).toEqual([]);
    });

    it('is not split on when it was replaced after a crash', async () => {
      const { process, resets, inbox } = aProcess();
      const order = aJobOf(inbox.put('march.csv', aCsv(3)));
      resets.failures.createMany = away;
      await expect(process(order)).rejects.toBe(away);
      delete resets.failures.createMany;
      inbox.put('march.csv', aCsv(4));

      expect(await process(order)).toMatchObject({
        state: 'stopped',
        code: 'InvalidRequest',
        message: expect.stringContaining('SHA-256 differs. Start a new job'),
      });

      expect(resets.rows).toEqual([]);
    });
  });

  describe('the same order again', () => {
    it('changes nothing once the job is split', async () => {
      const { process, resets, wakeUps, passwords } = aProcess();
      const first = await process(aJobOf(someRows(3)));
      const rows = resets.rows;

      expect(await process(aJobOf(someRows(3)))).toEqual(first);

      expect(resets.rows).toEqual(rows);
      expect(wakeUps.sent).toHaveLength(3);
      expect(passwords()).toBe(3);
    });

    it('finishes what was checked but not split', async () => {
      const { process, resets, bulkResets } = aProcess();
      resets.failures.createMany = away;
      await expect(process(aJobOf(someRows(3)))).rejects.toBe(away);
      expect(bulkResets.row(bulkResetId)).toMatchObject({ state: 'splitting' });
      delete resets.failures.createMany;

      expect(await process(aJobOf(someRows(3)))).toMatchObject({ state: 'split' });

      expect(resets.rows).toHaveLength(3);
    });

    it('finishes what was split in part, and each row keeps its password', async () => {
      const { process, resets, wakeUps } = aProcess();
      wakeUps.failAfter = 150;
      await expect(process(aJobOf(someRows(250)))).rejects.toBe(away);
      const sealsBefore = resets.rows.map((row) => 'seal' in row && row.seal);
      wakeUps.failAfter = Infinity;

      expect(await process(aJobOf(someRows(250)))).toMatchObject({ state: 'split' });

      const sealsAfter = resets.rows.map((row) => 'seal' in row && row.seal);
      expect(sealsBefore).toHaveLength(200);
      expect(sealsAfter.slice(0, 200)).toEqual(sealsBefore);
      expect(new Set(sealsAfter).size).toBe(250);
      expect(new Set(resets.rows.map(({ resetId }) => resetId)).size).toBe(250);
    });

    it('finishes what was split but not said to be', async () => {
      const { process, resets, bulkResets } = aProcess();
      bulkResets.failures.split = away;
      await expect(process(aJobOf(someRows(3)))).rejects.toBe(away);
      const rows = resets.rows;
      delete bulkResets.failures.split;

      expect(await process(aJobOf(someRows(3)))).toMatchObject({ state: 'split' });

      expect(resets.rows).toEqual(rows);
    });

    it('finishes when the first was over before anything was checked', async () => {
      const { process, customers } = aProcess();
      customers.failure = away;
      const order = aJobOf([aRow({ customer: 'contoso.com' })]);
      await expect(process(order)).rejects.toBe(away);
      customers.failure = undefined;

      expect(await process(order)).toMatchObject({ state: 'split' });
    });

    it('is taken up again after a refusal, for the file may be there by now', async () => {
      const { process, inbox } = aProcess();
      const file = inbox.put('march.csv', aCsv(3));
      inbox.delete('march.csv');
      await process(aJobOf(file));
      inbox.put('march.csv', aCsv(3));

      expect(await process(aJobOf(file))).toMatchObject({ state: 'split' });
    });
  });

  describe('another order under the same id', () => {
    it('may mend a refused one', async () => {
      const { process, resets } = aProcess();
      await process(aJobOf([badRow]));

      const job = await process(aJobOf([aRow()]));

      expect(job).toMatchObject({ state: 'split', counts: { valid: 1, invalid: 0 } });
      expect(resets.rows).toHaveLength(1);
    });

    it.each<[string, Partial<BulkResetOrder>]>([
      ['other rows', { source: { kind: 'rows', rows: someRows(2) } }],
      ['another delivery', { delivery: 'none' }],
      ['another caller', { caller: 'bulk-queue' }],
      ['another flag', { forceChangePassword: false }],
    ])('is a conflict when it has %s', async (_, other) => {
      const { process, resets } = aProcess();
      await process(aJobOf(someRows(1)));
      const rows = resets.rows;

      await expect(process(aJobOf(someRows(1), other))).rejects.toMatchObject({
        code: 'BulkResetConflict',
      });

      expect(resets.rows).toEqual(rows);
    });

    it('is a conflict with the refused one of somebody else', async () => {
      const { process, bulkResets } = aProcess();
      await process(aJobOf([badRow]));

      await expect(process(aJobOf([aRow()], { caller: 'bulk-queue' }))).rejects.toMatchObject({
        code: 'BulkResetConflict',
      });

      expect(bulkResets.row(bulkResetId)).toMatchObject({ caller: 'helpdesk', state: 'refused' });
    });
  });

  describe('a job that takes longer than an invocation', () => {
    it('ends its time where it can be continued', async () => {
      const { process, wakeUps, bulkResets, resets } = aProcess();
      const time = new AbortController();
      wakeUps.onSend = () => {
        if (wakeUps.sent.length >= 1_100) time.abort();
      };

      const job = await process(aJobOf(someRows(1_500)), time.signal);

      expect(job).toMatchObject({ state: 'splitting', splitRows: 1_200 });
      expect(bulkResets.row(bulkResetId)).toEqual(job);
      expect(resets.rows).toHaveLength(1_200);
    });

    it('continues after the rows that are made', async () => {
      const { process, wakeUps, passwords } = aProcess();
      wakeUps.failAfter = 1_250;
      await expect(process(aJobOf(someRows(1_500)))).rejects.toBe(away);
      wakeUps.failAfter = Infinity;
      const before = passwords();

      expect(await process(aJobOf(someRows(1_500)))).toMatchObject({ state: 'split' });

      expect(passwords() - before).toBe(500);
    });

    it('comes again when the time is over before anything was made', async () => {
      const { process, customers } = aProcess();
      customers.failure = new DOMException('The operation was aborted', 'TimeoutError');
      const order = aJobOf([aRow({ customer: 'contoso.com' })]);

      await expect(process(order, AbortSignal.abort())).rejects.toMatchObject({
        recovery: 'later',
      });
    });

    it.each<['refuse' | 'skip', (customers: FakeCustomers) => void]>([
      ['refuse', ({ byDomain }) => byDomain.delete('contoso.com')],
      ['skip', ({ byDomain }) => byDomain.set('nowhere.com', customerTenantId)],
      ['refuse', ({ byDomain }) => byDomain.set('contoso.com', otherTenantId)],
    ])(
      'is stopped when its rows have come to something else meanwhile: %s, case %#',
      async (onInvalidRows, change) => {
        const { process, resets, customers } = aProcess();
        const rows = [aRow({ customer: 'contoso.com' })];
        if (onInvalidRows === 'skip') rows.push(aRow({ customer: 'nowhere.com', user: 'a@b.com' }));
        const order = aJobOf(rows, { onInvalidRows });
        resets.failures.createMany = away;
        await expect(process(order)).rejects.toBe(away);
        delete resets.failures.createMany;
        change(customers);

        expect(await process(order)).toMatchObject({ state: 'stopped', code: 'InvalidRows' });

        expect(resets.rows).toEqual([]);
      },
    );
  });

  describe('a failure that does not pass', () => {
    const expired = new ResetError('ReconsentRequired', 'Consent is needed');

    it('refuses a job that is being checked', async () => {
      const { process, customers, bulkResets } = aProcess();
      customers.failure = expired;

      const job = await process(aJobOf([aRow({ customer: 'contoso.com' })]));

      expect(job).toMatchObject({
        state: 'refused',
        code: 'ReconsentRequired',
        message: 'Consent is needed',
      });
      expect(bulkResets.row(bulkResetId)).toEqual(job);
    });

    it('stops a job that is being split, for good', async () => {
      const { process, resets, bulkResets } = aProcess();
      resets.failures.createMany = expired;

      const job = await process(aJobOf(someRows(3)));
      delete resets.failures.createMany;
      const again = await process(aJobOf(someRows(3)));

      expect(job).toMatchObject({
        state: 'stopped',
        code: 'ReconsentRequired',
        message: 'Consent is needed. Start a new job for the rows that were not started',
        counts: { valid: 3, invalid: 0, lastRow: 3 },
        splitRows: 0,
      });
      expect([bulkResets.row(bulkResetId), again]).toEqual([job, job]);
      expect(resets.rows).toEqual([]);
    });

    it.each([
      ['waits for a day', 24 * 3_600_000 - 1, 'rejected'],
      ['waits no longer', 24 * 3_600_000, 'fulfilled'],
    ])('is also what may pass but %s', async (_, ageMs, status) => {
      const { process, resets, clock } = aProcess();
      resets.failures.createMany = away;
      await expect(process(aJobOf(someRows(3)))).rejects.toBe(away);
      clock.pass(ageMs);

      const [result] = await Promise.allSettled([process(aJobOf(someRows(3)))]);

      expect(result).toMatchObject({ status });
    });
  });

  it('rejects, to come again, when somebody else changed the job meanwhile', async () => {
    const { process, resets, bulkResets } = aProcess();
    bulkResets.onReplace = (row) => bulkResets.overwrite(row);

    await expect(process(aJobOf(someRows(3)))).rejects.toMatchObject({ recovery: 'later' });

    expect(resets.rows).toEqual([]);
  });

  it('leaves two who work on one job with each row once', async () => {
    const { process, resets, bulkResets } = aProcess();

    const results = await Promise.allSettled([
      process(aJobOf(someRows(250))),
      process(aJobOf(someRows(250))),
    ]);
    await process(aJobOf(someRows(250)));

    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(bulkResets.row(bulkResetId)).toMatchObject({ state: 'split' });
    expect(resets.rows).toHaveLength(250);
  });
});

describe('createRefuseBulkReset()', () => {
  const error = new ResetError('PermissionDenied', 'The bulk queue is closed');
  const refusing = { bulkResetId, caller: 'bulk-queue' };

  it('records why an order was not taken', async () => {
    const bulkResets = new FakeBulkResetStore();

    await createRefuseBulkReset({ bulkResets, now: () => acceptedAtMs })(refusing, error);

    expect(bulkResets.row(bulkResetId)).toEqual({
      bulkResetId,
      caller: 'bulk-queue',
      delivery: 'none',
      fingerprint: '',
      acceptedAtMs,
      state: 'refused',
      code: 'PermissionDenied',
      message: 'The bulk queue is closed',
    });
  });

  it('says which field of the order it was', async () => {
    const bulkResets = new FakeBulkResetStore();
    const unknown = new ResetError('InvalidRequest', 'No such field', {
      target: 'rows.3.password',
    });

    await createRefuseBulkReset({ bulkResets, now: () => acceptedAtMs })(refusing, unknown);

    expect(bulkResets.row(bulkResetId)).toMatchObject({
      message: 'rows.3.password: No such field',
    });
  });

  it('leaves a job alone that has the id already', async () => {
    const running = aBulkResetRow();
    const bulkResets = new FakeBulkResetStore([running]);

    await createRefuseBulkReset({ bulkResets, now: () => acceptedAtMs })(refusing, error);

    expect(bulkResets.row(bulkResetId)).toEqual(running);
  });
});

class WatchedBulkResetStore extends FakeBulkResetStore {
  /** Called before a job is replaced. */
  onReplace: (row: Parameters<FakeBulkResetStore['replace']>[0]) => void = () => undefined;

  override replace(...[row, etag]: Parameters<FakeBulkResetStore['replace']>) {
    this.onReplace(row);
    return super.replace(row, etag);
  }
}

/** A queue that goes away after so many messages. */
class FailingWakeUps extends FakeWakeUps {
  failAfter = Infinity;
  onSend: () => void = () => undefined;

  override send(resetId: string, delayMs: number): Promise<void> {
    this.onSend();
    return this.sent.length < this.failAfter ? super.send(resetId, delayMs) : Promise.reject(away);
  }
}

function aProcess() {
  const bulkResets = new WatchedBulkResetStore();
  const inbox = new FakeInbox();
  const rowFaults = new FakeRowFaults();
  const resets = new FakeResetStore();
  const wakeUps = new FailingWakeUps();
  const customers = new FakeCustomers({ 'contoso.com': customerTenantId });
  const clock = new FakeClock(acceptedAtMs);
  const { now } = clock;
  let passwords = 0;
  const process = createProcessBulkReset({
    bulkResets,
    inbox,
    rowFaults,
    readBulkRows: createReadBulkRows({ customers, authorize: () => Promise.resolve() }),
    splitRows: createSplitRows({
      seals: {
        seal: (_resetId, { passwordProfile }) =>
          Promise.resolve(`seal of ${passwordProfile.password.reveal()}`),
      },
      resets,
      wakeUps,
      newPassword: () => {
        passwords += 1;
        return new Secret(`password ${passwords}`);
      },
      now,
    }),
    now,
  });
  return {
    process: (order: BulkResetOrder, time = signal) => process(order, time),
    passwords: () => passwords,
    ...{ bulkResets, inbox, rowFaults, resets, wakeUps, customers, clock },
  };
}

function aJobOf(
  content: readonly RowFields[] | { readonly name: string; readonly sha256: string },
  values: Partial<BulkResetOrder> = {},
): BulkResetOrder {
  const source =
    'name' in content
      ? ({ kind: 'blob', ...content } as const)
      : ({ kind: 'rows', rows: content } as const);
  return aBulkResetOrder({ source, ...values });
}
