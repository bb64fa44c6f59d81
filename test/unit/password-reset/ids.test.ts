import { describe, expect, it } from '@jest/globals';
import {
  isSameSignInName,
  parseCustomerReference,
  parseCustomerTenantId,
  parseUserId,
  parseUserReference,
} from '../../../shared/password-reset/ids.js';

const guid = '0b6e1a37-2f5c-4c0e-9a52-7d3f1e8c4a01';

const notGuids = [
  ['nothing', ''],
  ['a short one', guid.slice(1)],
  ['a long one', `${guid}0`],
  ['no hyphens', guid.replaceAll('-', '')],
  ['hyphens elsewhere', '0b6e1a372-f5c-4c0e-9a52-7d3f1e8c4a01'],
  ['braces', `{${guid}}`],
  ['another letter', guid.replace('b', 'g')],
  ['full-width digits', guid.replace('0', '\uff10')],
  ['a blank before it', ` ${guid}`],
  ['a line break after it', `${guid}\n`],
  ['a NUL after it', `${guid}\0`],
  ['a path after it', `${guid}/..`],
  ['another path', '..'],
  ['an encoded path', '%2e%2e'],
] as const;

/** Neither a GUID nor a name, whoever is asked for. */
const notReferences = [
  ['nothing', ''],
  ['a blank', ' '],
  ['a path', '..'],
  ['a longer path', '../customers'],
  ['an encoded path', '%2e%2e'],
  ['an encoded dot', 'contoso%2ecom'],
  ['a slash', 'a/b.com'],
  ['a query and a fragment', 'x?y#z.com'],
  ['a NUL', 'contoso.com\0'],
  ['a line break after it', 'contoso.com\n'],
  ['a letter with an accent', 'contóso.com'],
  ['a Kelvin sign for a K', '\u212aontoso.com'],
  ['a long s', 'conto\u017fo.com'],
  ['a lone surrogate', '\ud800.com'],
  ['ten thousand characters', `${'a'.repeat(9_996)}.com`],
] as const;

describe.each([
  ['parseCustomerTenantId()', parseCustomerTenantId],
  ['parseUserId()', parseUserId],
])('%s', (_, parse) => {
  it('takes a GUID in any case, and gives it in lower case', () => {
    expect(parse(guid)).toBe(guid);
    expect(parse(guid.toUpperCase())).toBe(guid);
  });

  it.each(notGuids)('refuses %s', (_what, text) => {
    expect(() => parse(text)).toThrow(RangeError);
    expect(() => parse(text)).toThrow('must be a GUID');
  });
});

describe('parseCustomerReference()', () => {
  it('takes a GUID as the id of a tenant', () => {
    expect(parseCustomerReference(guid.toUpperCase())).toEqual({
      kind: 'id',
      customerTenantId: guid,
    });
  });

  it.each([
    ['a domain', 'contoso.com', 'contoso.com'],
    ['the initial domain', 'contoso.onmicrosoft.com', 'contoso.onmicrosoft.com'],
    ['capitals, in lower case', 'Contoso.COM', 'contoso.com'],
    ['a name in punycode', 'xn--mnchen-3ya.de', 'xn--mnchen-3ya.de'],
    ['digits and hyphens', '3-m.co', '3-m.co'],
    ['labels of one character', 'a.b', 'a.b'],
    ['a label of 63 characters', `${'a'.repeat(63)}.com`, `${'a'.repeat(63)}.com`],
    ['253 characters', longDomain(253), longDomain(253)],
  ])('takes %s', (_what, text, domain) => {
    expect(parseCustomerReference(text)).toEqual({ kind: 'domain', domain });
  });

  it.each([
    ...notReferences,
    ['no dot', 'contoso'],
    ['a dot at the end', 'contoso.com.'],
    ['a dot at the start', '.contoso.com'],
    ['two dots in a row', 'contoso..com'],
    ['a hyphen at the start of a label', 'contoso.-com'],
    ['a hyphen at the end of a label', 'contoso-.com'],
    ['an underscore', 'con_toso.com'],
    ['a label of 64 characters', `${'a'.repeat(64)}.com`],
    ['254 characters', longDomain(254)],
    ['a sign-in name', 'adele@contoso.com'],
    ['an address', 'https://contoso.com'],
  ])('refuses %s', (_what, text) => {
    expect(() => parseCustomerReference(text)).toThrow(RangeError);
    expect(() => parseCustomerReference(text)).toThrow(
      'must be the GUID of a customer tenant or one of its domains',
    );
  });
});

describe('parseUserReference()', () => {
  it('takes a GUID as the id of a user', () => {
    expect(parseUserReference(guid.toUpperCase())).toEqual({ kind: 'id', userId: guid });
  });

  it.each([
    ['a sign-in name', 'adele@contoso.com'],
    ['capitals, as they are', 'Adele.Vance@Contoso.com'],
    ['the name of a guest', 'adele_fabrikam.com#EXT#@contoso.onmicrosoft.com'],
    ['every character that Entra allows', "aZ09'.-_!#^~@contoso.com"],
    ['64 characters before the @', `${'a'.repeat(64)}@contoso.com`],
    ['113 characters', longSignInName(113)],
  ])('takes %s', (_what, userPrincipalName) => {
    expect(parseUserReference(userPrincipalName)).toEqual({
      kind: 'signInName',
      userPrincipalName,
    });
  });

  it.each([
    ...notReferences,
    ['no @', 'adele.contoso.com'],
    ['nothing before the @', '@contoso.com'],
    ['nothing after the @', 'adele@'],
    ['two @', 'adele@contoso@contoso.com'],
    ['two @ in a row', 'adele@@contoso.com'],
    ['a blank', 'adele vance@contoso.com'],
    ['a plus sign', 'adele+test@contoso.com'],
    ['a percent sign', 'adele%40@contoso.com'],
    ['a slash before the @', 'a/b@contoso.com'],
    ['a backslash', 'contoso\\adele@contoso.com'],
    ['a quotation mark', '"adele"@contoso.com'],
    ['a letter with an accent', 'adèle@contoso.com'],
    ['a NUL before the @', 'adele\0@contoso.com'],
    ['a line break after it', 'adele@contoso.com\n'],
    ['no domain but a name', 'adele@contoso'],
    ['65 characters before the @', `${'a'.repeat(65)}@contoso.com`],
    ['114 characters', longSignInName(114)],
  ])('refuses %s', (_what, text) => {
    expect(() => parseUserReference(text)).toThrow(RangeError);
    expect(() => parseUserReference(text)).toThrow(
      'must be the GUID of a user or a sign-in name such as user@contoso.com',
    );
  });
});

describe('isSameSignInName()', () => {
  it.each([
    ['the same', 'adele@contoso.com', 'adele@contoso.com', true],
    ['another case', 'Adele@Contoso.COM', 'adele@contoso.com', true],
    ['another name', 'adele@contoso.com', 'alex@contoso.com', false],
    ['a longer name', 'adele@contoso.com', 'adele@contoso.com.au', false],
  ])('compares %s', (_what, left, right, isSame) => {
    expect(isSameSignInName(left, right)).toBe(isSame);
  });
});

/** Labels that are as long as they may be, and a rest. */
function longDomain(length: number): string {
  return 'a'.repeat(length - '.com'.length).replace(/(.{60})./g, '$1.') + '.com';
}

function longSignInName(length: number): string {
  const prefix = `${'a'.repeat(64)}@`;
  return prefix + longDomain(length - prefix.length);
}
