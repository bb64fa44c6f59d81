import { ResetError } from '../password-reset/reset-error.js';

/**
 * The SDK's own error holds the request that failed, so only its status and code are passed on.
 * A bug of ours (not an answer, nor a missing one) travels up as it is.
 */
export function toStorageError(error: unknown, what: string): unknown {
  if (!isRestError(error)) return error;
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
  return (
    typeof error === 'object' && error !== null && 'name' in error && error.name === 'RestError'
  );
}
