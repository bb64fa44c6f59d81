import { describe, expect, it } from '@jest/globals';
import { phaseOf } from '../../../shared/bulk-reset/bulk-phase.js';
import type { BulkResetFacts, BulkResetState } from '../../../shared/bulk-reset/bulk-reset.js';
import type { BulkPhase } from '../../../shared/bulk-reset/ports.js';
import { aBulkResetRow, aCheckedJob } from '../../builders/a-bulk-reset.js';
import { acceptedAtMs } from '../../builders/a-reset-row.js';

const counts = { valid: 1, invalid: 0, lastRow: 1 };
const validating: BulkResetState = { state: 'validating' };
const splitting: BulkResetState = {
  state: 'splitting',
  counts,
  checkedSha256: 'of the rows',
  splitRows: 0,
};
const split: BulkResetState = { state: 'split', counts };
const stopped: BulkResetState = {
  state: 'stopped',
  code: 'InvalidRows',
  message: 'No more',
  counts,
  splitRows: 1,
};
const refused: BulkResetState = { state: 'refused', code: 'InvalidRows', message: 'No' };
const finished = { finishedAtMs: acceptedAtMs };
const purged = { purgedAtMs: acceptedAtMs };

describe('phaseOf()', () => {
  it.each<[BulkPhase, BulkResetState, Partial<BulkResetFacts>]>([
    ['open', validating, {}],
    ['open', { state: 'awaitingApproval', ...aCheckedJob(3) }, {}],
    ['open', splitting, {}],
    ['open', split, {}],
    ['open', stopped, {}],
    ['open', split, { cancelledAtMs: acceptedAtMs, acknowledgedAtMs: acceptedAtMs }],
    ['finished', split, finished],
    ['finished', stopped, finished],
    ['finished', refused, {}],
    ['purged', split, { ...finished, ...purged }],
    ['purged', stopped, { ...finished, ...purged }],
    ['purged', refused, purged],
  ])('is %s for %j with %j', (phase, state, facts) => {
    expect(phaseOf(aBulkResetRow(state, facts))).toBe(phase);
  });
});
