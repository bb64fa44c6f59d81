import { randomInt } from 'node:crypto';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { Secret } from '../platform/secret.js';
import type { UserPrincipalName } from './ids.js';

export type PasswordStyle =
  | { readonly kind: 'random'; readonly length: number }
  | { readonly kind: 'passphrase'; readonly words: number };

// No look-alikes (0 O o, 1 l I), and nothing that a spreadsheet, a shell or a CSV file reads as its own.
const upper = 'ABCDEFGHJKLMNPQRSTUVWXYZ';
const lower = 'abcdefghijkmnpqrstuvwxyz';
const digits = '23456789';
const symbols = '!#%*+-=?@_';
const letters = upper + lower;
const alphabet = letters + digits + symbols;
const classes = [upper, lower, digits, symbols];

/** Draws from a cryptographic source without bias. */
export function generatePassword(style: PasswordStyle): Secret {
  return new Secret(
    style.kind === 'random' ? randomPassword(style.length) : passphrase(style.words),
  );
}

/** Draws again until every class is there, so that all acceptable passwords are equally likely. */
function randomPassword(length: number): string {
  for (;;) {
    const characters = [pick(letters)];
    while (characters.length < length) characters.push(pick(alphabet));
    if (classes.every((one) => characters.some((character) => one.includes(character)))) {
      return characters.join('');
    }
  }
}

/** 11 bits a word: the BIP-39 English list has 2,048 words that differ in their first four letters. */
function passphrase(words: number): string {
  const drawn = Array.from({ length: words }, () => wordlist[randomInt(wordlist.length)] ?? '');
  const [first = '', ...rest] = drawn;
  return [first.charAt(0).toUpperCase() + first.slice(1), ...rest, pick(digits)].join('-');
}

function pick(from: string): string {
  return from.charAt(randomInt(from.length));
}

const allowedCharacters = /^[A-Za-z0-9@#$%^&*\-_!+=[\]{}|\\:',.?/`~"();<> ]*$/;
const classPatterns = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/];
/** Shorter names are found in too many harmless passwords. */
const shortestRefusedName = 3;

/**
 * Why Entra would refuse a chosen password, or undefined if nothing that can be known here speaks
 * against it. Entra's lists of banned words are not public: it may still refuse.
 *
 * @see https://learn.microsoft.com/entra/identity/authentication/concept-sspr-policy
 */
export function findPasswordFault(
  password: Secret,
  userPrincipalName?: UserPrincipalName,
): string | undefined {
  const text = password.reveal();
  if (text.length < 8 || text.length > 256) return 'must have 8 to 256 characters';
  if (!allowedCharacters.test(text)) {
    return 'may hold only ASCII letters, digits, blanks and the symbols that Entra allows';
  }
  if (classPatterns.filter((pattern) => pattern.test(text)).length < 3) {
    return 'must hold three of: lower-case letters, upper-case letters, digits, symbols';
  }
  const name = userPrincipalName?.split('@')[0]?.toLowerCase();
  if (
    name !== undefined &&
    name.length >= shortestRefusedName &&
    text.toLowerCase().includes(name)
  ) {
    return "must not contain the user's sign-in name";
  }
  return undefined;
}
