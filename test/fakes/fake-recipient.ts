import type {
  EncryptForRecipient,
  RecipientKeyIdOf,
} from '../../shared/password-reset/delivery-ports.js';
import { ResetError } from '../../shared/password-reset/reset-error.js';

/** The only key that is registered. */
export const fakeRecipientKeyId = 'recipient-1';

/** Encrypts so that a test can read it, and the same way each time. */
export const fakeEncryptForRecipient: EncryptForRecipient = (request) => {
  const { recipientKeyId, resetId, userId, passwordProfile } = request;
  if (recipientKeyId !== fakeRecipientKeyId) {
    return Promise.reject(new ResetError('RecipientKeyNotFound', 'No such key is listed'));
  }
  const password = passwordProfile.password.reveal();
  return Promise.resolve(`for ${recipientKeyId}: ${JSON.stringify({ resetId, userId, password })}`);
};

export const fakeRecipientKeyIdOf: RecipientKeyIdOf = (encryptedPassword) =>
  /^for (?<keyId>[\w-]+): /.exec(encryptedPassword)?.groups?.['keyId'];

export function decryptAsRecipient(encryptedPassword: string): string {
  const text = encryptedPassword.slice(encryptedPassword.indexOf('{'));
  return (JSON.parse(text) as { readonly password: string }).password;
}
