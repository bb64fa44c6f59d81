import { X509Certificate, createHash } from 'node:crypto';
import { jwtVerify } from 'jose';
import { Refusal } from './refusal.js';

/** The app as registered in the partner's tenant. */
export interface AppRegistration {
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret?: string;
  readonly certificatePem?: string;
  /** Valid from the start. @default one, made at the start */
  readonly refreshTokens?: readonly string[];
}

export interface ClientCredential {
  readonly clientId: string | undefined;
  readonly secret: string | undefined;
  readonly assertion: string | undefined;
}

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** From the form (`client_secret_post`, `private_key_jwt`) or the header (`client_secret_basic`). */
export function readClientCredential(
  form: URLSearchParams,
  authorization: string | undefined,
): ClientCredential {
  const basic = /^Basic (.+)$/i.exec(authorization ?? '')?.[1];
  const [basicId, basicSecret] =
    basic === undefined ? [] : Buffer.from(basic, 'base64').toString().split(':').map(formDecode);
  return {
    clientId: form.get('client_id') ?? basicId,
    secret: form.get('client_secret') ?? basicSecret,
    assertion:
      form.get('client_assertion_type') === assertionType
        ? (form.get('client_assertion') ?? undefined)
        : undefined,
  };
}

export type CheckClient = (credential: ClientCredential, tokenEndpoint: string) => Promise<void>;

/**
 * Rejects with a {@link Refusal} unless the credential proves that the app is asking.
 *
 * @see https://learn.microsoft.com/entra/identity-platform/certificate-credentials
 */
export function createCheckClient(app: AppRegistration, now: () => number): CheckClient {
  const { clientId, clientSecret, certificatePem } = app;
  const certificate =
    certificatePem === undefined ? undefined : new X509Certificate(certificatePem);
  const thumbprint =
    certificate && createHash('sha256').update(certificate.raw).digest('base64url');
  const usedAssertions = new Set<string>();

  async function checkAssertion(assertion: string, tokenEndpoint: string): Promise<void> {
    if (certificate === undefined) throw new Refusal(700027);
    const { payload, protectedHeader } = await jwtVerify(assertion, certificate.publicKey, {
      algorithms: ['PS256', 'RS256'],
      typ: 'JWT',
      issuer: clientId,
      subject: clientId,
      audience: tokenEndpoint,
      requiredClaims: ['exp', 'jti'],
      clockTolerance: 300,
      currentDate: new Date(now()),
    }).catch(() => {
      throw new Refusal(700027);
    });
    const { jti = '' } = payload;
    if (protectedHeader['x5t#S256'] !== thumbprint || usedAssertions.has(jti)) {
      throw new Refusal(700027);
    }
    usedAssertions.add(jti);
  }

  return async (credential, tokenEndpoint) => {
    if (credential.clientId?.toLowerCase() !== clientId.toLowerCase()) throw new Refusal(700016);
    if (credential.assertion !== undefined) {
      return checkAssertion(credential.assertion, tokenEndpoint);
    }
    if (credential.secret === undefined) throw new Refusal(7000218);
    if (credential.secret !== clientSecret) throw new Refusal(7000215);
  };
}

function formDecode(text: string): string {
  return new URLSearchParams(`v=${text}`).get('v') ?? '';
}
