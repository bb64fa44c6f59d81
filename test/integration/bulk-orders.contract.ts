import { beforeEach, describe, expect, it } from '@jest/globals';
import type { KeptOrder } from '../../shared/bulk-reset/bulk-reset.js';
import type { BulkOrders } from '../../shared/bulk-reset/ports.js';
import { parseCustomerReference } from '../../shared/password-reset/ids.js';
import { aKeptOrder, aCsv, aRow, someRows } from '../builders/a-bulk-reset.js';
import { customerTenantId } from '../builders/a-reset-row.js';

const { signal } = new AbortController();

/** What every store of orders does, whatever it is made of. */
// eslint-disable-next-line jest/no-export -- one suite runs on the fake and on the adapter
export function describeBulkOrders(name: string, open: () => Promise<BulkOrders>): void {
  describe(`${name} as BulkOrders`, () => {
    let orders: BulkOrders;

    beforeEach(async () => {
      orders = await open();
    });

    it.each<[string, Partial<KeptOrder>]>([
      ['a row', {}],
      ['a thousand rows', { source: { kind: 'rows', rows: someRows(1_000) } }],
      [
        'rows with all that a row may have, however it is written',
        {
          source: {
            kind: 'rows',
            rows: [
              aRow({ forceChangePassword: 'nein', reference: 'Größe “;” 🔑' }),
              aRow({ forceChangePassword: false }),
              { user: '' },
            ],
          },
        },
      ],
      ['a CSV', { source: { kind: 'csv', csv: aCsv(1_000) } }],
      ['a CSV that is empty', { source: { kind: 'csv', csv: '' } }],
      ['a file', { source: { kind: 'blob', name: 'a b/c.csv', sha256: 'ab'.repeat(32) } }],
      ['failed rows', { source: { kind: 'failedRows', of: 'job-1' } }],
      ['a customer', { customer: parseCustomerReference(customerTenantId) }],
      ['a domain', { customer: parseCustomerReference('contoso.com') }],
      [
        'other choices',
        {
          delivery: 'none',
          forceChangePassword: false,
          onInvalidRows: 'skip',
          reference: 'INC-7',
        },
      ],
    ])('keeps an order as it is: %s', async (_what, values) => {
      const order = aKeptOrder(values);

      await orders.write(order, signal);

      expect(await orders.read(order.bulkResetId, signal)).toStrictEqual(order);
    });

    it('keeps the orders of jobs apart', async () => {
      const order = aKeptOrder({ bulkResetId: 'job-1' });
      await orders.write(order, signal);
      await orders.write(aKeptOrder({ bulkResetId: 'job-2', caller: 'portal' }), signal);

      expect(await orders.read('job-1', signal)).toStrictEqual(order);
    });

    it('can be told the same order again', async () => {
      const order = aKeptOrder();
      await orders.write(order, signal);
      await orders.write(order, signal);

      expect(await orders.read(order.bulkResetId, signal)).toStrictEqual(order);
    });

    it('knows no order that there is not', async () => {
      expect(await orders.read('job-1', signal)).toBeUndefined();
    });

    it('forgets an order, and no other', async () => {
      const other = aKeptOrder({ bulkResetId: 'job-2' });
      await orders.write(aKeptOrder({ bulkResetId: 'job-1' }), signal);
      await orders.write(other, signal);

      await orders.delete('job-1');
      await orders.delete('job-1');

      expect(await orders.read('job-1', signal)).toBeUndefined();
      expect(await orders.read('job-2', signal)).toStrictEqual(other);
    });

    it('ends when it is told to', async () => {
      const order = aKeptOrder();
      await orders.write(order, signal);
      const aborted = AbortSignal.abort(new Error('The host stops'));

      await expect(orders.write(order, aborted)).rejects.toThrow('The host stops');
      await expect(orders.read(order.bulkResetId, aborted)).rejects.toThrow('The host stops');
    });
  });
}
