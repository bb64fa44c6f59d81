import { randomUUID } from 'node:crypto';
import { jsonReply, type LoopbackReply } from '../loopback-server.js';

/** Entra says no. The code is the `nnn` of `AADSTSnnn`. */
export class Refusal extends Error {
  readonly code: number;
  readonly error: string | undefined;

  /** @param error overrides what {@link meanings} gives: Entra sends some codes with more than one */
  constructor(code: number, error?: string) {
    super(`AADSTS${code}`);
    this.name = 'Refusal';
    this.code = code;
    this.error = error;
  }
}

/**
 * The token endpoint's error body.
 *
 * @see https://learn.microsoft.com/entra/identity-platform/reference-error-codes
 */
export function refusalReply(refusal: Refusal, nowMs: number): LoopbackReply {
  const { code } = refusal;
  const { error, text, suberror, status } = meaningOf(code);
  const traceId = randomUUID();
  const correlationId = randomUUID();
  const timestamp = `${new Date(nowMs).toISOString().slice(0, 19).replace('T', ' ')}Z`;

  const body = {
    error: refusal.error ?? error,
    error_description: [
      `AADSTS${code}: ${text}`,
      `Trace ID: ${traceId}`,
      `Correlation ID: ${correlationId}`,
      `Timestamp: ${timestamp}`,
    ].join('\r\n'),
    error_codes: [code],
    timestamp,
    trace_id: traceId,
    correlation_id: correlationId,
    error_uri: `https://login.microsoftonline.com/error?code=${code}`,
    ...(suberror !== undefined && { suberror }),
  };
  return jsonReply(status ?? defaultStatus(error), body, {
    'cache-control': 'no-store, no-cache',
    pragma: 'no-cache',
    'x-ms-request-id': traceId,
  });
}

export function isKnownCode(code: unknown): code is number {
  return typeof code === 'number' && code in meanings;
}

interface Meaning {
  readonly error: string;
  readonly text: string;
  readonly suberror?: string;
  /** When it is not what {@link defaultStatus} says. */
  readonly status?: number;
}

function meaningOf(code: number): Meaning {
  return meanings[code] ?? { error: 'server_error', text: 'Unknown.' };
}

function defaultStatus(error: string): number {
  if (error === 'invalid_client') return 401;
  if (error === 'temporarily_unavailable') return 503;
  return error === 'server_error' ? 500 : 400;
}

const grant = (text: string, suberror?: string): Meaning => ({
  error: 'invalid_grant',
  text,
  ...(suberror !== undefined && { suberror }),
});
const interaction = (text: string, suberror: string): Meaning => ({
  error: 'interaction_required',
  text,
  suberror,
});
const client = (text: string): Meaning => ({ error: 'invalid_client', text });
const unauthorized = (text: string): Meaning => ({ error: 'unauthorized_client', text });
const resource = (text: string): Meaning => ({ error: 'invalid_resource', text });
const request = (text: string): Meaning => ({ error: 'invalid_request', text });
const unavailable = (text: string): Meaning => ({ error: 'temporarily_unavailable', text });
const server = (text: string): Meaning => ({ error: 'server_error', text });

const meanings: Readonly<Record<number, Meaning>> = {
  // The refresh token is expired or revoked.
  70000: grant('The provided grant is invalid or malformed.', 'bad_token'),
  70008: grant('The refresh token has expired due to inactivity.', 'token_expired'),
  70043: grant('The refresh token is invalid due to sign-in frequency checks.', 'bad_token'),
  700082: grant('The refresh token has expired due to inactivity.', 'token_expired'),
  700084: grant('The refresh token was issued to a single page app.', 'token_expired'),
  50089: grant('The flow token has expired.', 'token_expired'),
  50132: grant('The session is not valid: a password expired or changed.', 'bad_token'),
  50133: grant('The session is not valid: a password expired or changed.', 'bad_token'),
  50173: grant('The provided grant has expired due to it being revoked.', 'bad_token'),

  // Multi-factor authentication or another step by a person.
  50072: grant('The user must enrol for multi-factor authentication.', 'basic_action'),
  50074: interaction('Strong authentication is required.', 'basic_action'),
  50076: grant('The user must use multi-factor authentication.', 'basic_action'),
  50078: grant('The multi-factor authentication has expired.', 'basic_action'),
  50079: grant('The user must enrol for multi-factor authentication.', 'basic_action'),

  // Conditional Access and risk.
  50131: interaction('Access was blocked by Conditional Access.', 'message_only'),
  53000: interaction('The device is not in the required state.', 'message_only'),
  53001: interaction('The device is not domain joined.', 'message_only'),
  53002: interaction('The application used is not approved.', 'message_only'),
  53003: interaction('Access was blocked by Conditional Access policies.', 'message_only'),
  53004: interaction('The user must complete the registration for MFA.', 'basic_action'),
  53011: grant('The user is blocked due to risk in the home tenant.', 'message_only'),
  530032: grant('The tenant has a security policy that blocks this.', 'message_only'),
  530034: grant('A delegated administrator was blocked due to risk.', 'message_only'),

  // The account.
  50034: grant('The user account does not exist in the directory.'),
  50055: grant('The password is expired.', 'user_password_expired'),
  50057: grant('The user account is disabled.'),
  50126: grant('Error validating credentials due to invalid username or password.'),

  // Consent.
  65001: grant('The user or administrator has not consented to the app.', 'consent_required'),
  90094: { error: 'consent_required', text: 'Admin consent is required.' },
  90099: grant('The app has not been authorized in the tenant for delegated administrators.'),

  // The client credential.
  700027: client('The client assertion failed validation.'),
  7000215: client('Invalid client secret provided.'),
  7000218: client("The request body must contain: 'client_assertion' or 'client_secret'."),
  7000222: client('The provided client secret keys are expired.'),

  // The app, the resource or the tenant.
  50001: resource('The resource was not found or is disabled.'),
  50194: request('The application is not configured as a multi-tenant application.'),
  70001: unauthorized('The application is disabled or not installed.'),
  90002: request('Tenant not found.'),
  500011: resource('The resource principal was not found in the tenant.'),
  650052: unauthorized('The app needs access to a service the organization lacks.'),
  650056: unauthorized('Misconfigured application.'),
  650057: resource('The resource is not listed in the requested permissions.'),
  700016: unauthorized('The application was not found in the directory.'),
  7000112: unauthorized('The application is disabled.'),

  // The request.
  70003: { error: 'unsupported_grant_type', text: 'The grant type is not supported.' },
  90023: request('The request is not valid for the authentication service.'),
  900144: request('The request body lacks a required parameter.'),
  900561: request('The endpoint only accepts POST requests.'),
  901002: request("The 'resource' request parameter is not supported."),
  9002313: request('Invalid request. Request is malformed or invalid.'),

  // The wrong cloud.
  90038: request('The tenant belongs to another national cloud.'),
  900382: request('Confidential clients are not supported across clouds.'),
  900432: request('Confidential clients are not supported in cross-cloud requests.'),

  // Their trouble, not ours.
  50033: unavailable('A transient error has occurred.'),
  50087: unavailable('A transient error has occurred during sign-in.'),
  90006: server('An external server reported a retryable error.'),
  90012: server('The request timed out.'),
  90024: unavailable('The request budget was exceeded.'),
  90033: unavailable('A transient error has occurred. Please try again.'),
  90090: server('A retryable error has occurred.'),

  // Too much of ours.
  50196: grant('The server terminated an operation: it encountered a client request loop.'),
  90055: { ...unavailable('There are too many incoming requests.'), status: 429 },
};
