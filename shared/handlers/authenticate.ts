import type { HttpRequest } from '@azure/functions';
import type { ReadCallerList } from '../callers/authorize.js';
import type { Caller } from '../callers/caller.js';
import { ResetError } from '../password-reset/reset-error.js';
import { Secret } from '../platform/secret.js';

export type Authenticate = (
  request: Pick<HttpRequest, 'headers'>,
  signal: AbortSignal,
) => Promise<Caller>;

/** Some callers can only send the header that Functions keys use; an empty one is none. */
const keyHeaders = ['x-api-key', 'x-functions-key'];

/** Rejects with `Unauthorized`, which says which credential was seen but not its value. */
export function createAuthenticate({
  readCallerList,
  now,
}: {
  readonly readCallerList: ReadCallerList;
  readonly now: () => number;
}): Authenticate {
  return async (request, signal) => {
    const header = keyHeaders.find((name) => credentialIn(request, name) !== undefined);
    const apiKey = header && credentialIn(request, header);
    if (apiKey === undefined || apiKey === '') {
      throw new ResetError('Unauthorized', 'No credential was sent: put an API key into x-api-key');
    }
    const callers = await readCallerList(signal);
    const caller = callers.findByApiKey(new Secret(apiKey), now());
    if (caller === undefined) {
      throw new ResetError('Unauthorized', `The API key in ${header} is unknown or has expired`);
    }
    return caller;
  };
}

export function hasCredential(request: Pick<HttpRequest, 'headers'>): boolean {
  return keyHeaders.some((name) => credentialIn(request, name) !== undefined);
}

function credentialIn({ headers }: Pick<HttpRequest, 'headers'>, name: string): string | undefined {
  const value = headers.get(name)?.trim();
  return value === '' ? undefined : value;
}
