import { describe, expect, it } from '@jest/globals';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import fc from 'fast-check';
import type { UserPrincipalName } from '../../../shared/password-reset/ids.js';
import {
  findPasswordFault,
  generatePassword,
  type PasswordStyle,
} from '../../../shared/password-reset/password.js';
import { Secret } from '../../../shared/platform/secret.js';

// The same styles, names and texts in every run. Passwords are drawn anew: their source takes no seed.
fc.configureGlobal({ seed: 20_260_101, numRuns: 500 });

const letters = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz';
const digits = '23456789';
const symbols = '!#%*+-=?@_';
const alphabet = letters + digits + symbols;
const classes = [/[A-Z]/, /[a-z]/, /[2-9]/, /[!#%*+\-=?@_]/];

const aRandomStyle: fc.Arbitrary<PasswordStyle & { kind: 'random' }> = fc.record({
  kind: fc.constant('random'),
  length: fc.integer({ min: 8, max: 64 }),
});
const aPassphraseStyle: fc.Arbitrary<PasswordStyle & { kind: 'passphrase' }> = fc.record({
  kind: fc.constant('passphrase'),
  words: fc.integer({ min: 2, max: 12 }),
});
const aStyle = fc.oneof(aRandomStyle, aPassphraseStyle);
const nameCharacters = fc.constantFrom(...Array.from("abcXYZ019'.-_!#^~"));
const aName = (limits: { minLength: number; maxLength: number }) =>
  fc.string({ unit: nameCharacters, ...limits });

describe('generatePassword()', () => {
  it('draws as many characters as asked, every class among them, none from elsewhere', () => {
    fc.assert(
      fc.property(aRandomStyle, (style) => {
        const password = draw(style);

        expect(password).toHaveLength(style.length);
        expect(Array.from(password).filter((one) => !alphabet.includes(one))).toEqual([]);
        expect(classes.filter((one) => !one.test(password))).toEqual([]);
      }),
    );
  });

  it('draws as many words as asked, with a capital and a digit', () => {
    const words = new Set(wordlist);

    fc.assert(
      fc.property(aPassphraseStyle, (style) => {
        const parts = draw(style).split('-');

        expect(parts.pop()).toMatch(/^[2-9]$/);
        expect(parts).toHaveLength(style.words);
        expect(parts.filter((part) => !words.has(part.toLowerCase()))).toEqual([]);
        expect(parts.join('')).toMatch(/^[A-Z][a-z]+$/);
      }),
    );
  });

  it('starts with a letter, so that a spreadsheet takes it for text', () => {
    fc.assert(
      fc.property(aStyle, (style) => {
        expect(draw(style)).toMatch(/^[A-Za-z]/);
      }),
    );
  });

  it('draws what is accepted for every user whose name is too short to be found in it', () => {
    fc.assert(
      fc.property(aStyle, aName({ minLength: 1, maxLength: 2 }), (style, name) => {
        const password = generatePassword(style);

        expect(findPasswordFault(password)).toBeUndefined();
        expect(findPasswordFault(password, upnOf(name))).toBeUndefined();
      }),
    );
  });

  // The shortest that is drawn, where it matters most how a class comes to be in it.
  it('draws all passwords with every class equally often, as the characters at each place tell', () => {
    const length = 12;
    const drawn = Array.from({ length: 20_000 }, () => draw({ kind: 'random', length }));
    const places = [letters, ...Array.from({ length: length - 1 }, () => alphabet)];

    const implausible = places.flatMap((characters, place) => {
      const column = drawn.map((password) => password.charAt(place));
      const shares = Array.from(characters, (one) => countWithEveryClass(places.with(place, one)));
      return isPlausible(column, characters, shares) ? [] : [place];
    });

    expect(implausible).toEqual([]);
  });

  it('draws the words of a passphrase equally often, and its digit', () => {
    const drawn = Array.from({ length: 20_000 }, () => draw({ kind: 'passphrase', words: 5 }));
    const parts = drawn.map((password) => password.toLowerCase().split('-'));

    const drawnWords = parts.flatMap((part) => part.slice(0, -1));
    const drawnDigits = parts.map((part) => part.at(-1) ?? '');

    expect(isPlausible(drawnWords, wordlist)).toBe(true);
    expect(isPlausible(drawnDigits, digits)).toBe(true);
  });
});

describe('findPasswordFault()', () => {
  it('finds the name wherever it stands, in any case', () => {
    const aLongName = aName({ minLength: 3, maxLength: 64 });

    fc.assert(
      fc.property(
        aStyle,
        fc.mixedCase(aLongName),
        fc.nat(),
        fc.boolean(),
        (style, name, at, up) => {
          const password = draw(style);
          const place = at % (password.length + 1);
          const holding = password.slice(0, place) + name + password.slice(place);

          const fault = findPasswordFault(
            new Secret(holding),
            upnOf(up ? name.toUpperCase() : name.toLowerCase()),
          );

          expect(fault).toBe("must not contain the user's sign-in name");
        },
      ),
    );
  });

  it('accepts nothing that cannot be typed on every keyboard', () => {
    fc.assert(
      fc.property(anyPassword(), (text) => {
        const isAccepted = findPasswordFault(new Secret(text)) === undefined;

        expect(isAccepted ? text : 'Abcdef-1').toMatch(/^[ -~]{8,256}$/);
      }),
    );
  });

  it('says the same whatever the password is, quoting nothing', () => {
    const said = new Set<string | undefined>();

    fc.assert(
      fc.property(anyPassword(), aName({ minLength: 1, maxLength: 9 }), (text, name) => {
        said.add(findPasswordFault(new Secret(text), upnOf(name)));
        said.add(findPasswordFault(new Secret(text + name), upnOf(name)));
      }),
    );

    // Nothing, or one of four faults.
    expect(said.size).toBe(5);
  });
});

/** Good ones, with anything in them. */
function anyPassword(): fc.Arbitrary<string> {
  const anyText = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.string({ unit: 'grapheme-ascii', maxLength: 12 }),
    fc.nat({ max: 300 }).map((length) => 'x'.repeat(length)),
  );
  return fc
    .tuple(fc.constantFrom('', 'abcdefgh', 'Abcdef-1'), anyText)
    .map((parts) => parts.join(''));
}

function draw(style: PasswordStyle): string {
  return generatePassword(style).reveal();
}

function upnOf(name: string): UserPrincipalName {
  return `${name}@contoso.com` as UserPrincipalName;
}

/**
 * How many passwords there are with one of these characters at each place and every class among them:
 * all, less those without a class, and so on by inclusion and exclusion.
 */
function countWithEveryClass(places: readonly string[]): number {
  const without = (excluded: readonly RegExp[]) =>
    places
      .map((place) => Array.from(place).filter((one) => !excluded.some((each) => each.test(one))))
      .reduce((product, left) => product * left.length, 1);
  return subsetsOf(classes).reduce(
    (sum, excluded) => sum + (-1) ** excluded.length * without(excluded),
    0,
  );
}

function subsetsOf<T>(all: readonly T[]): T[][] {
  return all.reduce<T[][]>((sets, one) => [...sets, ...sets.map((set) => [...set, one])], [[]]);
}

/**
 * Pearson's test of draws against shares, equal ones unless given.
 *
 * A chi-square of d degrees exceeds d + 2√(dx) + 2x with a probability of e^-x at most (Laurent and
 * Massart, 2000, lemma 1). For x = 24 and the 14 tests of this file together that is less than once in
 * 10^9 runs; `byte % length` in place of an unbiased draw fails each time.
 */
function isPlausible(
  drawn: readonly string[],
  from: Iterable<string>,
  shares?: readonly number[],
): boolean {
  const counts = new Map(Array.from(from, (one) => [one, 0]));
  for (const one of drawn) counts.set(one, (counts.get(one) ?? 0) + 1);
  const total = shares?.reduce((sum, share) => sum + share, 0) ?? counts.size;
  const chiSquare = Array.from(counts.values()).reduce((sum, count, at) => {
    const expected = (drawn.length * (shares?.[at] ?? 1)) / total;
    return sum + (count - expected) ** 2 / expected;
  }, 0);
  const degrees = counts.size - 1;
  const x = 24;
  return chiSquare < degrees + 2 * Math.sqrt(degrees * x) + 2 * x;
}
