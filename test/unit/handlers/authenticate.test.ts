import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { parseCallerList } from '../../../shared/callers/caller-list.js';
import { createAuthenticate, hasCredential } from '../../../shared/handlers/authenticate.js';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import { Secret } from '../../../shared/platform/secret.js';
import { aRequest } from './invocation.js';

const signal = new AbortController().signal;
const nowMs = Date.UTC(2026, 0, 1);
const apiKey = ['a', 'key', 'of', 'no', 'value'].join('-');
const expired = `${apiKey}-expired`;
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

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
          permissions: ['reset'],
          customers: '*',
        },
      ],
    }),
  ),
);
const authenticate = createAuthenticate({
  readCallerList: () => Promise.resolve(callers),
  now: () => nowMs,
});

describe('createAuthenticate()', () => {
  it.each<[string, Record<string, string>]>([
    ['in x-api-key', { 'x-api-key': apiKey }],
    ['in x-functions-key', { 'x-functions-key': apiKey }],
    ['with blanks around it', { 'x-api-key': ` ${apiKey} ` }],
    ['beside an empty one', { 'x-api-key': '', 'x-functions-key': apiKey }],
  ])('knows a caller by a key %s', async (_, headers) => {
    expect(await authenticate(aRequest({ headers }), signal)).toMatchObject({ name: 'helpdesk' });
  });

  it.each<[string, Record<string, string>, string]>([
    ['no key', {}, 'No credential was sent: put an API key into x-api-key'],
    ['an empty key', { 'x-api-key': '' }, 'No credential was sent'],
    ['a blank key', { 'x-functions-key': '  ' }, 'No credential was sent'],
    ['another key', { 'x-api-key': 'x' }, 'The API key in x-api-key is unknown or has expired'],
    ['a part of the key', { 'x-api-key': apiKey.slice(0, -1) }, 'in x-api-key is unknown'],
    ['the key in capitals', { 'x-api-key': apiKey.toUpperCase() }, 'in x-api-key is unknown'],
    ["the key's hash", { 'x-api-key': sha256(apiKey) }, 'in x-api-key is unknown'],
    ['two keys', { 'x-api-key': `${apiKey}, ${apiKey}` }, 'in x-api-key is unknown'],
    ['an expired key', { 'x-api-key': expired }, 'in x-api-key is unknown or has expired'],
    ['a wrong key beside', { 'x-functions-key': 'x' }, 'in x-functions-key is unknown'],
    ['a bearer token', { authorization: `Bearer ${apiKey}` }, 'No credential was sent'],
    ['a header of the platform', { 'x-ms-client-principal-name': 'helpdesk' }, 'No credential'],
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

  it('never takes a second key when the first is wrong', async () => {
    const headers = { 'x-api-key': 'x', 'x-functions-key': apiKey };

    await expect(authenticate(aRequest({ headers }), signal)).rejects.toMatchObject({
      code: 'Unauthorized',
    });
  });

  it('rejects with what the list of callers rejects with', async () => {
    const failure = new ResetError('KeyVaultUnavailable', 'is away');
    const withoutList = createAuthenticate({
      readCallerList: () => Promise.reject(failure),
      now: () => nowMs,
    });

    await expect(withoutList(aRequest({ headers: { 'x-api-key': apiKey } }), signal)).rejects.toBe(
      failure,
    );
  });
});

describe('hasCredential()', () => {
  it.each<[Record<string, string>, boolean]>([
    [{ 'x-api-key': 'x' }, true],
    [{ 'x-functions-key': 'x' }, true],
    [{ 'x-api-key': ' ' }, false],
    [{ authorization: 'Bearer x' }, false],
    [{}, false],
  ])('looks for a key: %j', (headers, expected) => {
    expect(hasCredential(aRequest({ headers }))).toBe(expected);
  });
});
