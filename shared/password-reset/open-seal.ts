import type { EncryptedPassword, SealedRequest, Seals } from './ports.js';
import type { AppliedRow, OpenRow, ResetFacts } from './reset-row.js';

type Sealed<Row> = Row & { readonly seal: string };

/**
 * What the seal of a row asks for, or undefined when it does not open or the columns beside it say something else,
 * as far as both say the same. Storage can be written by others, and columns are acted on where no seal is open: they
 * find, they count, they are told.
 */
export async function openRequest(
  seals: Pick<Seals, 'open'>,
  row: OpenRow | Sealed<AppliedRow>,
  signal: AbortSignal,
): Promise<SealedRequest | undefined> {
  const request = await seals.open(row.resetId, row.seal, signal);
  return request !== undefined && isRequestOf(request, row) ? request : undefined;
}

/** The same of a row that keeps a password for a recipient. */
export async function openPassword(
  seals: Pick<Seals, 'openEncrypted'>,
  row: Sealed<AppliedRow>,
  signal: AbortSignal,
): Promise<EncryptedPassword | undefined> {
  const password = await seals.openEncrypted(row.resetId, row.seal, signal);
  return password !== undefined && isPasswordOf(password, row) ? password : undefined;
}

function isRequestOf(request: SealedRequest, row: OpenRow | AppliedRow): boolean {
  const { delivery, reference, user } = request;
  if (!isTheirs(request, row) || delivery !== row.delivery || reference !== row.reference) {
    return false;
  }
  // A password that is still to be shown is sealed with the user who was found.
  if (row.state === 'applied') return user.kind === 'id' && user.userId === row.userId;
  return user.kind !== 'id' || row.userId === undefined || user.userId === row.userId;
}

function isPasswordOf(password: EncryptedPassword, row: AppliedRow): boolean {
  const isSame = password.userId === row.userId && password.reference === row.reference;
  return isSame && isTheirs(password, row);
}

function isTheirs(
  {
    caller,
    customerTenantId,
    acceptedAtMs,
  }: Pick<SealedRequest, 'caller' | 'customerTenantId' | 'acceptedAtMs'>,
  row: ResetFacts,
): boolean {
  const isOfCaller = caller === row.caller && customerTenantId === row.customerTenantId;
  return isOfCaller && acceptedAtMs === row.acceptedAtMs;
}
