import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { parseCallerList } from '../../../shared/callers/caller-list.js';
import { Secret } from '../../../shared/platform/secret.js';
import { anotherCustomerTenantId, customerTenantId } from '../../builders/a-reset-row.js';

const nowMs = Date.UTC(2026, 0, 1);
const key = new Secret(randomBytes(32).toString('base64url'));
const otherKey = new Secret(randomBytes(32).toString('base64url'));

describe('parseCallerList()', () => {
  it('finds a caller by name, with what it may do and for whom', () => {
    const list = listOf({
      permissions: ['reset', 'choosePassword'],
      customers: [customerTenantId.toUpperCase(), anotherCustomerTenantId],
    });

    expect(list.findByName('helpdesk')).toEqual({
      name: 'helpdesk',
      permissions: new Set(['reset', 'choosePassword']),
      customers: new Set([customerTenantId, anotherCustomerTenantId]),
      recipientKeys: new Map(),
      maxResetsPerDay: 1_000,
      approvalAboveRows: 200,
    });
  });

  it('takes * for all customers', () => {
    expect(listOf({ customers: '*' }).findByName('helpdesk')?.customers).toBe('all');
  });

  it('takes an empty list of customers for none, not for all', () => {
    expect(listOf({ customers: [] }).findByName('helpdesk')?.customers).toEqual(new Set());
  });

  it('may be empty', () => {
    const list = parse({ callers: [] });

    expect(list.findByName('helpdesk')).toBeUndefined();
    expect(list.findByApiKey(key, nowMs)).toBeUndefined();
  });

  it.each(['', 'Helpdesk', 'constructor', '__proto__', 'toString'])(
    'knows nobody named %j',
    (name) => {
      expect(listOf({}).findByName(name)).toBeUndefined();
    },
  );

  describe('findByApiKey()', () => {
    it('finds who has this key', () => {
      const list = parse({
        callers: [
          aListed({ apiKeys: [keyOf(key)] }),
          aListed({ name: 'flow', apiKeys: [keyOf(otherKey)] }),
        ],
      });

      expect(list.findByApiKey(key, nowMs)?.name).toBe('helpdesk');
      expect(list.findByApiKey(otherKey, nowMs)?.name).toBe('flow');
    });

    it('takes either of two keys, so that they can be changed one after the other', () => {
      const list = listOf({ apiKeys: [keyOf(key), keyOf(otherKey)] });

      expect(list.findByApiKey(key, nowMs)?.name).toBe('helpdesk');
      expect(list.findByApiKey(otherKey, nowMs)?.name).toBe('helpdesk');
    });

    it('finds nobody who has no key', () => {
      const list = listOf({ apiKeys: undefined });

      expect(list.findByName('helpdesk')).toBeDefined();
      expect(list.findByApiKey(key, nowMs)).toBeUndefined();
    });

    it.each([
      ['another key', (text: string) => `${text}x`],
      ['a part of the key', (text: string) => text.slice(1)],
      ['the key with a blank', (text: string) => ` ${text}`],
      ['nothing', () => ''],
      ['the hash of the key', (text: string) => sha256Of(new Secret(text))],
    ])('finds nobody for %s', (_what, change) => {
      const list = listOf({ apiKeys: [keyOf(key)] });

      expect(list.findByApiKey(new Secret(change(key.reveal())), nowMs)).toBeUndefined();
    });

    it.each([
      ['a moment before it expires', nowMs + 1, 'helpdesk'],
      ['when it expires', nowMs, undefined],
      ['after it expired', nowMs - 1, undefined],
    ])('takes a key %s for: %s %s', (_when, expiresAtMs, name) => {
      const expiresAt = new Date(expiresAtMs).toISOString();
      const list = listOf({ apiKeys: [{ ...keyOf(key), expiresAt }] });

      expect(list.findByApiKey(key, nowMs)?.name).toBe(name);
    });

    it('reads the time zone of an expiry', () => {
      const list = listOf({ apiKeys: [{ ...keyOf(key), expiresAt: '2026-01-01T02:00:00+02:00' }] });

      expect(list.findByApiKey(key, nowMs - 1)?.name).toBe('helpdesk');
      expect(list.findByApiKey(key, nowMs)).toBeUndefined();
    });
  });

  describe('refuses a list', () => {
    it.each([
      ['that is no JSON', '{"callers":', 'it is not JSON'],
      ['that is nothing', '', 'it is not JSON'],
      ['that is null', 'null', 'expected object'],
      ['that is an array', '[]', 'expected object'],
      ['without callers', '{}', 'callers: '],
      ['with more than callers', '{"callers":[],"admins":[]}', 'admins'],
    ])('%s', (_what, text, why) => {
      expect(() => parseCallerList(new Secret(text))).toThrow(why);
    });

    it.each([
      ['a name in capitals', { name: 'Helpdesk' }, 'callers.0.name: must be lower-case'],
      ['an empty name', { name: '' }, 'callers.0.name: '],
      ['a name that begins with a hyphen', { name: '-helpdesk' }, 'callers.0.name: '],
      ['a name with a line break', { name: 'helpdesk\n' }, 'callers.0.name: '],
      ['a name of 64 characters', { name: 'a'.repeat(64) }, 'callers.0.name: '],
      ['a permission that there is not', { permissions: ['all'] }, 'callers.0.permissions.0: '],
      ['no permissions', { permissions: undefined }, 'callers.0.permissions: '],
      ['no customers', { customers: undefined }, 'callers.0.customers: '],
      ['a customer that is no GUID', { customers: ['contoso.com'] }, 'callers.0.customers'],
      ['* among customers', { customers: ['*'] }, 'callers.0.customers'],
      ['a key in clear', { apiKeys: [key.reveal()] }, 'callers.0.apiKeys.0: '],
      [
        'a hash in capitals',
        { apiKeys: [{ sha256: 'A'.repeat(64) }] },
        'callers.0.apiKeys.0.sha256: must be',
      ],
      [
        'a short hash',
        { apiKeys: [{ sha256: 'a'.repeat(63) }] },
        'callers.0.apiKeys.0.sha256: must be',
      ],
      [
        'a date without a time',
        { apiKeys: [{ ...keyOf(key), expiresAt: '2026-01-01' }] },
        'callers.0.apiKeys.0.expiresAt: ',
      ],
      [
        'a time without a zone',
        { apiKeys: [{ ...keyOf(key), expiresAt: '2026-01-01T00:00:00' }] },
        'callers.0.apiKeys.0.expiresAt: ',
      ],
      [
        'a day that there is not',
        { apiKeys: [{ ...keyOf(key), expiresAt: '2026-02-30T00:00:00Z' }] },
        'callers.0.apiKeys.0.expiresAt: ',
      ],
      [
        'three keys',
        { apiKeys: ['a', 'b', 'c'].map((one) => ({ sha256: one.repeat(64) })) },
        'at most two keys',
      ],
      ['one key twice', { apiKeys: [keyOf(key), keyOf(key)] }, 'helpdesk: a key is listed twice'],
      ['an unknown field', { role: 'admin' }, 'role'],
    ])('with %s', (_what, values, why) => {
      expect(() => listOf(values)).toThrow(why);
      expect(() => listOf(values)).toThrow(/^The Key Vault secret callers cannot be used: /);
    });

    it('with two callers of one name', () => {
      expect(() => parse({ callers: [aListed(), aListed()] })).toThrow(
        'helpdesk: two callers are named the same',
      );
    });

    it('with two callers that share a key', () => {
      const callers = [
        aListed({ apiKeys: [keyOf(key)] }),
        aListed({ name: 'flow', apiKeys: [keyOf(key)] }),
      ];

      expect(() => parse({ callers })).toThrow('flow: a key is listed twice');
    });

    it('with everything that is wrong, at once', () => {
      expect(() => listOf({ name: '', permissions: ['all'] })).toThrow(
        /callers\.0\.name: .+; callers\.0\.permissions\.0: /,
      );
    });

    it('as one that needs a person', () => {
      expect(() => parseCallerList(new Secret('{'))).toThrow(
        expect.objectContaining({ code: 'AppMisconfigured', recovery: 'operator' }),
      );
    });

    it.each([
      ['that is no JSON', `{"callers":[{"name":"${key.reveal()}"`],
      [
        'with a key for a hash',
        JSON.stringify({ callers: [aListed({ apiKeys: [{ sha256: key.reveal() }] })] }),
      ],
      ['with a key in clear', JSON.stringify({ callers: [aListed({ apiKeys: [key.reveal()] })] })],
      [
        'with a key for a name',
        JSON.stringify({ callers: [aListed({ name: `X${key.reveal()}` })] }),
      ],
      [
        'with a key for a permission',
        JSON.stringify({ callers: [aListed({ permissions: [key.reveal()] })] }),
      ],
    ])('%s without quoting a value', (_what, text) => {
      expect(messageFor(text)).not.toContain(key.reveal());
    });
  });
});

function aListed(values: object = {}): object {
  return { name: 'helpdesk', permissions: ['reset'], customers: [customerTenantId], ...values };
}

function listOf(values: object) {
  return parse({ callers: [aListed(values)] });
}

function parse(content: object) {
  return parseCallerList(new Secret(JSON.stringify(content)));
}

function messageFor(text: string): string {
  try {
    parseCallerList(new Secret(text));
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('The list was accepted');
}

function keyOf(apiKey: Secret) {
  return { sha256: sha256Of(apiKey) };
}

function sha256Of(apiKey: Secret): string {
  return createHash('sha256').update(apiKey.reveal()).digest('hex');
}
