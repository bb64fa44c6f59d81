import type { JWK } from 'jose';
import { createPublicKey } from 'node:crypto';
import { z } from 'zod';

const base64url = z.string().regex(/^[A-Za-z0-9_-]+$/, 'must be base64url');
const kid = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, 'must be 1 to 64 letters, digits, . _ -');
const minModulusBits = 2_048;
const maxModulusBits = 4_096;
const coordinate = base64url.length(43);
const use = z.literal('enc').exactOptional();

/**
 * The public half of a recipient's key. There is no other field: a private half does not pass.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7518#section-6
 */
export const recipientKey: z.ZodType<JWK & { readonly kid: string }> = z
  .discriminatedUnion('kty', [
    z.strictObject({
      kty: z.literal('RSA'),
      kid,
      use,
      alg: z.literal('RSA-OAEP-256').default('RSA-OAEP-256'),
      n: base64url,
      e: z.literal('AQAB'),
    }),
    z.strictObject({
      kty: z.literal('EC'),
      kid,
      use,
      alg: z.literal('ECDH-ES+A256KW').default('ECDH-ES+A256KW'),
      crv: z.literal('P-256'),
      x: coordinate,
      y: coordinate,
    }),
  ])
  .superRefine((key, context) => {
    const fault = findFault(key);
    if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
  });

/** A key that cannot be used must show here: later there is a password, and nobody to read it. */
function findFault(key: JWK): string | undefined {
  try {
    const { asymmetricKeyDetails = {} } = createPublicKey({ key, format: 'jwk' });
    const { modulusLength: bits = minModulusBits } = asymmetricKeyDetails;
    if (minModulusBits <= bits && bits <= maxModulusBits) return undefined;
    return `must have ${minModulusBits} to ${maxModulusBits} bits`;
  } catch {
    return 'must be a public key';
  }
}
