import { describe, expect, it } from '@jest/globals';
import { mayReceive, maySee, permissions, toReader } from '../../../shared/callers/caller.js';
import { deliveries } from '../../../shared/password-reset/reset-row.js';
import { aCaller } from '../../builders/a-caller.js';
import { anotherCustomerTenantId, customerTenantId } from '../../builders/a-reset-row.js';

describe('maySee()', () => {
  it.each([
    ['all customers', 'all', true],
    ['this customer', new Set([customerTenantId]), true],
    ['this customer among others', new Set([anotherCustomerTenantId, customerTenantId]), true],
    ['another customer', new Set([anotherCustomerTenantId]), false],
    ['no customer', new Set<typeof customerTenantId>(), false],
  ] as const)('is for a caller with %s: %s %s', (_whom, customers, expected) => {
    expect(maySee(aCaller({ customers }), customerTenantId)).toBe(expected);
  });
});

describe('mayReceive()', () => {
  const everything = { permissions: new Set(permissions) };

  it.each(deliveries)('takes %s of the deliveries for itself alone', (delivery) => {
    const alone = aCaller({ ...everything, deliveries: new Set([delivery]) });

    expect(deliveries.filter((one) => mayReceive(alone, one))).toEqual([delivery]);
  });

  it('takes the permission readPassword, too, for an answer that holds the password', () => {
    const without = aCaller({ permissions: new Set(['reset'] as const) });

    expect(mayReceive(without, 'response')).toBe(false);
    expect(mayReceive(without, 'link')).toBe(true);
  });
});

describe('toReader()', () => {
  it('lets the caller read what it may see and receive now', () => {
    const reader = toReader(
      aCaller({
        deliveries: new Set(['link'] as const),
        recipientKeys: new Map([['one', { kty: 'RSA' }]]),
      }),
    );

    expect(reader.name).toBe('helpdesk');
    expect(deliveries.filter((delivery) => reader.mayReceive(delivery))).toEqual(['link']);
    expect(['one', 'two'].map((keyId) => reader.hasRecipientKey(keyId))).toEqual([true, false]);
    expect(
      [customerTenantId, anotherCustomerTenantId].map((customer) => reader.maySee(customer)),
    ).toEqual([true, false]);
  });
});
