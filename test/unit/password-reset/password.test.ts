import { describe, expect, it } from '@jest/globals';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import type { UserPrincipalName } from '../../../shared/password-reset/ids.js';
import { findPasswordFault, generatePassword } from '../../../shared/password-reset/password.js';
import { Secret } from '../../../shared/platform/secret.js';

const letters = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz';
const digits = '23456789';
const symbols = '!#%*+-=?@_';
const alphabet = letters + digits + symbols;

describe('generatePassword()', () => {
  describe('random', () => {
    it.each([12, 16, 64])('has %d characters', (length) => {
      const lengths = new Set(draw(1_000, length).map((password) => password.length));

      expect([...lengths]).toEqual([length]);
    });

    it('starts with a letter, so that no spreadsheet reads a formula', () => {
      expect(draw(20_000).filter((password) => !letters.includes(password.charAt(0)))).toEqual([]);
    });

    it('holds every class of characters, however short it is', () => {
      const classes = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/];

      const lacking = draw(20_000, 4).filter((text) => !classes.every((one) => one.test(text)));

      expect(lacking).toEqual([]);
    });

    it('uses its whole alphabet and nothing else: no look-alikes, nothing that needs escaping', () => {
      const used = new Set(draw(20_000).join(''));

      expect([...used].sort().join('')).toBe(Array.from(alphabet).sort().join(''));
      expect(alphabet).not.toMatch(/[0Oo1lI'",;\\\s$&<>`|(){}[\]]/);
    });

    it('is never drawn twice', () => {
      const passwords = draw(100_000);

      expect(new Set(passwords).size).toBe(passwords.length);
    });

    // Of 64 characters hardly one password is drawn again for a class that it lacks.
    it('draws every character equally often, and every letter for the first place', () => {
      const passwords = draw(20_000, 64);

      expect(chiSquare(passwords.map((password) => password.slice(1)).join(''), alphabet)).toBe(
        'plausible',
      );
      expect(chiSquare(passwords.map((password) => password.charAt(0)).join(''), letters)).toBe(
        'plausible',
      );
    });
  });

  describe('passphrase', () => {
    it('is so many words with a capital at the start and a digit at the end', () => {
      const words = new Set(wordlist);

      const odd = drawPassphrases(10_000, 5).filter((passphrase) => {
        const parts = passphrase.split('-');
        const isCapital = /^[A-Z][a-z]+$/.test(parts[0] ?? '');
        const areWords = parts.slice(0, 5).every((word) => words.has(word.toLowerCase()));
        return parts.length !== 6 || !isCapital || !areWords || !digits.includes(parts[5] ?? 'no');
      });

      expect(odd).toEqual([]);
    });

    it('draws from all 2,048 words', () => {
      const used = drawPassphrases(10_000, 5).flatMap((text) => text.split('-').slice(0, 5));

      expect(new Set(used.map((word) => word.toLowerCase())).size).toBe(2_048);
    });
  });

  it.each([
    { kind: 'random', length: 12 } as const,
    { kind: 'random', length: 64 } as const,
    { kind: 'passphrase', words: 4 } as const,
    { kind: 'passphrase', words: 10 } as const,
  ])('makes what Entra accepts: %j', (style) => {
    const faults = Array.from({ length: 10_000 }, () => findPasswordFault(generatePassword(style)));

    expect(faults.filter((fault) => fault !== undefined)).toEqual([]);
  });
});

describe('findPasswordFault()', () => {
  const length = 'must have 8 to 256 characters';
  const characters =
    'may hold only ASCII letters, digits, blanks and the symbols that Entra allows';
  const classes = 'must hold three of: lower-case letters, upper-case letters, digits, symbols';
  const name = "must not contain the user's sign-in name";

  it.each([
    ['7 characters', 'Abcde-1', length],
    ['8 characters', 'Abcde-12', undefined],
    ['256 characters', `Ab1${'x'.repeat(253)}`, undefined],
    ['257 characters', `Ab1${'x'.repeat(254)}`, length],
    ['nothing', '', length],
    ['lower case alone', 'abcdefgh', classes],
    ['two classes', 'abcdefg1', classes],
    ['lower, upper, digit', 'Abcdefg1', undefined],
    ['lower, upper, symbol', 'Abcdefg-', undefined],
    ['lower, digit, symbol', 'abcdef1-', undefined],
    ['upper, digit, symbol', 'ABCDEF1-', undefined],
    ['a blank for a symbol', 'Abcd efgh', undefined],
    ['an accent', 'Abcdéf-12', characters],
    ['a tab', 'Abcdef-1\t', characters],
    ['a line break at the end', 'Abcdef-12\n', characters],
    ['a NUL', 'Abcdef-12\0', characters],
    ['DEL', 'Abcdef-12\u007f', characters],
    ['a no-break space', 'Abcdef\u00a012', characters],
    ['an emoji', 'Abcdef-12😀', characters],
    ['a full-width letter', 'Abcdef-12Ａ', characters],
  ])('judges %s', (_what, password, fault) => {
    expect(findPasswordFault(new Secret(password))).toBe(fault);
  });

  it('allows every printable ASCII character', () => {
    const printable = Array.from({ length: 0x7f - 0x20 }, (_, at) =>
      String.fromCharCode(0x20 + at),
    );

    const refused = printable.filter(
      (character) => findPasswordFault(new Secret(`Abcdef12${character}`)) !== undefined,
    );

    expect(printable).toHaveLength(95);
    expect(refused).toEqual([]);
  });

  it.each([
    ['the name', 'adele@contoso.com', 'Xadele-12', name],
    ['the name in another case', 'Adele@contoso.com', 'aDELE-123', name],
    ['a name of three letters', 'ann@contoso.com', 'Joann-123', name],
    ['a name of two letters', 'al@contoso.com', 'Salt-1234', undefined],
    ['only a part of the name', 'adele.vance@contoso.com', 'Adele-123', undefined],
    ['the domain', 'adele@contoso.com', 'Contoso-12', undefined],
    ['another name', 'alex@contoso.com', 'Adele-123', undefined],
  ])('looks for %s', (_what, userPrincipalName, password, fault) => {
    expect(findPasswordFault(new Secret(password), userPrincipalName as UserPrincipalName)).toBe(
      fault,
    );
  });
});

function draw(count: number, length = 16): string[] {
  return Array.from({ length: count }, () => generatePassword({ kind: 'random', length }).reveal());
}

function drawPassphrases(count: number, words: number): string[] {
  return Array.from({ length: count }, () =>
    generatePassword({ kind: 'passphrase', words }).reveal(),
  );
}

/**
 * Pearson's statistic against equal shares, with a bound so wide (eight standard deviations) that a
 * fair source fails once in some hundred million runs, and `randomByte % length` always.
 */
function chiSquare(drawn: string, from: string): 'plausible' | number {
  const counts = new Map(Array.from(from).map((character) => [character, 0]));
  for (const character of drawn) counts.set(character, (counts.get(character) ?? 0) + 1);
  const expected = drawn.length / from.length;
  const statistic = [...counts.values()].reduce(
    (sum, count) => sum + (count - expected) ** 2 / expected,
    0,
  );
  const degrees = from.length - 1;
  return statistic < degrees + 8 * Math.sqrt(2 * degrees) ? 'plausible' : statistic;
}
