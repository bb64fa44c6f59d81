import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  isSameSignInName,
  parseCustomerReference,
  parseCustomerTenantId,
  parseUserId,
  parseUserReference,
} from '../../../shared/password-reset/ids.js';

// The same cases in every run: a test that turns red was broken by a change, not by the draw.
fc.configureGlobal({ seed: 20_260_101, numRuns: 300 });

const aGuid = fc.uuid();
const aDomain = fc.domain().filter((domain) => domain.length <= 48);
const signInNameCharacters = Array.from("abcXYZ019'.-_!#^~");
const aPrefix = fc.string({ unit: fc.constantFrom(...signInNameCharacters), minLength: 1 });
const aSignInName = fc.tuple(aPrefix, aDomain).map((parts) => parts.join('@'));

/** Each parser, with the text of what it gives. */
const ids: [string, (text: string) => string, fc.Arbitrary<string>][] = [
  ['parseCustomerTenantId()', parseCustomerTenantId, aGuid],
  ['parseUserId()', parseUserId, aGuid],
  ['parseCustomerReference()', nameOfCustomer, fc.oneof(aGuid, aDomain)],
];
const references: typeof ids = [
  ...ids,
  ['parseUserReference()', nameOfUser, fc.oneof(aGuid, aSignInName)],
];

/** Of a path, a query, a header, an encoding; or a letter that is ASCII only in another case or form. */
const aTrap = fc.oneof(
  fc.constantFrom('/', '\\', '?', '%', '../', '%2e', ':', ';', '"', '&', '=', '@@', ' ', '\u007f'),
  fc.constantFrom('\u0130', '\u017f', '\u212a', '\u2025', '\u3002', '\uff0e', '\uff0f', '\ud800'),
  fc.integer({ min: 0, max: 0x1f }).map((code) => String.fromCharCode(code)),
);

/** Names of all kinds, whole and in pieces, and what does not belong in one. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(fc.oneof(aTrap, aGuid, aDomain, fc.constantFrom('a', 'Z', '7', '.', '..', '-', '#')))
    .map((pieces) => pieces.join('')),
);

describe.each(references)('%s', (_, parse, aName) => {
  it('takes back what it gave, which differs from what was written by its case at most', () => {
    fc.assert(
      fc.property(fc.mixedCase(aName), (text) => {
        const parsed = parse(text);

        expect(parse(parsed)).toBe(parsed);
        expect(isSameSignInName(parsed, text)).toBe(true);
      }),
    );
  });

  it('refuses a name with anything in it that means something elsewhere, and repeats none of it', () => {
    fc.assert(
      fc.property(aName, aTrap, fc.nat(), (name, trap, position) => {
        const at = position % (name.length + 1);
        const text = name.slice(0, at) + trap + name.slice(at);

        expect(refusalOf(parse, text)).toBe(refusalOf(parse, ''));
      }),
    );
  });

  it('fails for no text in another way than by refusing it', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect([undefined, refusalOf(parse, '')]).toContain(refusalOf(parse, text));
      }),
    );
  });
});

describe.each(ids)('%s', (_, parse, aName) => {
  it('gives one id for all ways to write it', () => {
    fc.assert(
      fc.property(fc.mixedCase(aName), (text) => {
        expect(parse(text)).toBe(parse(text.toUpperCase()));
      }),
    );
  });

  it('gives nothing that could lead elsewhere', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const id = refusalOf(parse, text) === undefined ? parse(text) : 'refused';

        expect(id).toMatch(/^[a-z0-9-]+(?:\.[a-z0-9-]+)*$/);
      }),
    );
  });
});

describe('isSameSignInName()', () => {
  it('knows a name in any case, from either side, and no other name', () => {
    fc.assert(
      fc.property(aSignInName, fc.mixedCase(aSignInName), aPrefix, (name, other, prefix) => {
        expect(isSameSignInName(name, other)).toBe(isSameSignInName(other, name));
        expect(isSameSignInName(other, other.toUpperCase())).toBe(true);
        expect(isSameSignInName(other, prefix + other)).toBe(false);
      }),
    );
  });
});

function nameOfCustomer(text: string): string {
  const customer = parseCustomerReference(text);
  return customer.kind === 'id' ? customer.customerTenantId : customer.domain;
}

function nameOfUser(text: string): string {
  const user = parseUserReference(text);
  return user.kind === 'id' ? user.userId : user.userPrincipalName;
}

/** What a parser says to the text, or undefined when it takes it. */
function refusalOf(parse: (text: string) => unknown, text: string): string | undefined {
  try {
    parse(text);
    return undefined;
  } catch (error) {
    return String(error);
  }
}
