/**
 * What another attempt at the same request can do.
 *
 * - `never`: nothing was changed, and nothing will be until a person changes something.
 * - `later`: nothing was changed, and the same request may succeed by itself later.
 * - `operator`: nothing was changed, and nothing can be until whoever runs the service has acted.
 * - `unknown`: the password may have been changed.
 */
export type Recovery = 'never' | 'later' | 'operator' | 'unknown';

/** Every foreseen failure. Codes are part of the contract: callers match them, never messages. */
export const recoveryByCode = {
  // What the caller sent.
  InvalidRequest: 'never',
  InvalidRows: 'never',
  RequestTooLarge: 'never',
  UnsupportedMediaType: 'never',
  Unauthorized: 'never',
  PermissionDenied: 'never',
  PasswordResetNotFound: 'never',
  BulkResetNotFound: 'never',
  BulkResetConflict: 'never',
  Cancelled: 'never',
  IdempotencyConflict: 'never',
  PasswordNotAllowed: 'never',
  RecipientKeyNotFound: 'never',
  PasswordResetConflict: 'never',
  DailyCapReached: 'never',
  ApprovalMissing: 'never',

  // Whom it is about.
  CustomerNotFound: 'never',
  UserNotFound: 'never',
  UserDeleted: 'never',
  UserFederated: 'never',
  UserSynchronized: 'never',
  UserIsAdmin: 'never',
  RolesUnreadable: 'never',
  Superseded: 'never',

  // What Partner Center says.
  PasswordRejected: 'never',
  RequestRejected: 'never',
  PartnerPermissionDenied: 'never',
  NoCustomerRelationship: 'never',
  CustomerBlocked: 'never',
  PartnerAccountBlocked: 'operator',
  AccessTokenRejected: 'later',
  Throttled: 'later',
  PartnerCenterUnavailable: 'later',
  OutcomeUnknown: 'unknown',

  // Our own sign-in.
  ReconsentRequired: 'operator',
  MfaRequired: 'operator',
  ConditionalAccessBlocked: 'operator',
  ServiceAccountUnusable: 'operator',
  ConsentMissing: 'operator',
  ClientCredentialRejected: 'operator',
  AppMisconfigured: 'operator',
  SignInThrottled: 'later',
  SignInUnavailable: 'later',

  // What we stand on.
  Halted: 'later',
  TimedOut: 'later',
  KeyVaultUnavailable: 'later',
  StorageUnavailable: 'later',
} as const satisfies Record<string, Recovery>;

export type ResetErrorCode = keyof typeof recoveryByCode;

/** Own names only: `toString` is found in every object, and is no code. */
export function isResetErrorCode(text: string): text is ResetErrorCode {
  return Object.hasOwn(recoveryByCode, text);
}

export interface ResetErrorOptions {
  readonly cause?: unknown;
  /** The other side's wish, from its `Retry-After`. */
  readonly retryAfterMs?: number | undefined;
  /** Which part of the request it is about, as a JSON path without `$`: `rows[3].user`. */
  readonly target?: string | undefined;
  /** The `MS-CorrelationId` of the failed call, for a support case. */
  readonly correlationId?: string | undefined;
  readonly details?: readonly ResetErrorDetail[] | undefined;
}

export interface ResetErrorDetail {
  readonly code: ResetErrorCode;
  readonly message: string;
  readonly target?: string;
}

/** A foreseen failure. Its message may quote ids; never a sign-in name, a secret or a foreign body. */
export class ResetError extends Error {
  override readonly name = 'ResetError';
  readonly code: ResetErrorCode;
  readonly retryAfterMs: number | undefined;
  readonly target: string | undefined;
  readonly correlationId: string | undefined;
  readonly details: readonly ResetErrorDetail[] | undefined;

  constructor(code: ResetErrorCode, message: string, options: ResetErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
    this.target = options.target;
    this.correlationId = options.correlationId;
    this.details = options.details;
  }

  get recovery(): Recovery {
    return recoveryByCode[this.code];
  }
}
