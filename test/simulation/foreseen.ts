import { ResetError } from '../../shared/password-reset/reset-error.js';

/** The code of a failure that a door knows how to answer; undefined for any other. */
export function foreseenCodeOf(error: unknown): string | undefined {
  if (error instanceof ResetError) return error.code;
  return (error as { readonly name?: unknown }).name === 'TimeoutError' ? 'TimedOut' : undefined;
}
