import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { parseCallerList } from '../../../shared/callers/caller-list.js';
import type { TokenIdentity } from '../../../shared/callers/token-identity.js';
import { createAuthenticate, hasCredential } from '../../../shared/handlers/authenticate.js';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import { Secret } from '../../../shared/platform/secret.js';
import { aRequest } from './invocation.js';

const signal = new AbortController().signal;
const nowMs = Date.UTC(2026, 0, 1);
const apiKey = ['a', 'key', 'of', 'no', 'value'].join('-');
const expired = `${apiKey}-expired`;
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const clientId = '5d1a3f0e-6c1e-4a55-9a44-0c2f8c6f1a11';
const portalId = '7e2b4a1f-7d2f-4b66-8b55-1d3a9d7a2b22';
const userId = '8f3c5b2a-8e3a-4c77-9c66-2e4b0e8b3c33';
const somebodyElse = '90d4c6b3-9f4b-4d88-8d77-3f5c1f9c4d44';

const callers = parseCallerList(
  new Secret(
    JSON.stringify({
      callers: [
        {
          name: 'helpdesk',
          apiKeys: [
            { sha256: sha256(apiKey) },
            { sha256: sha256(expired), expiresAt: new Date(nowMs).toISOString() },
          ],
          entraClients: [{ clientId }, { clientId: portalId, users: [userId] }],
          permissions: ['reset'],
          customers: '*',
        },
      ],
    }),
  ),
);

/** Of tokens that are good; any other is refused. */
const holders: Readonly<Record<string, TokenIdentity>> = {
  'token.of.app': { kind: 'application', clientId },
  'token.of.person': { kind: 'person', clientId: portalId, userId },
  'token.of.other-app': { kind: 'application', clientId: somebodyElse },
  'token.of.portal': { kind: 'application', clientId: portalId },
  'token.of.other-person': { kind: 'person', clientId: portalId, userId: somebodyElse },
  'token.of.person-through-app': { kind: 'person', clientId, userId },
};
const refusal = new ResetError('Unauthorized', 'The bearer token has expired');

const authenticate = createAuthenticate({
  readCallerList: () => Promise.resolve(callers),
  verifyToken: (token) => {
    const holder = holders[token.reveal()];
    return holder ? Promise.resolve(holder) : Promise.reject(refusal);
  },
  now: () => nowMs,
});

describe('createAuthenticate()', () => {
  it.each<[string, Record<string, string>]>([
    ['in x-api-key', { 'x-api-key': apiKey }],
    ['in x-functions-key', { 'x-functions-key': apiKey }],
    ['with blanks around it', { 'x-api-key': ` ${apiKey} ` }],
    ['beside an empty one', { 'x-api-key': '', 'x-functions-key': apiKey }],
    ['beside an empty Authorization', { authorization: ' ', 'x-api-key': apiKey }],
  ])('knows a caller by a key %s', async (_, headers) => {
    expect(await authenticate(aRequest({ headers }), signal)).toMatchObject({ name: 'helpdesk' });
  });

  it.each<[string, string, Record<string, string>]>([
    ['an application', 'helpdesk', { authorization: 'Bearer token.of.app' }],
    ['a person', `helpdesk/${userId}`, { authorization: 'Bearer token.of.person' }],
    ['one in small letters', 'helpdesk', { authorization: 'bearer token.of.app' }],
    ['one after more blanks', 'helpdesk', { authorization: 'Bearer   token.of.app ' }],
    ['one beside empty keys', 'helpdesk', { authorization: 'Bearer token.of.app', ...empty() }],
  ])('knows a caller by the bearer token of %s', async (_, name, headers) => {
    expect(await authenticate(aRequest({ headers }), signal)).toMatchObject({ name });
  });

  it.each<[string, Record<string, string>, string]>([
    ['nothing', {}, 'No credential was sent: put an API key into x-api-key, or a bearer token'],
    ['an empty key', { 'x-api-key': '' }, 'No credential was sent'],
    ['a blank key', { 'x-functions-key': '  ' }, 'No credential was sent'],
    ['empty headers', { authorization: '', ...empty() }, 'No credential was sent'],
    ['another key', { 'x-api-key': 'x' }, 'The API key in x-api-key is unknown or has expired'],
    ['a part of the key', { 'x-api-key': apiKey.slice(0, -1) }, 'in x-api-key is unknown'],
    ['the key in capitals', { 'x-api-key': apiKey.toUpperCase() }, 'in x-api-key is unknown'],
    ["the key's hash", { 'x-api-key': sha256(apiKey) }, 'in x-api-key is unknown'],
    ['two keys', { 'x-api-key': `${apiKey}, ${apiKey}` }, 'in x-api-key is unknown'],
    ['an expired key', { 'x-api-key': expired }, 'in x-api-key is unknown or has expired'],
    ['a wrong key of Functions', { 'x-functions-key': 'x' }, 'in x-functions-key is unknown'],
    ['a token that is refused', { authorization: 'Bearer x' }, 'The bearer token has expired'],
    ['a token in x-api-key', { 'x-api-key': 'token.of.app' }, 'in x-api-key is unknown'],
    ['a key as a token', { authorization: `Bearer ${apiKey}` }, 'The bearer token has expired'],
    [
      'a key without scheme',
      { authorization: apiKey },
      'The scheme in Authorization is not Bearer',
    ],
    ['Basic', { authorization: `Basic ${apiKey}` }, 'The scheme in Authorization is not Bearer'],
    ['Bearer alone', { authorization: 'Bearer ' }, 'Authorization holds no bearer token'],
    [
      'two tokens in a row',
      { authorization: 'Bearer token.of.app token.of.app' },
      'Authorization holds no bearer token',
    ],
    [
      'two tokens',
      { authorization: 'Bearer token.of.app, Bearer token.of.app' },
      'Authorization holds no bearer token',
    ],
    [
      'an application that is not listed',
      { authorization: 'Bearer token.of.other-app' },
      'The bearer token is of an application that is not listed',
    ],
    [
      'an application through which only people may come',
      { authorization: 'Bearer token.of.portal' },
      'The bearer token is of an application that is not listed',
    ],
    [
      'a person who is not listed',
      { authorization: 'Bearer token.of.other-person' },
      'The bearer token is of a person who is not listed',
    ],
    [
      'a person who is listed with another application',
      { authorization: 'Bearer token.of.person-through-app' },
      'The bearer token is of a person who is not listed',
    ],
  ])('knows nobody by %s', async (_, headers, message) => {
    const authenticating = authenticate(aRequest({ headers }), signal);

    await expect(authenticating).rejects.toMatchObject({
      code: 'Unauthorized',
      message: expect.stringContaining(message),
    });
    await expect(authenticating).rejects.not.toMatchObject({
      message: expect.stringContaining(apiKey),
    });
  });

  const sent = { good: 'good', wrong: 'wrong' } as const;
  it.each(
    Object.values(sent).flatMap((first) =>
      Object.values(sent).flatMap((second) => [
        ['authorization', first, 'x-api-key', second] as const,
        ['authorization', first, 'x-functions-key', second] as const,
        ['x-api-key', first, 'x-functions-key', second] as const,
      ]),
    ),
  )('chooses none of two: %s (%s) beside %s (%s)', async (one, isOne, other, isOther) => {
    const headers = { [one]: valueFor(one, isOne), [other]: valueFor(other, isOther) };

    await expect(authenticate(aRequest({ headers }), signal)).rejects.toMatchObject({
      code: 'Unauthorized',
      message: 'Send one credential: a bearer token or an API key, in one header',
    });
  });

  it('takes no key in the address, and says so', async () => {
    const authenticating = authenticate(aRequest({ query: { code: apiKey } }), signal);

    await expect(authenticating).rejects.toMatchObject({
      code: 'Unauthorized',
      message: expect.stringMatching(/^A key in the address is not accepted: put/),
    });
  });

  it.each([apiKey, 'x'])('does not look at a key in the address beside a header', async (code) => {
    const headers = { authorization: 'Bearer token.of.app' };

    expect(await authenticate(aRequest({ headers, query: { code } }), signal)).toMatchObject({
      name: 'helpdesk',
    });
  });

  it('does not believe the identity that a platform puts into headers', async () => {
    await expect(authenticate(aRequest({ headers: forged() }), signal)).rejects.toMatchObject({
      code: 'Unauthorized',
      message: expect.stringContaining('No credential was sent'),
    });
  });

  it('knows the holder of the token, whatever such headers say beside it', async () => {
    const headers = { ...forged(), authorization: 'Bearer token.of.person' };

    expect(await authenticate(aRequest({ headers }), signal)).toMatchObject({
      name: `helpdesk/${userId}`,
    });
  });

  it.each([{ 'x-api-key': apiKey }, { authorization: 'Bearer token.of.app' }])(
    'rejects with what the list of callers rejects with',
    async (headers) => {
      const failure = new ResetError('KeyVaultUnavailable', 'is away');
      const withoutList = createAuthenticate({
        readCallerList: () => Promise.reject(failure),
        verifyToken: () => Promise.resolve({ kind: 'application', clientId }),
        now: () => nowMs,
      });

      await expect(withoutList(aRequest({ headers }), signal)).rejects.toBe(failure);
    },
  );
});

describe('hasCredential()', () => {
  it.each<[Record<string, string>, boolean]>([
    [{ 'x-api-key': 'x' }, true],
    [{ 'x-functions-key': 'x' }, true],
    [{ authorization: 'Bearer x' }, true],
    [{ authorization: 'Basic x' }, true],
    [{ 'x-api-key': ' ', authorization: '' }, false],
    [forged(), false],
    [{}, false],
  ])('of %j is %s', (headers, expected) => {
    expect(hasCredential(aRequest({ headers, query: { code: 'x' } }))).toBe(expected);
  });
});

function empty(): Record<string, string> {
  return { 'x-api-key': '', 'x-functions-key': ' ' };
}

function valueFor(header: string, kind: 'good' | 'wrong'): string {
  if (header === 'authorization') return kind === 'good' ? 'Bearer token.of.app' : 'Basic x';
  return kind === 'good' ? apiKey : 'x';
}

/** As the sign-in of App Service would send them. */
function forged(): Record<string, string> {
  const principal = {
    auth_typ: 'aad',
    claims: [
      { typ: 'roles', val: 'access_as_application' },
      { typ: 'azp', val: clientId },
    ],
  };
  return {
    'x-ms-client-principal': Buffer.from(JSON.stringify(principal)).toString('base64'),
    'x-ms-client-principal-id': userId,
    'x-ms-client-principal-idp': 'aad',
    'x-ms-client-principal-name': 'helpdesk',
  };
}
