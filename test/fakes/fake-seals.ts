import type { Seals } from '../../shared/password-reset/ports.js';
import { aSealedRequest } from '../builders/a-sealed-request.js';
import { anEncryptedPassword } from '../builders/an-encrypted-password.js';

/** What the helpdesk asks for is in every seal but `forged`. */
export const fakeSeals: Pick<Seals, 'open' | 'openEncrypted'> = {
  open: (_resetId, seal) => Promise.resolve(unlessForged(seal, aSealedRequest())),
  openEncrypted: (_resetId, seal) => Promise.resolve(unlessForged(seal, anEncryptedPassword())),
};

function unlessForged<Content>(seal: string, content: Content): Content | undefined {
  return seal === 'forged' ? undefined : content;
}
