import type { CustomerTenantId, UserId } from '../../shared/password-reset/ids.js';

/** Whoever asks. */
export const caller = 'helpdesk';

const userIdStart = '00000000-0000-4000-8000-00000000000';

export function userIdOf(user: number): UserId {
  return `${userIdStart}${user}` as UserId;
}

/** For people: `user 1` instead of an id. */
export function withNamesOfUsers(text: string): string {
  return text.replaceAll(userIdStart, 'user ');
}

/** Every other user belongs to the same customer. */
export function customerIdOf(user: number): CustomerTenantId {
  return `00000000-0000-4000-9000-00000000000${user % 2}` as CustomerTenantId;
}

export function isOfJob(resetId: string): boolean {
  return resetId.startsWith('job-');
}

/** The job of one of its rows. */
export function jobOf(resetId: string): string {
  return resetId.slice(0, resetId.lastIndexOf('-'));
}
