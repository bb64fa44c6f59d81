import { describe, expect, it } from '@jest/globals';
import { customerNotFound } from '../../../shared/password-reset/customer-not-found.js';

describe('customerNotFound()', () => {
  it('says nothing of the customer, or of why', () => {
    expect(customerNotFound()).toMatchObject({
      code: 'CustomerNotFound',
      message: 'Cannot reset password: there is no such customer',
      target: 'customer',
    });
  });
});
