import { z } from 'zod';
import { ResetError, type ResetErrorCode } from '../password-reset/reset-error.js';

/** An answer of the token endpoint that holds no token. */
export interface TokenRefusal {
  readonly status: number;
  readonly body: string;
  readonly retryAfterMs?: number | undefined;
}

type Reason =
  | 'refreshToken'
  | 'interaction'
  | 'conditionalAccess'
  | 'account'
  | 'consent'
  | 'clientCredential'
  | 'application'
  | 'cloud'
  | 'malformed'
  | 'transient'
  | 'throttled';

interface SignInFailure {
  readonly code: ResetErrorCode;
  readonly because: string;
  /** What a person must do; nothing when waiting is enough. */
  readonly advice?: string;
  readonly aadsts: readonly number[];
}

/** @see https://learn.microsoft.com/entra/identity-platform/reference-error-codes */
const failures: Readonly<Record<Reason, SignInFailure>> = {
  refreshToken: {
    code: 'ReconsentRequired',
    because: 'the stored refresh token has expired or was revoked',
    advice: 'Consent again as the service account',
    aadsts: [70000, 70008, 70043, 700082, 700084, 50089, 50132, 50133, 50173],
  },
  interaction: {
    code: 'MfaRequired',
    because: 'the service account must prove itself with multifactor authentication',
    advice: 'Consent again as the service account, with multifactor authentication',
    aadsts: [50072, 50074, 50076, 50078, 50079],
  },
  conditionalAccess: {
    code: 'ConditionalAccessBlocked',
    because: 'a Conditional Access or risk policy blocks the service account',
    advice: 'Change the policy or clear the risk, then consent again as the service account',
    aadsts: [50131, 53000, 53001, 53002, 53003, 53004, 53011, 530032, 530034],
  },
  account: {
    code: 'ServiceAccountUnusable',
    because: 'the service account is disabled, missing, or its password has expired',
    advice: 'Repair the account, then consent again with it',
    aadsts: [50034, 50055, 50057],
  },
  consent: {
    code: 'ConsentMissing',
    because: 'nobody has consented to what the app asks for',
    advice: "Consent to the app's permissions as an administrator",
    aadsts: [65001, 90094, 90099],
  },
  clientCredential: {
    code: 'ClientCredentialRejected',
    because: 'the client secret or certificate is wrong or has expired',
    advice: 'Add a new one to the app registration and store it in Key Vault',
    aadsts: [700027, 7000215, 7000218, 7000222],
  },
  application: {
    code: 'AppMisconfigured',
    because: 'Entra does not know the tenant, the app or its permissions, or the app is disabled',
    advice:
      'Check PARTNER_TENANT_ID, PARTNER_CLIENT_ID, ENTRA_AUTHORITY_URL and the app registration',
    aadsts: [50001, 50194, 70001, 90002, 500011, 650052, 650056, 650057, 700016, 7000112],
  },
  cloud: {
    code: 'AppMisconfigured',
    because: 'the tenant belongs to another national cloud',
    advice: 'Check ENTRA_AUTHORITY_URL and PARTNER_TENANT_ID',
    aadsts: [90038, 900382, 900432],
  },
  malformed: {
    code: 'AppMisconfigured',
    because: 'Entra finds the request malformed',
    advice: 'Check the settings; if they are right, this is a defect of the app',
    aadsts: [90023, 900144, 901002, 9002313],
  },
  transient: {
    code: 'SignInUnavailable',
    because: 'Entra cannot answer at the moment',
    aadsts: [50033, 50087, 90006, 90012, 90024, 90033, 90090],
  },
  throttled: {
    code: 'SignInThrottled',
    because: 'Entra asks for fewer requests',
    aadsts: [50196, 90055],
  },
};

const reasonByNumber: ReadonlyMap<number, Reason> = new Map(
  (Object.keys(failures) as Reason[]).flatMap((reason) =>
    failures[reason].aadsts.map((number) => [number, reason] as const),
  ),
);

/** Those that leave no doubt; the rest only say that somebody must act. */
const reasonBySuberror: ReadonlyMap<string, Reason> = new Map([
  ['bad_token', 'refreshToken'],
  ['token_expired', 'refreshToken'],
  ['consent_required', 'consent'],
  ['user_password_expired', 'account'],
  ['protection_policy_required', 'conditionalAccess'],
  ['device_authentication_failed', 'conditionalAccess'],
  ['client_mismatch', 'application'],
]);

/** @see https://datatracker.ietf.org/doc/html/rfc6749#section-5.2 */
const reasonByError: ReadonlyMap<string, Reason> = new Map([
  ['invalid_grant', 'refreshToken'],
  ['interaction_required', 'interaction'],
  ['login_required', 'interaction'],
  ['consent_required', 'consent'],
  ['invalid_client', 'clientCredential'],
  ['unauthorized_client', 'application'],
  ['invalid_resource', 'application'],
  ['invalid_scope', 'malformed'],
  ['invalid_request', 'malformed'],
  ['unsupported_grant_type', 'malformed'],
  ['temporarily_unavailable', 'transient'],
  ['server_error', 'transient'],
]);

const refusalBody = z
  .object({
    error: z.string().catch(''),
    suberror: z.string().catch(''),
    error_codes: z.array(z.int().positive()).catch([]),
    correlation_id: z.guid().optional().catch(undefined),
  })
  .catch({ error: '', suberror: '', error_codes: [] });

/**
 * The `error` and `suberror` decide whether waiting helps; the numbers, which Entra may change, tell
 * the classes apart. The description is left out, since it can hold sign-in names.
 */
export function toSignInError({ status, body, retryAfterMs }: TokenRefusal): ResetError {
  const refusal = refusalBody.parse(parseJson(body));
  const failure = failures[reasonOf(status, refusal)];
  const [number] = refusal.error_codes;
  const name = number === undefined ? nameOf(status, refusal.error) : `AADSTS${number}`;
  const advice = failure.advice === undefined ? '' : `. ${failure.advice}`;

  return new ResetError(
    failure.code,
    `Cannot sign in to Microsoft Entra: ${failure.because} (${name})${advice}`,
    { retryAfterMs, correlationId: refusal.correlation_id },
  );
}

function reasonOf(status: number, refusal: z.infer<typeof refusalBody>): Reason {
  const byError = reasonByError.get(refusal.error);
  const byNumber = refusal.error_codes
    .map((number) => reasonByNumber.get(number))
    .find((reason) => reason !== undefined);

  if (status === 429 || byNumber === 'throttled') return 'throttled';
  if (status >= 500 || status === 408 || byError === 'transient') return 'transient';
  // Text that is no refresh token at all is "malformed", too, but an `invalid_grant`.
  const byTellingNumber = byNumber === 'malformed' ? undefined : byNumber;
  return (
    reasonBySuberror.get(refusal.suberror) ??
    byTellingNumber ??
    byError ??
    byNumber ??
    'application'
  );
}

/** An unknown `error` is foreign text, and foreign text stays out of messages. */
function nameOf(status: number, error: string): string {
  return reasonByError.has(error) ? error : `HTTP ${status}`;
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
