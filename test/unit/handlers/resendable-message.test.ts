import { describe, expect, it } from '@jest/globals';
import { fitsIntoMessage, toResendable } from '../../../shared/handlers/resendable-message.js';

const bulkResetId = '3c9f5a52-0b1e-4d7a-8a37-5e0f6b2d9c21';
const canary = 'canary-7f3a';

describe('toResendable()', () => {
  it.each<[string, object]>([
    [
      'rows',
      {
        customer: 'contoso.com',
        rows: [{ customer: 'a.com', user: 'b', forceChangePassword: false, reference: 'c' }],
      },
    ],
    ['a file', { blob: { name: 'a.csv', sha256: 'AB' } }],
    ['another job', { retryOf: bulkResetId }],
  ])('keeps all that is known of an order with %s', (_, content) => {
    const order = {
      delivery: 'none',
      forceChangePassword: true,
      onInvalidRows: 'skip',
      reference: 'INC-7',
      ...content,
    };

    expect(toResendable(order, bulkResetId)).toEqual({ ...order, bulkResetId });
  });

  it.each<[string, unknown, object]>([
    ['text', canary, {}],
    ['nothing', undefined, {}],
    ['a list', [canary], {}],
    ['an unknown field', { delivery: 'none', password: canary }, { delivery: 'none' }],
    ['an id of its own', { bulkResetId: canary }, {}],
    ['an unknown field of a row', { rows: [{ user: 'a', pw: canary }] }, { rows: [{ user: 'a' }] }],
    ['a row that is text', { rows: [{ user: 'a' }, canary] }, { rows: [{ user: 'a' }, {}] }],
    ['an unknown field of a file', { blob: { name: 'a', sas: canary } }, { blob: { name: 'a' } }],
    ['an object where text belongs', { reference: { pw: canary } }, {}],
    ['an object in a row', { rows: [{ user: { pw: canary } }] }, { rows: [{}] }],
    ['rows that are text', { rows: canary, blob: canary }, {}],
  ])('keeps nothing else: %s', (_, message, expected) => {
    expect(toResendable(message, bulkResetId)).toEqual({ ...expected, bulkResetId });
  });
});

describe('fitsIntoMessage()', () => {
  it.each([
    [49_152, true],
    [49_153, false],
  ])('is told %d bytes: %s', (bytes, expected) => {
    const frame = JSON.stringify({ user: 'é' });
    const user = `é${'x'.repeat(bytes - Buffer.byteLength(frame))}`;

    expect(fitsIntoMessage({ user })).toBe(expected);
  });
});
