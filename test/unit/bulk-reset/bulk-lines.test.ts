import { describe, expect, it } from '@jest/globals';
import { type BulkLine, createOpenLines } from '../../../shared/bulk-reset/bulk-lines.js';
import {
  type BulkResetOrder,
  type BulkResetState,
  bulkRowResetId,
} from '../../../shared/bulk-reset/bulk-reset.js';
import { parseCustomerReference } from '../../../shared/password-reset/ids.js';
import type { ResetRow } from '../../../shared/password-reset/reset-row.js';
import {
  aBulkResetOrder,
  aBulkResetRow,
  aCsv,
  aKeptOrder,
  aRow,
  bulkResetId as retryId,
  someRows,
} from '../../builders/a-bulk-reset.js';
import { aResetRow, customerTenantId } from '../../builders/a-reset-row.js';
import { FakeBulkOrders } from '../../fakes/fake-bulk-orders.js';
import { FakeBulkResetStore } from '../../fakes/fake-bulk-reset-store.js';
import { FakeInbox } from '../../fakes/fake-inbox.js';
import { FakeResetStore } from '../../fakes/fake-reset-store.js';

const signal = new AbortController().signal;
const firstId = '11111111-0b1e-4d7a-8a37-5e0f6b2d9c21';
const secondId = '22222222-0b1e-4d7a-8a37-5e0f6b2d9c21';
type StateName = ResetRow['state'];

describe('createOpenLines()', () => {
  it('numbers rows from 1', async () => {
    const { linesOf } = aSource();

    expect(await linesOf(aBulkResetOrder({ source: { kind: 'rows', rows: someRows(2) } }))).toEqual(
      someRows(2).map((fields, index) => ({ row: index + 1, fields })),
    );
  });

  it('reads a CSV that came with the order', async () => {
    const { linesOf } = aSource();
    const csv = `customer,user\n${customerTenantId},adèle@contoso.com\n`;

    expect(await linesOf(aBulkResetOrder({ source: { kind: 'csv', csv } }))).toMatchObject([
      { line: 2, row: 1, fields: { customer: customerTenantId, user: 'adèle@contoso.com' } },
    ]);
  });

  it.each([
    ['rows', { kind: 'rows', rows: someRows(3) } as const],
    ['a CSV', { kind: 'csv', csv: aCsv(3) } as const],
  ])('reads %s as often as it is asked', async (_, source) => {
    const { open } = aSource();
    const lines = open(aBulkResetOrder({ source }), signal);

    const first = await collect(lines.read());

    expect(first).toHaveLength(3);
    expect(await collect(lines.read())).toEqual(first);
    await expect(lines.requireSameContent()).resolves.toBeUndefined();
  });

  describe('a file', () => {
    it('is read as it was ordered', async () => {
      const { inbox, open } = aSource();
      const file = inbox.put('march.csv', aCsv(2));
      const lines = open(aBulkResetOrder({ source: { kind: 'blob', ...file } }), signal);

      expect(await collect(lines.read())).toMatchObject([{ row: 1 }, { row: 2 }]);

      await expect(lines.requireSameContent()).resolves.toBeUndefined();
    });

    it('is told from another one', async () => {
      const { inbox, open } = aSource();
      const file = inbox.put('march.csv', aCsv(2));
      inbox.put('march.csv', aCsv(3));
      const lines = open(aBulkResetOrder({ source: { kind: 'blob', ...file } }), signal);
      await collect(lines.read());

      await expect(lines.requireSameContent()).rejects.toMatchObject({ code: 'InvalidRequest' });
    });

    it('that is not there cannot be read', async () => {
      const { linesOf } = aSource();
      const order = aBulkResetOrder({ source: { kind: 'blob', name: 'none.csv', sha256: '' } });

      await expect(linesOf(order)).rejects.toMatchObject({
        code: 'InvalidRequest',
        message: expect.stringContaining('no file with this name and SHA-256'),
      });
    });
  });

  describe('the rows of another job that failed', () => {
    const retry = aBulkResetOrder({ source: { kind: 'failedRows', of: firstId } });

    it('are read with the numbers they had there', async () => {
      const { linesOf, given } = aSource();
      given(firstId, ['applied', 'rejected', 'attention', 'cancelled', 'applied']);

      const rows = someRows(5);
      expect(await linesOf(retry)).toMatchObject([
        { row: 2, fields: rows[1] },
        { row: 3, fields: rows[2] },
        { row: 4, fields: rows[3] },
      ]);
    });

    it('are the same when they are read again', async () => {
      const { open, given } = aSource();
      given(firstId, ['rejected', 'applied', 'cancelled']);
      const lines = open(retry, signal);

      expect(await collect(lines.read())).toEqual(await collect(lines.read()));
    });

    it('leave out what was left out there', async () => {
      const { linesOf, given } = aSource();
      const rows = [aRow({ user: 'nobody' }), ...someRows(1)];
      given(firstId, [undefined, 'rejected'], { source: { kind: 'rows', rows } });

      expect(await linesOf(retry)).toMatchObject([{ row: 2 }]);
    });

    it('are found over several shards', async () => {
      const { linesOf, given } = aSource();
      const states = Array.from({ length: 2_500 }, (_, index): StateName =>
        index % 1_000 === 999 ? 'rejected' : 'applied',
      );
      given(firstId, states);

      expect(await linesOf(retry)).toMatchObject([{ row: 1_000 }, { row: 2_000 }]);
    });

    it.each([
      ['domain', 'contoso.com'],
      ['id', customerTenantId],
    ])('mean what they meant there where they say nothing: %s', async (_, customer) => {
      const { linesOf, given } = aSource();
      given(firstId, ['rejected'], {
        customer: parseCustomerReference(customer),
        forceChangePassword: false,
        source: { kind: 'rows', rows: [{ user: 'adele@contoso.com' }] },
      });

      expect(await linesOf(retry)).toMatchObject([
        { fields: { customer, forceChangePassword: false } },
      ]);
    });

    it('may be those of a job that ran failed rows itself', async () => {
      const { linesOf, given } = aSource();
      given(firstId, ['applied', 'rejected', 'rejected', 'cancelled']);
      given(secondId, [undefined, 'applied', 'rejected', 'attention'], {
        source: { kind: 'failedRows', of: firstId },
      });
      const order = aBulkResetOrder({ source: { kind: 'failedRows', of: secondId } });

      expect(await linesOf(order)).toMatchObject([
        { row: 3, fields: someRows(3)[2] },
        { row: 4, fields: someRows(4)[3] },
      ]);
    });

    it('must be in the very file that they were in', async () => {
      const { inbox, open, given } = aSource();
      const file = inbox.put('march.csv', aCsv(2));
      given(firstId, ['rejected', 'rejected'], { source: { kind: 'blob', ...file } });
      inbox.put('march.csv', aCsv(3));
      const lines = open(retry, signal);
      await collect(lines.read());

      await expect(lines.requireSameContent()).rejects.toMatchObject({ code: 'InvalidRequest' });
    });

    it('are not there when the job is unknown, or its order is gone', async () => {
      const { linesOf, given, orders } = aSource();
      await expect(linesOf(retry)).rejects.toMatchObject({ code: 'BulkResetNotFound' });
      given(firstId, ['rejected']);
      await orders.delete(firstId);

      await expect(linesOf(retry)).rejects.toMatchObject({ code: 'BulkResetNotFound' });
    });

    it('are not there when the job is that of somebody else', async () => {
      const { linesOf, given } = aSource();
      given(firstId, ['rejected'], { caller: 'somebody-else' });

      await expect(linesOf(retry)).rejects.toMatchObject({ code: 'BulkResetNotFound' });
    });

    it.each<StateName>(['queued', 'claimed', 'uncertain'])(
      'are not known while a row is %s',
      async (state) => {
        const { linesOf, given } = aSource();
        given(firstId, ['rejected', state]);

        await expect(linesOf(retry)).rejects.toMatchObject({ code: 'BulkResetConflict' });
      },
    );

    it.each<BulkResetState>([
      { state: 'validating' },
      { state: 'splitting', counts: countsOf(1), checkedSha256: '', splitRows: 1 },
      { state: 'refused', code: 'InvalidRows', message: '', counts: countsOf(1) },
    ])('are not known of a job that is $state', async (state) => {
      const { linesOf, given, bulkResets } = aSource();
      given(firstId, ['rejected']);
      bulkResets.overwrite(aBulkResetRow(state, { bulkResetId: firstId }));

      await expect(linesOf(retry)).rejects.toMatchObject({ code: 'BulkResetConflict' });
    });

    it('are the same when they are read again, whatever has come to them meanwhile', async () => {
      const { open, given } = aSource();
      given(firstId, ['applied', 'rejected', 'applied']);
      const lines = open(retry, signal);
      const first = await collect(lines.read());
      given(firstId, ['rejected', 'rejected', 'rejected']);

      expect(await collect(lines.read())).toEqual(first);
    });

    it('are not told from the order that had the id before', async () => {
      const { linesOf, orders, given } = aSource();
      given(firstId, ['rejected']);
      await orders.write(aKeptOrder({ bulkResetId: firstId, fingerprint: 'another' }), signal);

      const order = aBulkResetOrder({ source: { kind: 'failedRows', of: firstId } });

      await expect(linesOf(order)).rejects.toMatchObject({ code: 'BulkResetNotFound' });
    });

    it('are never those of the job itself', async () => {
      const { linesOf, orders, bulkResets } = aSource();
      const order = aKeptOrder({ source: { kind: 'failedRows', of: retryId } });
      await orders.write(order, signal);
      bulkResets.overwrite(aBulkResetRow({ state: 'validating' }));

      await expect(linesOf(order)).rejects.toMatchObject({ code: 'BulkResetConflict' });
    });

    it('are those that were made when the job was stopped', async () => {
      const { linesOf, given, bulkResets } = aSource();
      given(firstId, ['applied', 'cancelled', undefined]);
      const stopped = { state: 'stopped', code: 'Cancelled', message: '', splitRows: 2 } as const;
      bulkResets.overwrite(
        aBulkResetRow({ ...stopped, counts: countsOf(3) }, { bulkResetId: firstId }),
      );

      expect(await linesOf(retry)).toMatchObject([{ row: 2 }]);
    });
  });
});

function aSource() {
  const inbox = new FakeInbox();
  const orders = new FakeBulkOrders();
  const bulkResets = new FakeBulkResetStore();
  const rows = new FakeResetStore();
  const open = createOpenLines({ inbox, orders, bulkResets, rows });
  return {
    ...{ inbox, orders, bulkResets, open },
    linesOf: (order: BulkResetOrder) => collect(open(order, signal).read()),
    /** A job that is split, with a row in each state; undefined for a row that was left out. */
    given: (
      bulkResetId: string,
      states: readonly (StateName | undefined)[],
      values: Partial<BulkResetOrder> = {},
    ) => {
      const source = { kind: 'rows', rows: someRows(states.length) } as const;
      void orders.write(aKeptOrder({ source, ...values, bulkResetId }), signal);
      const counts = countsOf(states.length);
      bulkResets.overwrite(aBulkResetRow({ state: 'split', counts }, { bulkResetId }));
      for (const [index, state] of states.entries()) {
        const resetId = bulkRowResetId(bulkResetId, index + 1);
        if (state !== undefined) rows.overwrite(aResetRow({ resetId, state }));
      }
    },
  };
}

async function collect(lines: AsyncIterable<BulkLine>): Promise<BulkLine[]> {
  const collected: BulkLine[] = [];
  for await (const line of lines) collected.push(line);
  return collected;
}

function countsOf(rows: number) {
  return { valid: rows, invalid: 0, lastRow: rows };
}
