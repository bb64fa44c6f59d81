import { ResetError } from '../password-reset/reset-error.js';
import { isCancelled } from '../platform/deadline.js';

/**
 * The SDK's own error holds the request that failed, so only its status and code are passed on.
 * A bug of ours (not an answer, nor a missing one) travels up as it is, and so does the reason of whoever
 * no longer wants the answer.
 *
 * @param signal by which the call was to end
 */
export function toStorageError(error: unknown, what: string, signal?: AbortSignal): unknown {
  if (signal !== undefined && isCancelled(signal)) return signal.reason;
  if (isIdentityError(error)) {
    const { statusCode, name } = error;
    const answer = typeof statusCode === 'number' ? `status ${statusCode}` : 'no answer';
    const why = `the managed identity gives no token: ${answer} (${name})`;
    return new ResetError('StorageUnavailable', `Cannot ${what}: ${why}`);
  }
  if (isAborted(error)) {
    return new ResetError('StorageUnavailable', `Cannot ${what}: no answer (${error.name})`);
  }
  if (!isRestError(error) && !isNetworkError(error)) return error;
  const { statusCode, code } = error;
  const why = statusCode === undefined ? 'no answer' : `status ${statusCode}`;
  return new ResetError('StorageUnavailable', `Cannot ${what}: ${why} (${code ?? 'no code'})`);
}

/** An answer of the service with this status. */
export function hasStatus(error: unknown, status: number): boolean {
  return isRestError(error) && error.statusCode === status;
}

interface RestErrorShape {
  readonly statusCode?: number;
  readonly code?: string;
}

function isRestError(error: unknown): error is RestErrorShape {
  return nameOf(error) === 'RestError';
}

/** What `@azure/identity` throws; for a storage account there is nobody else to sign in to. */
const identityErrorNames = [
  'CredentialUnavailableError',
  'AuthenticationError',
  'AggregateAuthenticationError',
  'AuthenticationRequiredError',
];

function isIdentityError(error: unknown): error is { name: string; statusCode?: unknown } {
  const name = nameOf(error);
  return typeof name === 'string' && identityErrorNames.includes(name);
}

/** A deadline that passed, or how the SDK calls a connection that ends while a blob is read. */
function isAborted(error: unknown): error is { name: string } {
  const name = nameOf(error);
  return name === 'AbortError' || name === 'TimeoutError';
}

/** Node's own codes of sockets and names: `ECONNRESET`, `ENOTFOUND`, `EAI_AGAIN`, `EPIPE`. */
const networkCodes = /^E(?:AI_[A-Z]+|CONN[A-Z]+|NOTFOUND|PIPE|TIMEDOUT|(?:HOST|NET)UNREACH)$/;

/** A connection that ends while a body is read is no `RestError`. */
function isNetworkError(error: unknown): error is { code: string; statusCode?: undefined } {
  const code = (error as { readonly code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' && networkCodes.test(code);
}

function nameOf(error: unknown): unknown {
  return (error as { readonly name?: unknown } | null | undefined)?.name;
}
