import { bulkRowResetId } from '../../shared/bulk-reset/bulk-reset.js';
import type { OpenRow } from '../../shared/password-reset/reset-row.js';
import { aResetRow } from '../builders/a-reset-row.js';

/** Rows of a job with these numbers, as a split makes them. */
export function rowsOf(bulkResetId: string, rows: readonly number[], seal = 'a seal'): OpenRow[] {
  return rows.map((row) => aResetRow({ resetId: bulkRowResetId(bulkResetId, row), seal }));
}

/** Both ends included. */
export function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, at) => first + at);
}
