import { ResetError } from './reset-error.js';

/** Says the same whether the customer is unknown or only out of the caller's scope. */
export function customerNotFound(): ResetError {
  return new ResetError('CustomerNotFound', 'Cannot reset password: there is no such customer', {
    target: 'customer',
  });
}
