import { describe, expect, it } from '@jest/globals';
import { isResetErrorCode, ResetError } from '../../../shared/password-reset/reset-error.js';

describe('ResetError', () => {
  it('holds what it was given', () => {
    const cause = new Error('the original');
    const details = [{ code: 'InvalidRows', message: 'user is missing', target: 'user' }] as const;
    const options = { cause, retryAfterMs: 7, target: 'rows[3].user', correlationId: '1', details };

    expect(new ResetError('InvalidRows', 'Rows cannot be used', options)).toMatchObject({
      name: 'ResetError',
      code: 'InvalidRows',
      message: 'Rows cannot be used',
      ...options,
    });
  });

  it('has no cause unless it was given one', () => {
    expect(new ResetError('Throttled', 'Later')).not.toHaveProperty('cause');
  });

  it.each([
    ['UserNotFound', 'never'],
    ['Throttled', 'later'],
    ['OutcomeUnknown', 'unknown'],
  ] as const)('knows what another attempt can do after %s: %s', (code, recovery) => {
    expect(new ResetError(code, code).recovery).toBe(recovery);
  });
});

describe('isResetErrorCode()', () => {
  it.each([
    ['UserNotFound', true],
    ['userNotFound', false],
    ['', false],
    ['toString', false],
    ['__proto__', false],
  ])('is for %j: %s', (text, expected) => {
    expect(isResetErrorCode(text)).toBe(expected);
  });
});
