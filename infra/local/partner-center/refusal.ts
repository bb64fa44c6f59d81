/**
 * What Partner Center says no with: HTTP status, error code, sentence. Codes of users who cannot be
 * reset are not documented; those here are the likeliest, with the sentences of Microsoft Graph.
 *
 * @see https://learn.microsoft.com/partner-center/developer/error-codes
 */
const refusals = {
  tokenMissing: [401, 800001, 'The partner token is missing from the request context.'],
  tokenInvalid: [401, 400, 'Access denied. Authentication token is not valid or has expired.'],
  audienceNotAccepted: [401, 900420, 'The audience of the access token is not accepted.'],
  mfaRequired: [401, 900421, 'MFA is required. The access token has no proof of MFA.'],
  appOnlyNotAccepted: [403, 900329, 'The resource does not accept app-only tokens.'],
  noRelationship: [403, 20002, 'There is no relationship between this partner and this customer.'],
  insufficientPrivileges: [403, 900308, 'Insufficient privileges to complete the operation.'],
  routeNotFound: [404, 1000, 'The requested resource was not found.'],
  customerNotFound: [404, 3000, 'Partner Organization for the given tenant could not be found.'],
  tenantNotFound: [404, 60003, 'Tenant not found.'],
  userNotFound: [404, 60002, 'The user object id was not found.'],
  tenantIdNotGuid: [400, 2000, 'Tenant Id must be a GUID.'],
  userIdNotGuid: [400, 2000, 'User Id must be a GUID.'],
  bodyInvalid: [400, 800002, 'The request input is invalid: the body must be a JSON object.'],
  queryInvalid: [400, 3000, 'Invalid property in the query.'],
  propertyInvalid: [400, 3000, 'Invalid property in the request.'],
  dateOutOfRange: [400, 3000, 'The start date must be within the last 90 days.'],
  nameTaken: [
    400,
    3000,
    'Another object with the same value for property userPrincipalName already exists.',
  ],
  passwordTooWeak: [
    400,
    2000,
    'The specified password does not comply with password complexity requirements. Please provide a different password.',
  ],
  userSynchronized: [
    400,
    2000,
    'Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently undergoing migration.',
  ],
  userFederated: [
    400,
    2000,
    'Property passwordProfile does not apply to users of a federated domain.',
  ],
} as const satisfies Record<string, readonly [status: number, code: number, description: string]>;

export type RefusalReason = keyof typeof refusals;

/** Ends the handling of a request with an error answer. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  /** The code is a number on the wire, whatever the documented schema says. */
  readonly body: {
    readonly code: number;
    readonly description: string;
    readonly data: readonly string[];
    readonly source: string;
  };
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    reason: RefusalReason,
    more: {
      readonly data?: readonly string[];
      readonly headers?: Readonly<Record<string, string>>;
    } = {},
  ) {
    const [status, code, description] = refusals[reason];
    super(description);
    this.status = status;
    const source = status === 401 ? 'PartnerFD' : 'PartnerApiServiceControllers';
    this.body = { code, description, data: more.data ?? [], source };
    this.headers = more.headers ?? {};
  }
}
