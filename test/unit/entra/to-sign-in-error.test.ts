import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { toSignInError } from '../../../shared/entra/to-sign-in-error.js';

const correlationId = '6f6f2c1e-8d7a-4a54-9c1c-0f4d5a6b7c8d';

describe('toSignInError()', () => {
  it.each([
    [70008, 'invalid_grant', 'ReconsentRequired'],
    [700082, 'invalid_grant', 'ReconsentRequired'],
    [700084, 'invalid_grant', 'ReconsentRequired'],
    [50173, 'invalid_grant', 'ReconsentRequired'],
    [50089, 'invalid_grant', 'ReconsentRequired'],
    [70000, 'invalid_grant', 'ReconsentRequired'],
    [70043, 'invalid_grant', 'ReconsentRequired'],
    [50132, 'invalid_grant', 'ReconsentRequired'],
    [50133, 'invalid_grant', 'ReconsentRequired'],

    [50076, 'invalid_grant', 'MfaRequired'],
    [50079, 'invalid_grant', 'MfaRequired'],
    [50074, 'interaction_required', 'MfaRequired'],
    [50072, 'interaction_required', 'MfaRequired'],
    [50078, 'invalid_grant', 'MfaRequired'],

    [53000, 'interaction_required', 'ConditionalAccessBlocked'],
    [53001, 'interaction_required', 'ConditionalAccessBlocked'],
    [53002, 'interaction_required', 'ConditionalAccessBlocked'],
    [53003, 'invalid_grant', 'ConditionalAccessBlocked'],
    [53004, 'interaction_required', 'ConditionalAccessBlocked'],
    [530032, 'invalid_grant', 'ConditionalAccessBlocked'],
    [530034, 'invalid_grant', 'ConditionalAccessBlocked'],
    [50131, 'interaction_required', 'ConditionalAccessBlocked'],
    [53011, 'invalid_grant', 'ConditionalAccessBlocked'],

    [50057, 'invalid_grant', 'ServiceAccountUnusable'],
    [50055, 'invalid_grant', 'ServiceAccountUnusable'],
    [50034, 'invalid_grant', 'ServiceAccountUnusable'],

    [65001, 'invalid_grant', 'ConsentMissing'],
    [90094, 'consent_required', 'ConsentMissing'],
    [90099, 'invalid_grant', 'ConsentMissing'],

    [7000215, 'invalid_client', 'ClientCredentialRejected'],
    [7000222, 'invalid_client', 'ClientCredentialRejected'],
    [7000218, 'invalid_client', 'ClientCredentialRejected'],
    [700027, 'invalid_client', 'ClientCredentialRejected'],

    [700016, 'unauthorized_client', 'AppMisconfigured'],
    [7000112, 'unauthorized_client', 'AppMisconfigured'],
    [70001, 'unauthorized_client', 'AppMisconfigured'],
    [500011, 'invalid_resource', 'AppMisconfigured'],
    [50001, 'invalid_resource', 'AppMisconfigured'],
    [650052, 'invalid_client', 'AppMisconfigured'],
    [650056, 'invalid_request', 'AppMisconfigured'],
    [650057, 'invalid_resource', 'AppMisconfigured'],
    [50194, 'invalid_request', 'AppMisconfigured'],
    [90002, 'invalid_request', 'AppMisconfigured'],

    [900144, 'invalid_request', 'AppMisconfigured'],
    [9002313, 'invalid_request', 'AppMisconfigured'],
    [901002, 'invalid_request', 'AppMisconfigured'],
    [90023, 'invalid_request', 'AppMisconfigured'],

    [90038, 'invalid_request', 'AppMisconfigured'],
    [900382, 'invalid_client', 'AppMisconfigured'],
    [900432, 'invalid_request', 'AppMisconfigured'],

    [50033, 'invalid_grant', 'SignInUnavailable'],
    [50087, 'invalid_grant', 'SignInUnavailable'],
    [90006, 'invalid_request', 'SignInUnavailable'],
    [90012, 'invalid_request', 'SignInUnavailable'],
    [90024, 'invalid_request', 'SignInUnavailable'],
    [90033, 'invalid_request', 'SignInUnavailable'],
    [90090, 'invalid_request', 'SignInUnavailable'],

    [90055, 'invalid_request', 'SignInThrottled'],
    [50196, 'invalid_grant', 'SignInThrottled'],
  ])('maps AADSTS%i with %s to %s and names the number', (number, error, code) => {
    const failure = toSignInError(aRefusal({ error, error_codes: [number] }));

    expect(failure).toMatchObject({ code, correlationId });
    expect(failure.message).toMatch(/^Cannot sign in to Microsoft Entra: /);
    expect(failure.message).toContain(`(AADSTS${number})`);
  });

  it.each([
    ['invalid_grant', 'ReconsentRequired'],
    ['interaction_required', 'MfaRequired'],
    ['login_required', 'MfaRequired'],
    ['consent_required', 'ConsentMissing'],
    ['invalid_client', 'ClientCredentialRejected'],
    ['unauthorized_client', 'AppMisconfigured'],
    ['invalid_resource', 'AppMisconfigured'],
    ['invalid_scope', 'AppMisconfigured'],
    ['invalid_request', 'AppMisconfigured'],
    ['unsupported_grant_type', 'AppMisconfigured'],
    ['temporarily_unavailable', 'SignInUnavailable'],
    ['server_error', 'SignInUnavailable'],
    ['unheard_of', 'AppMisconfigured'],
  ])('falls back to the error %s when it does not know the number', (error, code) => {
    expect(toSignInError(aRefusal({ error, error_codes: [999999] })).code).toBe(code);
  });

  it.each([
    ['bad_token', 'ReconsentRequired'],
    ['token_expired', 'ReconsentRequired'],
    ['consent_required', 'ConsentMissing'],
    ['user_password_expired', 'ServiceAccountUnusable'],
    ['protection_policy_required', 'ConditionalAccessBlocked'],
    ['device_authentication_failed', 'ConditionalAccessBlocked'],
    ['client_mismatch', 'AppMisconfigured'],
    ['basic_action', 'MfaRequired'],
  ])('reads the suberror %s of an unknown number', (suberror, code) => {
    const refusal = aRefusal({ error: 'interaction_required', suberror, error_codes: [999999] });

    expect(toSignInError(refusal).code).toBe(code);
  });

  it('asks for consent when the stored text is no refresh token at all', () => {
    const refusal = aRefusal({ error: 'invalid_grant', error_codes: [9002313] });

    expect(toSignInError(refusal).code).toBe('ReconsentRequired');
  });

  it('believes an error that passes more than a number that does not', () => {
    const refusal = aRefusal({ error: 'temporarily_unavailable', error_codes: [50057] });

    expect(toSignInError(refusal).code).toBe('SignInUnavailable');
  });

  it.each([
    [408, 'SignInUnavailable'],
    [429, 'SignInThrottled'],
    [500, 'SignInUnavailable'],
    [502, 'SignInUnavailable'],
    [503, 'SignInUnavailable'],
    [504, 'SignInUnavailable'],
    [302, 'AppMisconfigured'],
    [404, 'AppMisconfigured'],
  ])('reads the status %i when there is no body of Entra', (status, code) => {
    const failure = toSignInError({ status, body: '<html>gateway</html>' });

    expect(failure.code).toBe(code);
    expect(failure.message).toContain(`(HTTP ${status})`);
  });

  it.each(['', 'null', '[]', '"text"', '{"error":5,"error_codes":"70008","suberror":{}}'])(
    'copes with the body %s',
    (body) => {
      expect(toSignInError({ status: 400, body }).code).toBe('AppMisconfigured');
    },
  );

  it('passes on how long Entra asks to wait', () => {
    const refusal = { ...aRefusal({ error_codes: [90055] }), retryAfterMs: 7_000 };

    expect(toSignInError(refusal)).toMatchObject({ retryAfterMs: 7_000 });
  });

  it('tells no foreign text', () => {
    const failure = toSignInError(
      aRefusal({
        error: 'canary-error',
        suberror: 'canary-suberror',
        error_description: 'AADSTS70008: canary-description of user@contoso.com',
        correlation_id: 'canary-correlation',
      }),
    );

    expect(inspect(failure, { showHidden: true, depth: 10 })).not.toMatch(/canary|contoso/);
    expect(failure.message).toContain('(HTTP 400)');
  });

  it.each([
    [70008, 'Consent again as the service account'],
    [7000222, 'store it in Key Vault'],
    [700016, 'PARTNER_CLIENT_ID'],
  ])('says what a person must do about AADSTS%i', (number, advice) => {
    expect(toSignInError(aRefusal({ error_codes: [number] })).message).toContain(advice);
  });
});

function aRefusal(body: Readonly<Record<string, unknown>>) {
  return {
    status: 400,
    body: JSON.stringify({ error: 'invalid_grant', correlation_id: correlationId, ...body }),
  };
}
