import { generatePassword } from '../../shared/password-reset/password.js';
import type { SealedRequest } from '../../shared/password-reset/ports.js';
import { acceptedAtMs, customerTenantId, userId } from './a-reset-row.js';

/** What a helpdesk asks for: a generated password for a user known by id. */
export function aSealedRequest(values: Partial<SealedRequest> = {}): SealedRequest {
  return {
    caller: 'helpdesk',
    permission: 'reset',
    delivery: 'response',
    customerTenantId,
    user: { kind: 'id', userId },
    passwordProfile: {
      password: generatePassword({ kind: 'random', length: 16 }),
      forceChangePassword: true,
    },
    isChosen: false,
    acceptedAtMs,
    ...values,
  };
}
