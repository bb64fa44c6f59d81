import { describe, expect, it } from '@jest/globals';
import { maySee } from '../../../shared/callers/caller.js';
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
