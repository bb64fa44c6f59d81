import { announceSecret } from '../announcements.js';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT, type JWK } from 'jose';

export interface SigningKeys {
  /** As in Entra's key set, which names no `alg`. */
  readonly publicJwks: readonly JWK[];
  /** With the newest key. */
  readonly signToken: (claims: Readonly<Record<string, unknown>>) => Promise<string>;
  rotate(): Promise<void>;
}

/** RS256 keys of 2048 bits, the first made anew at each start. */
export async function createSigningKeys(): Promise<SigningKeys> {
  const publicJwks: JWK[] = [];
  let newest = await add();

  async function add() {
    const { privateKey, publicKey } = await generateKeyPair('RS256', { modulusLength: 2048 });
    const { kty, n, e } = await exportJWK(publicKey);
    const jwk = { kty, n, e } as JWK;
    const kid = await calculateJwkThumbprint(jwk);
    publicJwks.push({ ...jwk, use: 'sig', kid, x5t: kid });
    return { privateKey, kid };
  }

  return {
    publicJwks,
    async signToken(claims) {
      const token = await new SignJWT(claims)
        .setProtectedHeader({ typ: 'JWT', alg: 'RS256', kid: newest.kid })
        .sign(newest.privateKey);
      announceSecret('access token', token);
      return token;
    },
    rotate: async () => {
      newest = await add();
    },
  };
}
