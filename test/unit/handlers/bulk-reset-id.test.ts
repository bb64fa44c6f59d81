import { describe, expect, it } from '@jest/globals';
import { bulkResetIdOfKey, mayBeChosen } from '../../../shared/handlers/bulk-reset-id.js';

describe('mayBeChosen()', () => {
  it.each([
    ['3c9f5a52-0b1e-4d7a-8a37-5e0f6b2d9c21', true],
    ['3C9F5A52-0B1E-4D7A-8A37-5E0F6B2D9C21', true],
    ['00000000-0000-0000-0000-000000000000', true],
    ['3c9f5a52-0b1e-5d7a-8a37-5e0f6b2d9c21', false],
    ['3c9f5a52', false],
    [bulkResetIdOfKey('helpdesk', 'monday'), false],
  ])('of %s is %s', (id, expected) => {
    expect(mayBeChosen(id)).toBe(expected);
  });
});

describe('bulkResetIdOfKey()', () => {
  it('gives the same id for the same key of the same caller alone', () => {
    const id = bulkResetIdOfKey('helpdesk', 'monday');

    expect(bulkResetIdOfKey('helpdesk', 'monday')).toBe(id);
    expect(bulkResetIdOfKey('helpdesk', 'tuesday')).not.toBe(id);
    expect(bulkResetIdOfKey('flow', 'monday')).not.toBe(id);
  });
});
