import { pieceLength } from './encodings.js';
import type { Guarded } from './find-leaks.js';

/** Kinds that have places where they belong; anything else belongs nowhere. */
export const password = 'password';
export const signInName = 'sign-in name';

/** What of a value must not show; undefined if there is too little to tell it from anything else. */
export function toGuarded(kind: string, value: string): Guarded | undefined {
  const secret = jsonWebToken.test(value) ? value.slice(value.lastIndexOf('.') + 1) : value;
  // A list, such as the one of callers, is made of words; secrets in it are guarded for themselves.
  if (secret.length < pieceLength || secret.startsWith('{')) return undefined;
  return { kind, value: secret, telling: kind === signInName ? personOf(secret) : secret };
}

/** Tokens begin alike; it is the signature that makes one of use. */
const jsonWebToken = /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/;

/** A piece of the domain says nothing of the person, and everybody has an end such as `r@contos`. */
function personOf(name: string): string {
  const at = name.indexOf('@');
  return at < 0 ? name : name.slice(0, Math.max(at + 1, pieceLength));
}
