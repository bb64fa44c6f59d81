import { CompactEncrypt, decodeProtectedHeader, importJWK, type JWK } from 'jose';
import type { EncryptForRecipient, RecipientKeyIdOf } from '../password-reset/delivery-ports.js';
import { ResetError } from '../password-reset/reset-error.js';

export interface RecipientDependencies {
  /** The public key that is registered for the caller under this id, as things stand now. */
  readonly findKey: (
    key: { readonly caller: string; readonly keyId: string },
    signal: AbortSignal,
  ) => Promise<JWK | undefined>;
}

/**
 * Passwords as compact JWEs (`RSA-OAEP-256` or `ECDH-ES+A256KW`, and `A256GCM`). What is encrypted names
 * the reset and the user, so that nobody can pass one user's password off as another's.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7516
 */
export function createEncryptForRecipient({ findKey }: RecipientDependencies): EncryptForRecipient {
  return async (request, signal) => {
    const { caller, recipientKeyId, resetId, customerTenantId, userId } = request;
    const key = recipientKeyId && (await findKey({ caller, keyId: recipientKeyId }, signal));
    if (!key) {
      throw new ResetError(
        'RecipientKeyNotFound',
        'Cannot deliver: no such recipient key is listed',
        {
          target: 'recipientKeyId',
        },
      );
    }
    const { alg = '', kid = '' } = key;
    const password = request.passwordProfile.password.reveal();
    const content = JSON.stringify({ resetId, customerTenantId, userId, password });
    return new CompactEncrypt(new TextEncoder().encode(content))
      .setProtectedHeader({ alg, enc: 'A256GCM', kid, cty: 'json' })
      .encrypt(await importJWK(key, alg));
  };
}

/** From its protected header, which the recipient's decryption covers. */
export const recipientKeyIdOf: RecipientKeyIdOf = (encryptedPassword) => {
  try {
    return decodeProtectedHeader(encryptedPassword).kid;
  } catch {
    return undefined;
  }
};
