import type { EncryptedPassword } from '../../shared/password-reset/ports.js';
import { acceptedAtMs, customerTenantId, userId } from './a-reset-row.js';

/** For the key of the recipient, as a row of the helpdesk has it. */
export function anEncryptedPassword(values: Partial<EncryptedPassword> = {}): EncryptedPassword {
  return {
    caller: 'helpdesk',
    customerTenantId,
    userId,
    acceptedAtMs,
    encryptedPassword: 'for recipient-1: a JWE',
    ...values,
  };
}
