import { describe, expect, it } from '@jest/globals';
import { failureName, isUnsent } from '../../../shared/partner-center/no-answer.js';

describe('isUnsent()', () => {
  it.each([
    { code: 'ENOTFOUND' },
    { code: 'EAI_AGAIN' },
    { code: 'ECONNREFUSED' },
    { code: 'ETIMEDOUT', erroredSysCall: 'connect' },
    { code: 'EHOSTUNREACH', syscall: 'connect' },
    { code: 'ENOTFOUND', syscall: 'getaddrinfo' },
    { code: 'EPROTO', erroredSysCall: 'write' },
    { code: 'ERR_SSL_WRONG_VERSION_NUMBER' },
    { code: 'CERT_HAS_EXPIRED' },
    { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
    { code: 'SELF_SIGNED_CERT_IN_CHAIN' },
    { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' },
    { code: 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY' },
    { code: 'ERR_TLS_CERT_ALTNAME_INVALID' },
    { code: 'ERR_INVALID_CHAR' },
  ])('is true for $code', (failure) => {
    expect(isUnsent(Object.assign(new Error('failed'), failure))).toBe(true);
  });

  it.each([
    { code: 'ECONNRESET' },
    { code: 'ECONNRESET', erroredSysCall: 'read' },
    { code: 'EPIPE', syscall: 'write' },
    { code: 'ETIMEDOUT' },
    { code: 'EHOSTUNREACH', syscall: 'read' },
    { code: 'ERR_STREAM_PREMATURE_CLOSE' },
    { code: 'ERR_SSL_SSLV3_ALERT_BAD_RECORD_MAC' },
    { code: 'HPE_INVALID_CONSTANT' },
    { code: 'NOT_ENOTFOUND' },
    { name: 'AbortError', type: 'aborted' },
    {},
  ])('is false for %o, which may have been sent', (failure) => {
    expect(isUnsent(Object.assign(new Error('failed'), failure))).toBe(false);
  });

  it.each([[undefined], [null], ['ENOTFOUND'], [404]])('is false for %p', (thrown) => {
    expect(isUnsent(thrown)).toBe(false);
  });
});

describe('failureName()', () => {
  it('is the name that the operating system gives', () => {
    expect(failureName({ code: 'ECONNRESET' })).toBe('ECONNRESET');
  });

  it.each([
    ['a code of other characters', { code: 'Zq7-CANARY' }],
    ['a number', { code: 20 }],
    ['no code', {}],
    ['nothing', undefined],
  ])('is undefined for %s', (_, error) => {
    expect(failureName(error)).toBeUndefined();
  });
});
