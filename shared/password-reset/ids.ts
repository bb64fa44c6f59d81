/** GUID of a customer's Entra tenant, in lower case. */
export type CustomerTenantId = string & { readonly brand: 'CustomerTenantId' };

/** GUID of a user in a customer's tenant, in lower case. */
export type UserId = string & { readonly brand: 'UserId' };

/** A user's sign-in name as given. It can change, so it is never a key. */
export type UserPrincipalName = string & { readonly brand: 'UserPrincipalName' };

/** A domain of a customer, in lower case. */
export type CustomerDomain = string & { readonly brand: 'CustomerDomain' };

/** How a caller may name a customer. */
export type CustomerReference =
  | { readonly kind: 'id'; readonly customerTenantId: CustomerTenantId }
  | { readonly kind: 'domain'; readonly domain: CustomerDomain };

/** How a caller may name a user. */
export type UserReference =
  | { readonly kind: 'id'; readonly userId: UserId }
  | { readonly kind: 'signInName'; readonly userPrincipalName: UserPrincipalName };

const guid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const domainLabel = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;
/** Entra's alphabet for sign-in names; a guest's holds `#EXT#`. */
const signInNamePrefix = /^[A-Za-z0-9'.\-_!#^~]{1,64}$/;
const longestSignInName = 113;

export function isGuid(text: string): boolean {
  return guid.test(text);
}

/** @throws {RangeError} when it is no GUID */
export function parseCustomerTenantId(text: string): CustomerTenantId {
  if (!isGuid(text)) throw new RangeError('must be a GUID');
  return text.toLowerCase() as CustomerTenantId;
}

/** @throws {RangeError} when it is no GUID */
export function parseUserId(text: string): UserId {
  if (!isGuid(text)) throw new RangeError('must be a GUID');
  return text.toLowerCase() as UserId;
}

/** @throws {RangeError} when it is neither a GUID nor a domain name */
export function parseCustomerReference(text: string): CustomerReference {
  if (isGuid(text)) return { kind: 'id', customerTenantId: parseCustomerTenantId(text) };
  if (!isDomain(text)) {
    throw new RangeError('must be the GUID of a customer tenant or one of its domains');
  }
  return { kind: 'domain', domain: text.toLowerCase() as CustomerDomain };
}

/** @throws {RangeError} when it is neither a GUID nor a sign-in name */
export function parseUserReference(text: string): UserReference {
  if (isGuid(text)) return { kind: 'id', userId: parseUserId(text) };
  if (!isSignInName(text)) {
    throw new RangeError('must be the GUID of a user or a sign-in name such as user@contoso.com');
  }
  return { kind: 'signInName', userPrincipalName: text as UserPrincipalName };
}

/** Sign-in names are compared without regard to case. */
export function isSameSignInName(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase();
}

function isDomain(text: string): boolean {
  if (text.length > 253) return false;
  const labels = text.split('.');
  return labels.length >= 2 && labels.every((label) => domainLabel.test(label));
}

function isSignInName(text: string): boolean {
  if (text.length > longestSignInName) return false;
  const at = text.indexOf('@');
  return at > 0 && signInNamePrefix.test(text.slice(0, at)) && isDomain(text.slice(at + 1));
}
