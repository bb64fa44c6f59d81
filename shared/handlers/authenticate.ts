import type { HttpRequest } from '@azure/functions';
import type { ReadCallerList } from '../callers/authorize.js';
import type { Caller } from '../callers/caller.js';
import type { CallerList } from '../callers/caller-list.js';
import type { TokenIdentity, VerifyToken } from '../callers/token-identity.js';
import { ResetError } from '../password-reset/reset-error.js';
import { Secret } from '../platform/secret.js';

/** Identity that a platform in front puts into headers is not read: anybody can send those. */
export type Authenticate = (
  request: Pick<HttpRequest, 'headers' | 'query'>,
  signal: AbortSignal,
) => Promise<Caller>;

export interface AuthenticateDependencies {
  readonly readCallerList: ReadCallerList;
  readonly verifyToken: VerifyToken;
  readonly now: () => number;
}

/** Some callers can only send the header that Functions keys use. */
const keyHeaders = ['x-api-key', 'x-functions-key'];
const credentialHeaders = ['authorization', ...keyHeaders];

/**
 * Rejects with `Unauthorized`, which says which credential was seen but not its value, and with what
 * {@link VerifyToken} and {@link ReadCallerList} reject with.
 */
export function createAuthenticate(dependencies: AuthenticateDependencies): Authenticate {
  const { readCallerList, verifyToken, now } = dependencies;

  return async (request, signal) => {
    const { header, value } = onlyCredentialOf(request);
    if (header === 'authorization') {
      const identity = await verifyToken(bearerTokenIn(value), signal);
      return callerWith(identity, await readCallerList(signal));
    }
    const callers = await readCallerList(signal);
    const caller = callers.findByApiKey(new Secret(value), now());
    if (caller === undefined) {
      throw unauthorized(`The API key in ${header} is unknown or has expired`);
    }
    return caller;
  };
}

export function hasCredential(request: Pick<HttpRequest, 'headers'>): boolean {
  return credentialsIn(request).length > 0;
}

interface Credential {
  readonly header: string;
  readonly value: string;
}

/** @throws {@link ResetError} `Unauthorized`: of two, one would be the wrong one to believe */
function onlyCredentialOf(request: Pick<HttpRequest, 'headers' | 'query'>): Credential {
  const [credential, another] = credentialsIn(request);
  if (another !== undefined) {
    throw unauthorized('Send one credential: a bearer token or an API key, in one header');
  }
  if (credential !== undefined) return credential;
  // Addresses end up in logs.
  const why = request.query.has('code')
    ? 'A key in the address is not accepted'
    : 'No credential was sent';
  throw unauthorized(`${why}: put an API key into x-api-key, or a bearer token into Authorization`);
}

/** An empty header is none: some callers cannot leave one out. */
function credentialsIn({ headers }: Pick<HttpRequest, 'headers'>): Credential[] {
  return credentialHeaders
    .map((header) => ({ header, value: headers.get(header)?.trim() ?? '' }))
    .filter(({ value }) => value !== '');
}

/** @see https://www.rfc-editor.org/rfc/rfc6750#section-2.1 */
function bearerTokenIn(authorization: string): Secret {
  const [scheme = '', token = '', ...more] = authorization.split(/ +/);
  if (scheme.toLowerCase() !== 'bearer') {
    throw unauthorized('The scheme in Authorization is not Bearer');
  }
  if (token === '' || more.length > 0) throw unauthorized('Authorization holds no bearer token');
  return new Secret(token);
}

function callerWith(identity: TokenIdentity, callers: CallerList): Caller {
  const isPerson = identity.kind === 'person';
  const caller = isPerson
    ? callers.findByPerson(identity)
    : callers.findByClient(identity.clientId);
  if (caller === undefined) {
    throw unauthorized(
      isPerson
        ? 'The bearer token is of a person who is not listed'
        : 'The bearer token is of an application that is not listed',
    );
  }
  return caller;
}

function unauthorized(message: string): ResetError {
  return new ResetError('Unauthorized', message);
}
