import type { ResetErrorCode } from './reset-error.js';

const setUp = 'Whoever runs this service must act';

/** What each code means for the person who asked, and what can be done about it. */
export const explanationByCode: Readonly<Record<ResetErrorCode, string>> = {
  InvalidRequest: 'The request cannot be read',
  InvalidRows: 'Rows of the job cannot be used: mend them and send the job again',
  RequestTooLarge: 'The request is too large: split it, or use a file in the bulk inbox',
  UnsupportedMediaType: 'The body must be uncompressed application/json, or text/csv for a job',
  Unauthorized:
    'The caller is not known: send a bearer token that is listed, or a valid API key in x-api-key',
  PermissionDenied: 'The caller may not do this: ask for the permission',
  PasswordResetNotFound: 'There is no such password reset',
  BulkResetNotFound: 'There is no such bulk reset',
  BulkResetConflict: 'Another bulk reset has that id, or the bulk reset is not over yet',
  Cancelled: 'It was cancelled before it came to its end',
  IdempotencyConflict:
    'Another request was sent with this idempotency key: choose a new key for a new request',
  RecipientKeyNotFound: 'No such key is registered for the caller: ask an administrator',
  PasswordResetConflict: 'The password reset is not over yet',
  DailyCapReached: 'The caller has reset as many users today as it may: come again tomorrow (UTC)',
  ApprovalMissing: 'Nobody approved the job in time: send it again',
  PasswordNotAllowed: "The chosen password breaks Entra's rules: choose another",

  CustomerNotFound: 'There is no such customer',
  UserNotFound: 'The customer has no such user',
  UserDeleted: 'The user is deleted: restore the user first',
  UserFederated: 'The user signs in through a federated domain: reset the password there',
  UserSynchronized: 'The user is synchronized from on-premises: reset the password there',
  UserIsAdmin: 'The user holds a directory role: administrators are not reset here',
  Superseded: 'A newer reset of the same user has begun: its password is the one that counts',
  RolesUnreadable: "The user's directory roles cannot be read, so nothing was sent",

  PasswordRejected: 'The directory refused the password',
  RequestRejected: 'Partner Center refused the reset: the directory may not allow it for this user',
  PartnerPermissionDenied:
    'Partner Center denied access: the GDAP relationship lacks the role for this user',
  NoCustomerRelationship: 'The partner has no relationship with this customer',
  CustomerBlocked: "The customer's account is locked or under review",
  PartnerAccountBlocked: "The partner's account is not active or has agreements to accept",
  AccessTokenRejected: `Partner Center does not accept our access token. ${setUp}`,
  Throttled: 'Partner Center is busy, and the password was not changed: ask again later',
  PartnerCenterUnavailable: 'Partner Center cannot be reached',
  OutcomeUnknown:
    'The password may have changed to one that nobody received: wait 5 minutes (the settle time), then reset it again',

  ReconsentRequired: `The sign-in to Partner Center has expired or was revoked. ${setUp}: consent again`,
  MfaRequired: `The sign-in to Partner Center lacks MFA. ${setUp}: consent again with MFA`,
  ConditionalAccessBlocked: `A Conditional Access policy blocks the sign-in. ${setUp}`,
  ServiceAccountUnusable: `The service user is disabled, expired or deleted. ${setUp}`,
  ConsentMissing: `The app lacks consent. ${setUp}`,
  ClientCredentialRejected: `The app's secret or certificate was refused. ${setUp}: rotate it`,
  AppMisconfigured: `The app is not set up correctly. ${setUp}`,
  SignInThrottled: 'Microsoft Entra is busy',
  SignInUnavailable: 'Microsoft Entra cannot be reached',

  Halted: 'Password resets are stopped by whoever runs this service: ask again later',
  TimedOut: 'It took too long: ask again',
  KeyVaultUnavailable: 'Key Vault cannot be reached',
  StorageUnavailable: 'Storage cannot be reached',
};
