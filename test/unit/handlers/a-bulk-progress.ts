import type { BulkResetProgress } from '../../../shared/bulk-reset/read-bulk-reset.js';
import { aBulkResetRow } from '../../builders/a-bulk-reset.js';

/** A job whose one row succeeded, unless told otherwise. */
export function aBulkProgress(values: Partial<BulkResetProgress> = {}): BulkResetProgress {
  return {
    job: aBulkResetRow(),
    settled: 1,
    open: 0,
    succeeded: 1,
    cancelled: 0,
    failures: {},
    faults: [],
    ...values,
  };
}
