import { createHash, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { jwtVerify } from 'jose';
import type { ClientAuth } from 'openid-client';
import {
  isSameCredential,
  toClientAuthentication,
  type ClientCredential,
} from '../../../shared/entra/client-credential.js';
import { Secret } from '../../../shared/platform/secret.js';
import { aCertificate } from '../../builders/a-certificate.js';

const clientId = '5d1a3f0e-6c1e-4a55-9a44-0c2f8c6f1a11';
const audience = 'https://login.microsoftonline.com/partner/oauth2/v2.0/token';
const nowMs = Date.UTC(2026, 0, 1);
const now = () => nowMs;

describe('toClientAuthentication()', () => {
  it('sends a client secret as it is', async () => {
    const form = await authenticate({ kind: 'secret', secret: new Secret('s+e/c=r&e t%') });

    expect(form.get('client_id')).toBe(clientId);
    expect(new URLSearchParams(form.toString()).get('client_secret')).toBe('s+e/c=r&e t%');
  });

  it('signs an assertion that proves the certificate', async () => {
    const { pem, publicKey, certificatePem } = aCertificate();

    const form = await authenticate({ kind: 'certificate', pem: new Secret(pem) });

    const { payload, protectedHeader } = await jwtVerify(
      form.get('client_assertion') ?? '',
      publicKey,
      { algorithms: ['PS256'], currentDate: new Date(nowMs) },
    );
    const certificate = new X509Certificate(certificatePem);
    expect(protectedHeader).toEqual({
      alg: 'PS256',
      typ: 'JWT',
      'x5t#S256': createHash('sha256').update(certificate.raw).digest('base64url'),
    });
    expect(payload).toEqual({
      aud: audience,
      iss: clientId,
      sub: clientId,
      jti: expect.any(String),
      iat: nowMs / 1000,
      nbf: nowMs / 1000,
      exp: nowMs / 1000 + 300,
    });
    expect(form.get('client_assertion_type')).toBe(
      'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    );
    expect(form.has('client_secret')).toBe(false);
  });

  it('never signs two assertions with the same id', async () => {
    const credential = { kind: 'certificate', pem: new Secret(aCertificate().pem) } as const;

    const forms = [await authenticate(credential), await authenticate(credential)];

    expect(new Set(forms.map((form) => form.get('client_assertion'))).size).toBe(2);
  });

  it('finds the certificate of the key in a chain', async () => {
    const own = aCertificate();
    const pem = aCertificate().certificatePem + own.keyPem + own.certificatePem;

    const form = await authenticate({ kind: 'certificate', pem: new Secret(pem) });

    await expect(
      jwtVerify(form.get('client_assertion') ?? '', own.publicKey, {
        currentDate: new Date(nowMs),
      }),
    ).resolves.toBeDefined();
  });

  it.each([
    ['a key alone', () => aCertificate().keyPem, 'must be a PEM text'],
    ['a certificate alone', () => aCertificate().certificatePem, 'must be a PEM text'],
    ['no PEM at all', () => 'MIIKcQIBAzCCCi0GCSqGSIb3DQEHAaCCCh4E', 'must be a PEM text'],
    ['an empty text', () => '', 'must be a PEM text'],
    [
      "somebody else's certificate",
      () => aCertificate().keyPem + aCertificate().certificatePem,
      'does not belong to the key',
    ],
    [
      'an elliptic-curve key',
      () =>
        generateKeyPairSync('ec', { namedCurve: 'P-256' })
          .privateKey.export({ type: 'pkcs8', format: 'pem' })
          .toString() + aCertificate().certificatePem,
      'must be an RSA key',
    ],
    ['a torn text', () => aCertificate().pem.replaceAll(/^MII.{20}/gm, ''), 'is damaged'],
  ])('refuses %s as AppMisconfigured, and quotes none of it', async (_, makePem, reason) => {
    const pem = makePem();

    const failure = await failureOf(authenticate({ kind: 'certificate', pem: new Secret(pem) }));

    expect(failure).toMatchObject({ code: 'AppMisconfigured' });
    expect(failure).toHaveProperty('message', expect.stringContaining(reason));
    expect(inspect(failure, { showHidden: true, depth: 10 })).not.toContain('MII');
  });

  it('refuses an empty secret as AppMisconfigured', async () => {
    await expect(authenticate({ kind: 'secret', secret: new Secret('') })).rejects.toMatchObject({
      code: 'AppMisconfigured',
    });
  });
});

describe('isSameCredential()', () => {
  const secret = (text: string): ClientCredential => ({ kind: 'secret', secret: new Secret(text) });
  const pem = (text: string): ClientCredential => ({ kind: 'certificate', pem: new Secret(text) });

  it.each([
    [secret('a'), secret('a'), true],
    [secret('a'), secret('b'), false],
    [pem('a'), pem('a'), true],
    [pem('a'), pem('b'), false],
    [pem('a'), secret('b'), false],
  ])('compares what they hold', (left, right, expected) => {
    expect(isSameCredential(left, right)).toBe(expected);
  });
});

async function authenticate(credential: ClientCredential): Promise<URLSearchParams> {
  const authentication = await toClientAuthentication(credential, { audience, now });
  // Typed as giving nothing, but whoever calls it must wait for the signature.
  const write = authentication as (...request: Parameters<ClientAuth>) => Promise<void>;
  const form = new URLSearchParams();
  await write({ issuer: 'unused' }, { client_id: clientId }, form, new Headers());
  return form;
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}
