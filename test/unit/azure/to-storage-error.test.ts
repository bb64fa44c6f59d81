import { RestError } from '@azure/data-tables';
import {
  AggregateAuthenticationError,
  AuthenticationError,
  CredentialUnavailableError,
} from '@azure/identity';
import { describe, expect, it } from '@jest/globals';
import { hasStatus, toStorageError } from '../../../shared/azure/to-storage-error.js';
import { ResetError } from '../../../shared/password-reset/reset-error.js';

describe('toStorageError()', () => {
  it.each([
    [
      'an answer',
      { statusCode: 503, code: 'ServerBusy' },
      'Cannot read a row: status 503 (ServerBusy)',
    ],
    ['an answer without a code', { statusCode: 500 }, 'Cannot read a row: status 500 (no code)'],
    ['no answer', { code: 'ECONNREFUSED' }, 'Cannot read a row: no answer (ECONNREFUSED)'],
    ['no answer and no code', {}, 'Cannot read a row: no answer (no code)'],
  ])('says which part of the storage failed: %s', (_what, options, message) => {
    const error = toStorageError(new RestError('PUT https://…', options), 'read a row');

    expect(error).toMatchObject({ name: 'ResetError', code: 'StorageUnavailable', message });
  });

  it.each<[Error, string]>([
    [new CredentialUnavailableError('canary'), 'no answer (CredentialUnavailableError)'],
    [new AuthenticationError(400, 'canary'), 'status 400 (AuthenticationError)'],
    [new AggregateAuthenticationError(['canary']), 'no answer (AggregateAuthenticationError)'],
  ])('says that the managed identity failed, and nothing of what it said: %#', (failure, why) => {
    const error = toStorageError(failure, 'read a row');

    expect(error).toMatchObject({
      name: 'ResetError',
      code: 'StorageUnavailable',
      message: `Cannot read a row: the managed identity gives no token: ${why}`,
    });
    expect(error).not.toHaveProperty('cause');
  });

  it.each(['ECONNRESET', 'ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EPIPE', 'ETIMEDOUT'])(
    'takes a connection that fails below the SDK for no answer: %s',
    (code) => {
      expect(
        toStorageError(Object.assign(new Error('canary'), { code }), 'read a row'),
      ).toMatchObject({
        code: 'StorageUnavailable',
        message: `Cannot read a row: no answer (${code})`,
      });
    },
  );

  it.each(['AbortError', 'TimeoutError'])(
    'takes a wait that nobody gave up for no answer: %s',
    (name) => {
      const waiting = AbortSignal.abort(new DOMException('timed out', 'TimeoutError'));
      const message = `Cannot read a row: no answer (${name})`;

      for (const signal of [undefined, new AbortController().signal, waiting]) {
        expect(
          toStorageError(new DOMException('aborted', name), 'read a row', signal),
        ).toMatchObject({ code: 'StorageUnavailable', message });
      }
    },
  );

  it('gives back the reason of whoever no longer wants the answer', () => {
    const reason = new Error('The host stops');

    expect(
      toStorageError(new DOMException('aborted', 'AbortError'), 'x', AbortSignal.abort(reason)),
    ).toBe(reason);
  });

  it('passes on nothing of the request that failed', () => {
    const error = toStorageError(new RestError('the body: a seal'), 'read a row') as ResetError;

    expect(error.message).not.toContain('a seal');
    expect(error).not.toHaveProperty('cause');
  });

  it.each([
    ['a bug', new TypeError('not a function')],
    ['a bug that Node finds', Object.assign(new TypeError('x'), { code: 'ERR_INVALID_ARG_TYPE' })],
    ['a missing file', Object.assign(new Error('x'), { code: 'ENOENT' })],
    ['a foreseen failure', new ResetError('Throttled', 'Later')],
    ['nothing', undefined],
    ['null', null],
    ['a text', 'RestError'],
  ])('gives back as it is: %s', (_what, error) => {
    expect(toStorageError(error, 'read a row')).toBe(error);
  });
});

describe('hasStatus()', () => {
  it.each([
    ['an answer with this status', new RestError('', { statusCode: 409 }), true],
    ['an answer with another status', new RestError('', { statusCode: 412 }), false],
    ['no answer', new RestError(''), false],
    ['an error of somebody else with this status', { name: 'Error', statusCode: 409 }, false],
    ['null', null, false],
    ['nothing', undefined, false],
  ])('is for %s: %s', (_what, error, expected) => {
    expect(hasStatus(error, 409)).toBe(expected);
  });
});
