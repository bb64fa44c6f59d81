import { describe, expect, it } from '@jest/globals';
import { compactDecrypt, decodeProtectedHeader, exportJWK, generateKeyPair, type JWK } from 'jose';
import { recipientKey } from '../../../shared/callers/recipient-key.js';
import {
  createEncryptForRecipient,
  recipientKeyIdOf,
} from '../../../shared/delivery/recipient-jwe.js';
import { customerTenantId, userId } from '../../builders/a-reset-row.js';
import { aSealedRequest } from '../../builders/a-sealed-request.js';

const { signal } = new AbortController();
const resetId = 'reset-7';
const request = aSealedRequest({ delivery: 'recipientKey', recipientKeyId: '2026' });

describe('createEncryptForRecipient()', () => {
  it.each([
    ['RSA-OAEP-256', { modulusLength: 2048 }],
    ['ECDH-ES+A256KW', { crv: 'P-256' }],
  ])('makes a JWE with %s that only the recipient can read', async (alg, options) => {
    const { publicKey, privateKey } = await generateKeyPair(alg, options);
    const listed = recipientKey.parse({ ...(await exportJWK(publicKey)), kid: '2026' });

    const jwe = await encryptTo(listed)({ ...request, resetId, userId }, signal);

    expect(decodeProtectedHeader(jwe)).toMatchObject({ alg, enc: 'A256GCM', kid: '2026' });
    expect(recipientKeyIdOf(jwe)).toBe('2026');
    const { plaintext } = await compactDecrypt(jwe, privateKey);
    expect(JSON.parse(new TextDecoder().decode(plaintext))).toEqual({
      resetId,
      customerTenantId,
      userId,
      password: request.passwordProfile.password.reveal(),
    });
    const stranger = await generateKeyPair(alg, options);
    await expect(compactDecrypt(jwe, stranger.privateKey)).rejects.toThrow();
  });

  it('asks for the key of the caller who asked', async () => {
    const asked: unknown[] = [];
    const encrypt = createEncryptForRecipient({
      findKey: (key) => {
        asked.push(key);
        return Promise.resolve(undefined);
      },
    });

    await expect(encrypt({ ...request, resetId, userId }, signal)).rejects.toMatchObject({
      code: 'RecipientKeyNotFound',
    });
    expect(asked).toEqual([{ caller: 'helpdesk', keyId: '2026' }]);
  });
});

describe('recipientKeyIdOf()', () => {
  it.each(['', 'a JWE', 'a.b.c.d.e', 'bnVsbA.b.c.d.e', 'e30.b.c.d.e'])(
    'finds none in %j',
    (text) => {
      expect(recipientKeyIdOf(text)).toBeUndefined();
    },
  );
});

describe('recipientKey', () => {
  it.each([
    ['a private half', { d: 'AQAB' }],
    ['an RSA modulus below 2048 bits', { n: 'x'.repeat(341) }],
    ['another exponent', { e: 'Aw' }],
    ['another algorithm', { alg: 'RSA1_5' }],
    ['a key for signatures', { use: 'sig' }],
    ['no kid', { kid: undefined }],
    ['a symmetric key', { kty: 'oct', k: 'AAAA' }],
  ])('refuses %s', async (_what, values) => {
    const { publicKey } = await generateKeyPair('RSA-OAEP-256', { modulusLength: 2048 });
    const jwk = { ...(await exportJWK(publicKey)), kid: '2026' };

    expect(recipientKey.safeParse(jwk).success).toBe(true);
    expect(recipientKey.safeParse({ ...jwk, ...values }).success).toBe(false);
  });

  it('refuses another curve', async () => {
    const { publicKey } = await generateKeyPair('ECDH-ES+A256KW', { crv: 'P-384' });

    expect(recipientKey.safeParse({ ...(await exportJWK(publicKey)), kid: '2026' }).success).toBe(
      false,
    );
  });
});

function encryptTo(key: JWK) {
  return createEncryptForRecipient({ findKey: () => Promise.resolve(key) });
}
