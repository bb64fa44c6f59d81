/** Written down once more, apart from the code that it is held against. */
export const permissions = [
  'reset',
  'bulkReset',
  'approveBulkReset',
  'choosePassword',
  'readPassword',
  'resetAdmins',
  'readAudit',
] as const;

export type Permission = (typeof permissions)[number];

export interface Rights {
  readonly permissions: readonly Permission[];
  readonly customers: 'all' | 'A' | 'none';
}

/** A customer as a request may name it. */
export interface Place {
  readonly customer: 'A' | 'B' | 'unknown';
  readonly by: 'GUID' | 'domain';
}

export const places: readonly Place[] = (['A', 'B', 'unknown'] as const).flatMap((customer) => [
  { customer, by: 'GUID' },
  { customer, by: 'domain' },
]);

/** What a request asks for, and the permissions that it needs beside the one of its route. */
export const asks = {
  none: [],
  link: [],
  response: ['readPassword'],
  chosen: ['choosePassword'],
  admin: [],
} as const satisfies Readonly<Record<string, readonly Permission[]>>;

export type Ask = keyof typeof asks;

/** Whose a reset or a job is to the caller who names it. */
export type Ownership = 'own' | 'foreign' | 'foreign row' | 'unknown' | 'malformed';

export type Verdict = `${number}` | `${number} ${string}`;

type Stranger = undefined;

/** A single reset, from whichever door. Customers that are out of scope look like unknown ones. */
export function ofReset(may: Rights | Stranger, ask: Ask, place: Place): Verdict {
  if (may === undefined) return '401 Unauthorized';
  if (!holds(may, ['reset', ...asks[ask]])) return '403 PermissionDenied';
  if (!reaches(may, place)) return '404 CustomerNotFound';
  if (ask !== 'admin') return '200';
  // The last word on administrators is Partner Center's own.
  return holds(may, ['resetAdmins']) ? '422 PartnerPermissionDenied' : '422 UserIsAdmin';
}

/** Whatever becomes of it, the source hears that it was taken; an answer that is kept holds no password. */
export function ofWebhook(may: Rights | Stranger, ask: Ask, place: Place): Verdict {
  if (ask === 'response') return '400 InvalidRequest';
  const verdict = ofReset(may, ask, place);
  return verdict === '200' ? '202' : verdict;
}

/** A job is taken from whoever may send jobs; its rows are judged one by one. */
export function ofJob(may: Rights | Stranger, ask: Ask): Verdict {
  if (may === undefined) return '401 Unauthorized';
  return holds(may, ['bulkReset', ...asks[ask]]) ? '202' : '403 PermissionDenied';
}

/** Resets and jobs are their owner's alone, and to read them takes no permission. */
export function ofOwned(
  may: Rights | Stranger,
  ownership: Ownership,
  collection: 'password-resets' | 'bulk-resets',
): Verdict {
  if (may === undefined) return '401 Unauthorized';
  if (ownership === 'own') return '200';
  return collection === 'bulk-resets' ? '404 BulkResetNotFound' : '404 PasswordResetNotFound';
}

/** The job of somebody without customers has come to nothing. */
export function ofJobResult(may: Rights | Stranger, ownership: Ownership): Verdict {
  const isFailed = ownership === 'own' && may?.customers === 'none';
  return isFailed ? '422 InvalidRows' : ofOwned(may, ownership, 'bulk-resets');
}

/** What is about no single customer may be about any, so it is for those who reach all. */
export function ofAudit(
  may: Rights | Stranger,
  about: Place['customer'] | 'no single customer',
): Verdict {
  if (may === undefined) return '401 Unauthorized';
  if (!holds(may, ['readAudit'])) return '403 PermissionDenied';
  return may.customers === 'all' || may.customers === about ? '200' : '404 CustomerNotFound';
}

export function ofWhoami(may: Rights | Stranger): Verdict {
  return may === undefined ? '401 Unauthorized' : '200';
}

/** Alive for anybody; but a credential that is sent must be good. */
export function ofHealth({
  may,
  headers,
}: {
  readonly may?: Rights;
  readonly headers: Readonly<Record<string, string>>;
}): Verdict {
  const hasCredential = 'x-api-key' in headers || 'authorization' in headers;
  return hasCredential ? ofWhoami(may) : '200';
}

/** Jobs that wait for approval are seen by those who may approve them: another, and with no fewer customers. */
export function ofApproval(
  may: Rights | Stranger,
  job: { readonly waitsFor: 'A' | 'all' | 'nobody'; readonly isOwn: boolean },
): Verdict {
  if (may === undefined) return '401 Unauthorized';
  if (!holds(may, ['approveBulkReset'])) return '403 PermissionDenied';
  const covers = may.customers === 'all' || (may.customers === 'A' && job.waitsFor === 'A');
  return covers && job.waitsFor !== 'nobody' && !job.isOwn ? '200' : '404 BulkResetNotFound';
}

export function reaches({ customers }: Rights, { customer }: Place): boolean {
  if (customer === 'unknown') return false;
  return customers === 'all' || customers === customer;
}

export function holds(may: Rights, needed: readonly Permission[]): boolean {
  return needed.every((permission) => may.permissions.includes(permission));
}
