import type { HttpRequest } from '@azure/functions';
import { isGuid } from '../password-reset/ids.js';
import { ResetError } from '../password-reset/reset-error.js';

/** @throws {@link ResetError} `BulkResetNotFound` for what cannot be the id of a job */
export function bulkResetIdOf({ params }: Pick<HttpRequest, 'params'>): string {
  const id = params['id'] ?? '';
  if (isGuid(id)) return id.toLowerCase();
  throw new ResetError('BulkResetNotFound', 'There is no such bulk reset');
}

/** @throws {@link ResetError} `InvalidRequest` */
export function wholeNumberIn(
  { query }: Pick<HttpRequest, 'query'>,
  name: string,
  { fallback, min, max }: { readonly fallback: number; readonly min: number; readonly max: number },
): number {
  const text = query.get(name);
  if (text === null) return fallback;
  const value = /^\d{1,7}$/.test(text) ? Number(text) : NaN;
  if (value >= min && value <= max) return value;
  throw new ResetError('InvalidRequest', `must be a whole number from ${min} to ${max}`, {
    target: name,
  });
}
