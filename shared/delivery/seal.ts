import { CompactEncrypt, compactDecrypt, decodeProtectedHeader } from 'jose';
import { z } from 'zod';
import {
  parseCustomerTenantId,
  parseUserReference,
  type UserReference,
} from '../password-reset/ids.js';
import type { SealedRequest, Seals } from '../password-reset/ports.js';
import { Secret } from '../platform/secret.js';

/** A 256-bit key and the version of the Key Vault secret that holds it. */
export interface SealingKey {
  readonly version: string;
  readonly key: Uint8Array;
}

/** Where the sealing keys are; old versions stay readable, so that keys rotate while old seals open. */
export interface SealingKeys {
  newest(signal: AbortSignal): Promise<SealingKey>;
  byVersion(version: string, signal: AbortSignal): Promise<SealingKey>;
}

const contentSchema = z.strictObject({
  caller: z.string(),
  permission: z.enum(['reset', 'bulkReset']),
  delivery: z.enum(['response', 'none']),
  customerTenantId: z.string().transform(parseCustomerTenantId),
  user: z.string().transform(parseUserReference),
  password: z.string(),
  forceChangePassword: z.boolean(),
  isChosen: z.boolean(),
});

/**
 * Seals are compact JWEs (`dir`, `A256GCM`). The protected header names the key's version and the
 * reset, so a seal that is copied to another row does not open.
 */
export function createSeals({ keys }: { readonly keys: SealingKeys }): Seals {
  return {
    async seal(resetId, request, signal) {
      const { version, key } = await keys.newest(signal);
      return new CompactEncrypt(encode(request))
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: version, resetId })
        .encrypt(key);
    },

    async open(resetId, seal, signal) {
      const header = decodeProtectedHeader(seal);
      if (header['resetId'] !== resetId || typeof header.kid !== 'string') {
        throw new Error('The seal was made for another password reset');
      }
      const { key } = await keys.byVersion(header.kid, signal);
      const { plaintext } = await compactDecrypt(seal, key, {
        keyManagementAlgorithms: ['dir'],
        contentEncryptionAlgorithms: ['A256GCM'],
      });
      return decode(plaintext);
    },
  };
}

function encode({ passwordProfile, user, ...request }: SealedRequest): Uint8Array {
  const content: z.input<typeof contentSchema> = {
    ...request,
    user: userText(user),
    password: passwordProfile.password.reveal(),
    forceChangePassword: passwordProfile.forceChangePassword,
  };
  return new TextEncoder().encode(JSON.stringify(content));
}

function decode(plaintext: Uint8Array): SealedRequest {
  const { password, forceChangePassword, ...request } = contentSchema.parse(
    JSON.parse(new TextDecoder().decode(plaintext)),
  );
  return { ...request, passwordProfile: { password: new Secret(password), forceChangePassword } };
}

function userText(user: UserReference): string {
  return user.kind === 'id' ? user.userId : user.userPrincipalName;
}
