import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  type FailedCall,
  type Failure,
  toResetError,
} from '../../../shared/partner-center/to-reset-error.js';
import { isResetErrorCode } from '../../../shared/password-reset/reset-error.js';

// The same failures in every run: a test that turns red was broken by a change, not by the draw.
fc.configureGlobal({ seed: 20_260_101, numRuns: 1_000 });

/** Those of a request that was looked at and turned down before anything was done. */
const refusingStatuses = [400, 401, 403, 404, 405, 412, 415, 417, 429];

const reset: FailedCall = {
  purpose: 'reset the password',
  method: 'PATCH',
  absent: 'UserNotFound',
};
const read: FailedCall = { purpose: 'read the user', method: 'GET', absent: 'UserNotFound' };

const aStatus = fc.oneof(fc.integer({ min: 100, max: 599 }), fc.constantFrom(...refusingStatuses));
/** Some that are listed, under one status or another, and any other. */
const anErrorCode = fc.oneof(
  fc.constantFrom(undefined, '2000', '3000', '20002', '60002', '120002', '900141', '900421'),
  fc.nat({ max: 999_999_999 }).map(String),
);
const aRefusal = fc.record({
  kind: fc.constant('refused' as const),
  status: aStatus,
  statusText: fc.oneof(fc.string(), fc.constant('Unauthorized - MFA required')),
  authenticate: fc.oneof(
    fc.constantFrom(null, 'Bearer error="insufficient_claims"'),
    fc.string({ unit: 'binary' }),
  ),
  errorCode: anErrorCode,
  retryAfterMs: fc.option(fc.nat(), { nil: undefined }),
});
const aFailure: fc.Arbitrary<Failure> = fc.oneof(
  { weight: 8, arbitrary: aRefusal },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('unreadable' as const), status: aStatus }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom('unanswered' as const, 'unsent' as const),
      failureName: fc.constantFrom(undefined, 'ECONNRESET'),
    }),
  },
);

describe('toResetError()', () => {
  it('knows a code for every failure', () => {
    fc.assert(
      fc.property(aFailure, fc.constantFrom(reset, read), (failure, call) => {
        expect(isResetErrorCode(toResetError(failure, call).code)).toBe(true);
      }),
    );
  });

  it('takes a reset for undone only when it was never sent or its status says so', () => {
    fc.assert(
      fc.property(aFailure, (failure) => {
        const isUndone =
          failure.kind === 'unsent' ||
          (failure.kind === 'refused' && refusingStatuses.includes(failure.status));

        const { recovery } = toResetError(failure, reset);

        expect(recovery === 'unknown').toBe(!isUndone);
      }),
    );
  });

  it('takes no read for one that may have changed something', () => {
    fc.assert(
      fc.property(aFailure, (failure) => {
        expect(toResetError(failure, read).recovery).not.toBe('unknown');
      }),
    );
  });

  it('gives a wish to wait on as it is', () => {
    fc.assert(
      fc.property(aRefusal, fc.constantFrom(reset, read), (refusal, call) => {
        expect(toResetError(refusal, call).retryAfterMs).toBe(refusal.retryAfterMs);
      }),
    );
  });
});
