import { ResetError } from './reset-error.js';

/** Says the same whether there is no such reset or only none of the caller's. */
export function passwordResetNotFound(): ResetError {
  return new ResetError('PasswordResetNotFound', 'There is no such password reset');
}
