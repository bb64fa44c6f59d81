import { createHash, createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { importPKCS8 } from 'jose';
import { ClientSecretPost, modifyAssertion, PrivateKeyJwt, type ClientAuth } from 'openid-client';
import { ResetError } from '../password-reset/reset-error.js';
import type { Secret } from '../platform/secret.js';

/** How the app proves to Entra that it is the app. */
export type ClientCredential =
  | { readonly kind: 'secret'; readonly secret: Secret }
  /** One text with a PKCS#8 private key (RSA) and its certificate, as Key Vault exports them. */
  | { readonly kind: 'certificate'; readonly pem: Secret };

/** Entra advises five to ten minutes. */
const assertionLifetimeSeconds = 5 * 60;

/** @throws {@link ResetError} `AppMisconfigured` when the credential cannot be used at all */
export async function toClientAuthentication(
  credential: ClientCredential,
  { audience, now }: { readonly audience: string; readonly now: () => number },
): Promise<ClientAuth> {
  if (credential.kind === 'certificate') {
    return certificateAuthentication(credential.pem, audience, now);
  }
  const secret = credential.secret.reveal();
  if (secret === '') throw misconfigured('the client secret is empty');
  return ClientSecretPost(secret);
}

export function isSameCredential(left: ClientCredential, right: ClientCredential): boolean {
  return revealed(left) === revealed(right);
}

/** @see https://learn.microsoft.com/entra/identity-platform/certificate-credentials */
async function certificateAuthentication(
  pem: Secret,
  audience: string,
  now: () => number,
): Promise<ClientAuth> {
  const { privateKey, certificate } = parseCertificatePem(pem.reveal());
  const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'pem' });
  const key = await importPKCS8(pkcs8.toString(), 'PS256');
  const thumbprint = createHash('sha256').update(certificate.raw).digest('base64url');

  return PrivateKeyJwt(key, {
    [modifyAssertion](header, payload) {
      const issuedAtSeconds = Math.floor(now() / 1000);
      header['typ'] = 'JWT';
      header['x5t#S256'] = thumbprint;
      payload['aud'] = audience;
      payload['iat'] = issuedAtSeconds;
      payload['nbf'] = issuedAtSeconds;
      payload['exp'] = issuedAtSeconds + assertionLifetimeSeconds;
    },
  });
}

/** A chain may follow the certificate, in any order: the one that belongs to the key counts. */
function parseCertificatePem(pem: string): { privateKey: KeyObject; certificate: X509Certificate } {
  const [keyText] = /-----BEGIN PRIVATE KEY-----.+?-----END PRIVATE KEY-----/s.exec(pem) ?? [];
  const certificateTexts =
    pem.match(/-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----/gs) ?? [];
  if (keyText === undefined || certificateTexts.length === 0) {
    throw misconfigured('the client certificate must be a PEM text with both key and certificate');
  }

  const { privateKey, certificates } = parsePemBlocks(keyText, certificateTexts);
  if (privateKey.asymmetricKeyType !== 'rsa') {
    throw misconfigured('the key of the client certificate must be an RSA key');
  }
  const certificate = certificates.find((candidate) => candidate.checkPrivateKey(privateKey));
  if (certificate === undefined) {
    throw misconfigured('the client certificate does not belong to the key beside it');
  }
  return { privateKey, certificate };
}

function parsePemBlocks(
  keyText: string,
  certificateTexts: readonly string[],
): { privateKey: KeyObject; certificates: X509Certificate[] } {
  try {
    return {
      privateKey: createPrivateKey(keyText),
      certificates: certificateTexts.map((text) => new X509Certificate(text)),
    };
  } catch {
    throw misconfigured('the PEM text of the client certificate is damaged');
  }
}

function misconfigured(reason: string): ResetError {
  return new ResetError('AppMisconfigured', `Cannot sign in to Microsoft Entra: ${reason}`);
}

function revealed(credential: ClientCredential): string {
  return (credential.kind === 'secret' ? credential.secret : credential.pem).reveal();
}
