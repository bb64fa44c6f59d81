import { describe, expect, it } from '@jest/globals';
import type { ResetErrorCode } from '../../../shared/password-reset/reset-error.js';
import {
  type FailedCall,
  type Refusal,
  toResetError,
} from '../../../shared/partner-center/to-reset-error.js';

const reset: FailedCall = {
  purpose: 'reset the password',
  method: 'PATCH',
  absent: 'UserNotFound',
  correlationId: 'correlation-1',
};
const read: FailedCall = { ...reset, purpose: 'read the user', method: 'GET' };

function aRefusal(values: Partial<Refusal>): Refusal {
  return {
    kind: 'refused',
    status: 400,
    statusText: '',
    authenticate: null,
    errorCode: undefined,
    retryAfterMs: undefined,
    ...values,
  };
}

describe('toResetError()', () => {
  // Every code that the documents or the field name for these calls.
  it.each<[number, string | undefined, ResetErrorCode]>([
    [400, '2000', 'RequestRejected'],
    [400, '2055', 'RequestRejected'],
    [400, '3000', 'RequestRejected'],
    [400, '20002', 'NoCustomerRelationship'],
    [400, '60012', 'RequestRejected'],
    [400, '120002', 'PasswordRejected'],
    [400, '120003', 'PasswordRejected'],
    [400, '120018', 'PasswordRejected'],
    [400, '800002', 'RequestRejected'],
    [400, '900118', 'RequestRejected'],
    [400, '900127', 'AppMisconfigured'],
    [400, '900141', 'AppMisconfigured'],
    [400, '900316', 'AppMisconfigured'],
    [400, '60002', 'RequestRejected'],
    [400, '999999', 'RequestRejected'],
    [400, undefined, 'RequestRejected'],
    [401, '400', 'AccessTokenRejected'],
    [401, '1002', 'AccessTokenRejected'],
    [401, '800001', 'AccessTokenRejected'],
    [401, '900420', 'AppMisconfigured'],
    [401, '900421', 'MfaRequired'],
    [401, undefined, 'AccessTokenRejected'],
    [403, '1002', 'PartnerPermissionDenied'],
    [403, '2006', 'PartnerPermissionDenied'],
    [403, '2032', 'PartnerPermissionDenied'],
    [403, '20002', 'NoCustomerRelationship'],
    [403, '90000', 'PartnerPermissionDenied'],
    [403, '600006', 'PartnerPermissionDenied'],
    [403, '800039', 'PartnerAccountBlocked'],
    [403, '800073', 'CustomerBlocked'],
    [403, '800074', 'CustomerBlocked'],
    [403, '800075', 'CustomerBlocked'],
    [403, '900123', 'PartnerAccountBlocked'],
    [403, '900124', 'PartnerAccountBlocked'],
    [403, '900149', 'PartnerAccountBlocked'],
    [403, '900150', 'PartnerPermissionDenied'],
    [403, '900308', 'PartnerPermissionDenied'],
    [403, '900309', 'ConditionalAccessBlocked'],
    [403, '900329', 'AppMisconfigured'],
    [403, '900416', 'CustomerBlocked'],
    [403, undefined, 'PartnerPermissionDenied'],
    [404, '1000', 'UserNotFound'],
    [404, '3000', 'CustomerNotFound'],
    [404, '60002', 'UserNotFound'],
    [404, '60003', 'CustomerNotFound'],
    [404, undefined, 'UserNotFound'],
    [405, undefined, 'RequestRejected'],
    [412, undefined, 'RequestRejected'],
    [415, undefined, 'RequestRejected'],
    [417, '800036', 'RequestRejected'],
    [429, undefined, 'Throttled'],
  ])('takes %d with code %s as %s, whether read or reset', (status, errorCode, code) => {
    const refusal = aRefusal({ status, errorCode });

    expect(toResetError(refusal, reset).code).toBe(code);
    expect(toResetError(refusal, read).code).toBe(code);
  });

  it.each<[number, string | undefined, ResetErrorCode]>([
    [301, undefined, 'PartnerCenterUnavailable'],
    [302, undefined, 'PartnerCenterUnavailable'],
    [406, undefined, 'RequestRejected'],
    [408, '900225', 'PartnerCenterUnavailable'],
    [409, '800014', 'RequestRejected'],
    [410, undefined, 'RequestRejected'],
    [500, '800003', 'PartnerCenterUnavailable'],
    [500, '900192', 'PartnerCenterUnavailable'],
    [501, '0', 'RequestRejected'],
    [502, undefined, 'PartnerCenterUnavailable'],
    [503, undefined, 'PartnerCenterUnavailable'],
    [504, undefined, 'PartnerCenterUnavailable'],
  ])('takes %d with code %s as %s for a read, as an unknown outcome of a reset', (...row) => {
    const [status, errorCode, code] = row;
    const refusal = aRefusal({ status, errorCode });

    expect(toResetError(refusal, reset).code).toBe('OutcomeUnknown');
    expect(toResetError(refusal, read).code).toBe(code);
  });

  it.each(['UserNotFound', 'CustomerNotFound', 'PartnerCenterUnavailable'] as const)(
    'takes a 404 that does not tell as what the call says is absent: %s',
    (absent) => {
      const call = { ...read, absent };

      expect(toResetError(aRefusal({ status: 404, errorCode: '1000' }), call).code).toBe(absent);
      expect(toResetError(aRefusal({ status: 404 }), call).code).toBe(absent);
    },
  );

  it.each<[string, string | null, ResetErrorCode]>([
    ['Unauthorized - MFA required', 'Bearer error="invalid_token"', 'MfaRequired'],
    ['MFA required', null, 'MfaRequired'],
    ['Unauthorized', 'Bearer error="invalid_token"', 'AccessTokenRejected'],
    ['Unauthorized', 'OAuth realm=urn:cpsvc:cpid:1', 'AccessTokenRejected'],
    [
      'Unauthorized',
      'Bearer realm="", error="insufficient_claims", claims="e30="',
      'ReconsentRequired',
    ],
    ['', null, 'AccessTokenRejected'],
  ])('takes 401 "%s" with the challenge %s as %s', (statusText, authenticate, code) => {
    expect(toResetError(aRefusal({ status: 401, statusText, authenticate }), reset).code).toBe(
      code,
    );
  });

  it.each([
    ['an answer that cannot be read', 'OutcomeUnknown', { kind: 'unreadable', status: 200 }],
    ['no answer', 'OutcomeUnknown', { kind: 'unanswered', failureName: 'ECONNRESET' }],
    [
      'a request that never left',
      'PartnerCenterUnavailable',
      { kind: 'unsent', failureName: 'ENOTFOUND' },
    ],
  ] as const)('takes %s as %s for a reset, as unavailable for a read', (_, code, failure) => {
    expect(toResetError(failure, reset).code).toBe(code);
    expect(toResetError(failure, read).code).toBe('PartnerCenterUnavailable');
  });

  it.each([
    [
      aRefusal({ status: 404, errorCode: '60002' }),
      'Cannot reset the password: the customer has no such user (404, code 60002)',
    ],
    [
      aRefusal({ status: 503 }),
      'Cannot tell whether Partner Center did reset the password: its answer does not say (503)',
    ],
    [
      { kind: 'unreadable', status: 204 } as const,
      'Cannot tell whether Partner Center did reset the password: its answer cannot be read (204)',
    ],
    [
      { kind: 'unanswered', failureName: undefined } as const,
      'Cannot tell whether Partner Center did reset the password: no answer came (unnamed failure)',
    ],
    [
      { kind: 'unsent', failureName: undefined } as const,
      'Cannot reset the password: the request could not be sent (out of time)',
    ],
  ])('says what could not be done, then why', (failure, message) => {
    expect(toResetError(failure, reset).message).toBe(message);
  });

  it('carries the wait that was asked for and the correlation id', () => {
    const error = toResetError(aRefusal({ status: 429, retryAfterMs: 57_000 }), reset);

    expect(error).toMatchObject({ retryAfterMs: 57_000, correlationId: 'correlation-1' });
  });
});
