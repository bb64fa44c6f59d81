import type { ResetError, ResetErrorCode } from '../password-reset/reset-error.js';

/** An answer with JSON, which most doors give always. */
export interface JsonResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly jsonBody: unknown;
}

/** An answer with text of another kind, which its header `Content-Type` names. */
export interface TextResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>> & { readonly 'Content-Type': string };
  readonly body: string;
}

/**
 * 4xx for what the same request will never get, 5xx and 429 where a repeat can help: flow engines
 * repeat on those by themselves.
 */
export const statusByCode: Readonly<Record<ResetErrorCode, number>> = {
  InvalidRequest: 400,
  InvalidRows: 422,
  RequestTooLarge: 413,
  UnsupportedMediaType: 415,
  Unauthorized: 401,
  PermissionDenied: 403,
  PasswordResetNotFound: 404,
  BulkResetNotFound: 404,
  BulkResetConflict: 409,
  IdempotencyConflict: 409,
  Cancelled: 409,
  PasswordNotAllowed: 422,
  RecipientKeyNotFound: 422,
  PasswordResetConflict: 409,
  DailyCapReached: 429,
  ApprovalMissing: 409,

  CustomerNotFound: 404,
  UserNotFound: 404,
  UserDeleted: 422,
  UserFederated: 422,
  UserSynchronized: 422,
  UserIsAdmin: 422,
  RolesUnreadable: 422,
  Superseded: 409,

  PasswordRejected: 422,
  RequestRejected: 422,
  PartnerPermissionDenied: 422,
  NoCustomerRelationship: 422,
  CustomerBlocked: 422,
  PartnerAccountBlocked: 422,
  AccessTokenRejected: 503,
  Throttled: 429,
  PartnerCenterUnavailable: 503,
  OutcomeUnknown: 422,

  ReconsentRequired: 503,
  MfaRequired: 503,
  ConditionalAccessBlocked: 503,
  ServiceAccountUnusable: 503,
  ConsentMissing: 503,
  ClientCredentialRejected: 503,
  AppMisconfigured: 503,
  SignInThrottled: 503,
  SignInUnavailable: 503,

  Halted: 503,
  TimedOut: 503,
  KeyVaultUnavailable: 503,
  StorageUnavailable: 503,
};

export interface ErrorBody {
  readonly error: {
    readonly code: ResetErrorCode;
    readonly message: string;
    readonly target?: string;
    readonly details?: readonly unknown[];
  };
}

/** When to come again if the other side does not say. */
const usualRetryMs = 30_000;

/**
 * A 401 must name the ways to authenticate. None is registered for API keys in a header of their own.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-www-authenticate
 */
const challenge = 'Bearer realm="password-resets", ApiKey realm="password-resets"';

export function toErrorResponse(error: ResetError): JsonResponse {
  const { code, message, target, details, recovery } = error;
  const retryAfterMs = error.retryAfterMs ?? (recovery === 'later' ? usualRetryMs : undefined);
  const body: ErrorBody = {
    error: {
      code,
      message,
      ...(target !== undefined && { target }),
      ...(details !== undefined && details.length > 0 && { details }),
    },
  };
  const headers = {
    'x-ms-error-code': code,
    ...(code === 'Unauthorized' && { 'WWW-Authenticate': challenge }),
    ...(retryAfterMs !== undefined && { 'Retry-After': toSeconds(retryAfterMs) }),
  };
  return { status: statusByCode[code], headers, jsonBody: body };
}

/**
 * What a finished operation failed with. Whatever the code: on a 429 or 5xx a flow engine would ask
 * again, and this answer is the last.
 */
export function toFinalErrorResponse(error: ResetError): JsonResponse {
  const response = toErrorResponse(error);
  const headers = { ...response.headers };
  delete headers['Retry-After'];
  return { ...response, status: 422, headers };
}

/** As `Retry-After` wants it: whole seconds, never too early. */
export function toSeconds(ms: number): string {
  return String(Math.max(1, Math.ceil(ms / 1000)));
}
