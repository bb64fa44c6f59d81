import { describe, expect, it } from '@jest/globals';
import type { CheckedRow } from '../../../shared/bulk-reset/bulk-rows.js';
import { checkRows } from '../../../shared/bulk-reset/check-rows.js';
import { type CustomerTenantId, parseUserReference } from '../../../shared/password-reset/ids.js';

describe('checkRows()', () => {
  it('counts the rows that can be used by customer, most first, ties by id', async () => {
    const checked = await checkRows(
      rowsOf([tenant(2), tenant(3), tenant(1), tenant(3), 'faulty', tenant(2)]),
    );

    expect(checked).toMatchObject({
      counts: { valid: 5, invalid: 1, lastRow: 6 },
      customers: 3,
      largestCustomers: [
        { customerTenantId: tenant(2), rows: 2 },
        { customerTenantId: tenant(3), rows: 2 },
        { customerTenantId: tenant(1), rows: 1 },
      ],
    });
  });

  it('names a hundred customers at most, and counts them all', async () => {
    const tenants = Array.from({ length: 150 }, (_, index) => tenant(index));

    const { customers, largestCustomers } = await checkRows(rowsOf([...tenants, tenant(149)]));

    expect(customers).toBe(150);
    expect(largestCustomers).toHaveLength(100);
    expect(largestCustomers[0]).toEqual({ customerTenantId: tenant(149), rows: 2 });
    expect(JSON.stringify(largestCustomers).length).toBeLessThan(32_000);
  });
});

async function* rowsOf(
  tenants: readonly (CustomerTenantId | 'faulty')[],
): AsyncGenerator<CheckedRow> {
  for (const [index, customerTenantId] of tenants.entries()) {
    const row = index + 1;
    yield await Promise.resolve<CheckedRow>(
      customerTenantId === 'faulty'
        ? { fault: { row, code: 'InvalidRows', message: '' } }
        : {
            ...{ row, customerTenantId, forceChangePassword: true },
            user: parseUserReference(`user-${row}@contoso.com`),
          },
    );
  }
}

function tenant(number: number): CustomerTenantId {
  return `0b6e1a37-2f5c-4c0e-9a52-${String(number).padStart(12, '0')}` as CustomerTenantId;
}
