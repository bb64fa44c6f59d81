import type { EncryptedPassword, SealedRequest } from './ports.js';
import type { ResetFacts } from './reset-row.js';

/**
 * Whether the columns of a row say what its seal says, as far as that holds the same. Storage can be
 * written by others, and columns are acted on where no seal is open: they find, they count, they are told.
 */
export function isRequestOf(
  { caller, customerTenantId, delivery, acceptedAtMs, user }: SealedRequest,
  row: ResetFacts,
): boolean {
  const isTheirs = caller === row.caller && customerTenantId === row.customerTenantId;
  const isSameOrder = delivery === row.delivery && acceptedAtMs === row.acceptedAtMs;
  const isSameUser = user.kind !== 'id' || row.userId === undefined || user.userId === row.userId;
  return isTheirs && isSameOrder && isSameUser;
}

/** The same of what is sealed for a recipient: who asked, and for which user. */
export function isPasswordOf(
  { caller, customerTenantId, userId, acceptedAtMs }: EncryptedPassword,
  row: ResetFacts,
): boolean {
  const isTheirs = caller === row.caller && customerTenantId === row.customerTenantId;
  return isTheirs && userId === row.userId && acceptedAtMs === row.acceptedAtMs;
}
