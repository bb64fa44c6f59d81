import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT, type JWK } from 'jose';

export interface SigningKey {
  /** As in Entra's key set, which names no `alg`. */
  readonly publicJwk: JWK;
  readonly signToken: (claims: Readonly<Record<string, unknown>>) => Promise<string>;
}

/** One RS256 key of 2048 bits, made anew at each start. */
export async function createSigningKey(): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { modulusLength: 2048 });
  const { kty, n, e } = await exportJWK(publicKey);
  const jwk = { kty, n, e } as JWK;
  const kid = await calculateJwkThumbprint(jwk);

  return {
    publicJwk: { ...jwk, use: 'sig', kid, x5t: kid },
    signToken: (claims) =>
      new SignJWT(claims).setProtectedHeader({ typ: 'JWT', alg: 'RS256', kid }).sign(privateKey),
  };
}
