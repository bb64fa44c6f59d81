import { describe, expect, it } from '@jest/globals';
import {
  toErrorResponse,
  toFinalErrorResponse,
  toSeconds,
} from '../../../shared/handlers/error-response.js';
import {
  recoveryByCode,
  ResetError,
  type ResetErrorCode,
} from '../../../shared/password-reset/reset-error.js';

const codes = Object.keys(recoveryByCode) as ResetErrorCode[];
const statusByCode = new Map<ResetErrorCode, number>([
  ['InvalidRequest', 400],
  ['Unauthorized', 401],
  ['PermissionDenied', 403],
  ['PasswordResetNotFound', 404],
  ['BulkResetNotFound', 404],
  ['CustomerNotFound', 404],
  ['UserNotFound', 404],
  ['BulkResetConflict', 409],
  ['PasswordResetConflict', 409],
  ['ApprovalMissing', 409],
  ['IdempotencyConflict', 409],
  ['Superseded', 409],
  ['Cancelled', 409],
  ['RequestTooLarge', 413],
  ['UnsupportedMediaType', 415],
  ['Throttled', 429],
  ['DailyCapReached', 429],
  ['AccessTokenRejected', 503],
  ['PartnerCenterUnavailable', 503],
  ['ReconsentRequired', 503],
  ['MfaRequired', 503],
  ['ConditionalAccessBlocked', 503],
  ['ServiceAccountUnusable', 503],
  ['ConsentMissing', 503],
  ['ClientCredentialRejected', 503],
  ['AppMisconfigured', 503],
  ['SignInThrottled', 503],
  ['SignInUnavailable', 503],
  ['Halted', 503],
  ['TimedOut', 503],
  ['KeyVaultUnavailable', 503],
  ['StorageUnavailable', 503],
]);

describe('toErrorResponse()', () => {
  it.each(codes.map((code) => [code, statusByCode.get(code) ?? 422] as const))(
    'answers %s with %d',
    (code, status) => {
      expect(toErrorResponse(new ResetError(code, 'why'))).toMatchObject({
        status,
        headers: { 'x-ms-error-code': code },
        jsonBody: { error: { code, message: 'why' } },
      });
    },
  );

  it.each(codes.filter((code) => recoveryByCode[code] === 'later'))(
    'answers %s, which may pass, so that a flow engine repeats',
    (code) => {
      expect([429, 503]).toContain(toErrorResponse(new ResetError(code, '')).status);
    },
  );

  it('says what the error is about, and passes no cause on', () => {
    const details = [{ code: 'InvalidRequest', message: 'must be text', target: 'user' }] as const;
    const error = new ResetError('InvalidRequest', 'must be text', {
      target: 'user',
      details,
      cause: new Error('inside'),
      correlationId: 'correlation-1',
    });

    expect(toErrorResponse(error).jsonBody).toEqual({
      error: { code: 'InvalidRequest', message: 'must be text', target: 'user', details },
    });
  });

  it('says nothing of details where there are none', () => {
    const error = new ResetError('InvalidRequest', 'must be text', { details: [] });

    expect(toErrorResponse(error).jsonBody).toEqual({
      error: { code: 'InvalidRequest', message: 'must be text' },
    });
  });

  it.each(codes)('says when to come again, or nothing where that does not help: %s', (code) => {
    const { headers } = toErrorResponse(new ResetError(code, 'why'));

    expect(headers?.['Retry-After']).toBe(recoveryByCode[code] === 'later' ? '30' : undefined);
  });

  it.each(codes)('names the ways to authenticate with a 401 only: %s', (code) => {
    const { status, headers } = toErrorResponse(new ResetError(code, 'why'));

    expect(headers?.['WWW-Authenticate']).toBe(
      status === 401 ? 'Bearer realm="password-resets", ApiKey realm="password-resets"' : undefined,
    );
  });

  it('says when to come again as the other side wishes', () => {
    const error = new ResetError('Throttled', 'busy', { retryAfterMs: 1_500 });

    expect(toErrorResponse(error).headers).toMatchObject({ 'Retry-After': '2' });
  });
});

describe('toFinalErrorResponse()', () => {
  it.each(codes)('asks for no repeat: %s', (code) => {
    const { status, headers, jsonBody } = toFinalErrorResponse(new ResetError(code, 'why'));

    expect(status).toBe(422);
    expect(headers).toMatchObject({ 'x-ms-error-code': code });
    expect(headers).not.toHaveProperty('Retry-After');
    expect(jsonBody).toEqual({ error: { code, message: 'why' } });
  });
});

describe('toSeconds()', () => {
  it.each([
    [0, '1'],
    [1, '1'],
    [1_000, '1'],
    [1_001, '2'],
    [60_000, '60'],
  ])('is never too early: %d ms', (ms, seconds) => {
    expect(toSeconds(ms)).toBe(seconds);
  });
});
