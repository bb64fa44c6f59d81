import {
  createHash,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyPairKeyObjectResult,
  randomBytes,
  randomUUID,
} from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { parseCallerList } from '../../../shared/callers/caller-list.js';
import { deliveries } from '../../../shared/password-reset/reset-row.js';
import { Secret } from '../../../shared/platform/secret.js';
import { anotherCustomerTenantId, customerTenantId } from '../../builders/a-reset-row.js';

const nowMs = Date.UTC(2026, 0, 1);
const key = new Secret(randomBytes(32).toString('base64url'));
/** What a person could put into the wrong place; as a name it is allowed. */
const pasted = randomBytes(16).toString('hex');
const otherKey = new Secret(randomBytes(32).toString('base64url'));
const [clientId, otherClientId] = [randomUUID(), randomUUID()];
const [person, otherPerson] = [randomUUID(), randomUUID()];
const rsa2048 = rsaKey(2048);
const p256 = ecKey('P-256');

describe('parseCallerList()', () => {
  it('finds a caller by name, with what it may do and for whom', () => {
    const list = listOf({
      permissions: ['reset', 'choosePassword'],
      customers: [customerTenantId.toUpperCase(), anotherCustomerTenantId],
    });

    expect(list.findByName('helpdesk')).toEqual({
      name: 'helpdesk',
      people: new Set(),
      permissions: new Set(['reset', 'choosePassword']),
      customers: new Set([customerTenantId, anotherCustomerTenantId]),
      deliveries: new Set(deliveries),
      recipientKeys: new Map(),
      maxResetsPerDay: 1_000,
      approvalAboveRows: 200,
    });
  });

  it('knows the people whom the entry of a caller names, and not those whom it admits all', () => {
    const entraClients = [
      { clientId },
      { clientId, users: [person.toUpperCase()] },
      { clientId: otherClientId, users: [person, otherPerson] },
      { clientId: randomUUID(), users: '*' },
    ];

    expect(listOf({ entraClients }).findByName('helpdesk')?.people).toEqual(
      new Set([person, otherPerson]),
    );
  });

  it('limits a caller to the deliveries that are listed', () => {
    const list = listOf({ deliveries: ['recipientKey', 'none'] });

    expect(list.findByName('helpdesk')?.deliveries).toEqual(new Set(['recipientKey', 'none']));
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

    it('takes one of two keys when the other has expired', () => {
      const expired = { ...keyOf(key), expiresAt: new Date(nowMs).toISOString() };
      const list = listOf({ apiKeys: [expired, keyOf(otherKey)] });

      expect(list.findByApiKey(key, nowMs)).toBeUndefined();
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

  describe('findByClient()', () => {
    it('finds the caller whose application it is, however its id is written', () => {
      const list = listOf({ entraClients: [{ clientId: clientId.toUpperCase() }] });

      expect(list.findByClient(clientId)).toMatchObject({ name: 'helpdesk' });
      expect(list.findByClient(otherClientId)).toBeUndefined();
    });

    it('finds nobody for an application through which only people sign in', () => {
      const list = listOf({ entraClients: [{ clientId, users: '*' }] });

      expect(list.findByClient(clientId)).toBeUndefined();
    });
  });

  describe('findByPerson()', () => {
    it.each([
      ['the person who is named', [person], 'helpdesk'],
      ['a person who is named in capitals', [person.toUpperCase()], 'helpdesk'],
      ['one of several', [otherPerson, person], 'helpdesk'],
      ['anybody', '*', 'helpdesk'],
      ['somebody else', [otherPerson], undefined],
      ['the application alone', undefined, undefined],
    ])('finds a person, or not, where %s is listed', (_who, users, name) => {
      const list = listOf({ entraClients: [{ clientId, users }] });

      expect(list.findByPerson({ clientId, userId: person })?.name).toBe(
        name && `${name}/${person}`,
      );
    });

    it('finds nobody through another application', () => {
      const list = listOf({ entraClients: [{ clientId, users: '*' }] });

      expect(list.findByPerson({ clientId: otherClientId, userId: person })).toBeUndefined();
    });

    it.each([['first'], ['last']])('prefers who is named to anybody, listed %s', (place) => {
      const anybody = aListed({ entraClients: [{ clientId, users: '*' }] });
      const named = aListed({ name: 'seniors', entraClients: [{ clientId, users: [person] }] });
      const list = parse({ callers: place === 'first' ? [named, anybody] : [anybody, named] });

      expect(list.findByPerson({ clientId, userId: person })?.name).toBe(`seniors/${person}`);
      expect(list.findByPerson({ clientId, userId: otherPerson })?.name).toBe(
        `helpdesk/${otherPerson}`,
      );
    });

    it('gives a person what the caller may do', () => {
      const list = listOf({ entraClients: [{ clientId, users: '*' }], maxResetsPerDay: 7 });

      expect(list.findByPerson({ clientId, userId: person })).toEqual({
        ...list.findByName('helpdesk'),
        name: `helpdesk/${person}`,
      });
    });
  });

  describe('findByName()', () => {
    it.each<[string, object[] | undefined, boolean]>([
      ['the person is named', [{ clientId, users: [person] }], true],
      ['anybody is admitted', [{ clientId, users: '*' }], true],
      [
        'the second application admits',
        [{ clientId: otherClientId }, { clientId, users: '*' }],
        true,
      ],
      ['somebody else is named', [{ clientId, users: [otherPerson] }], false],
      ['the application acts alone', [{ clientId }], false],
      ['there is no application', undefined, false],
    ])('finds a person, or not, when %s', (_when, entraClients, isFound) => {
      const name = `helpdesk/${person}`;

      expect(listOf({ entraClients }).findByName(name)?.name).toBe(isFound ? name : undefined);
    });
  });

  describe('findWebhookSource()', () => {
    it.each([
      [{}, 'standard'],
      [{ scheme: 'standard' }, 'standard'],
      [{ scheme: 'hmac-sha256' }, 'hmac-sha256'],
    ])('finds who is listed with the webhook %j', (webhook, scheme) => {
      expect(listOf({ webhook }).findWebhookSource('helpdesk')).toMatchObject({
        caller: { name: 'helpdesk', permissions: new Set(['reset']) },
        scheme,
      });
    });

    it.each([
      ['a caller without a webhook', 'helpdesk', undefined],
      ['a name that is not listed', 'flow', {}],
      ['a person', `helpdesk/${person}`, {}],
      ['a name in capitals', 'Helpdesk', {}],
      ['a name that every object knows', 'constructor', {}],
    ])('finds nothing for %s', (_what, name, webhook) => {
      const list = listOf({ webhook, entraClients: [{ clientId, users: '*' }] });

      expect(list.findWebhookSource(name)).toBeUndefined();
    });
  });

  describe('lists recipient keys', () => {
    it('by their kid, with the algorithm that goes with them', () => {
      const list = listOf({ recipientKeys: [aRecipientKey('one'), anEcKey('two')] });

      expect(list.findByName('helpdesk')?.recipientKeys).toEqual(
        new Map([
          ['one', { ...aRecipientKey('one'), alg: 'RSA-OAEP-256' }],
          ['two', { ...anEcKey('two'), alg: 'ECDH-ES+A256KW' }],
        ]),
      );
    });

    it.each([2_048, 4_096])('with a modulus of %i bits', (bits) => {
      const key = { kid: 'one', kty: 'RSA', n: aModulusOf(bits), e: 'AQAB' };

      expect(listOf({ recipientKeys: [key] }).findByName('helpdesk')?.recipientKeys.size).toBe(1);
    });

    it('the same kid for two callers', () => {
      const callers = ['helpdesk', 'flow'].map((name) =>
        aListed({ name, recipientKeys: [aRecipientKey('one')] }),
      );

      expect(parse({ callers }).findByName('flow')?.recipientKeys.size).toBe(1);
    });

    it.each<[string, object, string]>([
      ['a private RSA key', rsa2048.privateKey, 'a field that is unknown'],
      ['a private EC key', p256.privateKey, 'a field that is unknown'],
      ['a modulus of 1024 bits', rsaKey(1024).publicKey, 'must have 2048 to 4096 bits'],
      ['a modulus of 2040 bits', rsaKey(2040).publicKey, 'must have 2048 to 4096 bits'],
      ['a modulus of 4104 bits', { ...rsa2048.publicKey, n: aModulusOf(4_104) }, 'must have 2048'],
      ['a modulus with zeros before it', padded(rsaKey(2040).publicKey), 'must have 2048'],
      ['a modulus of zeros', { ...rsa2048.publicKey, n: 'A'.repeat(342) }, 'must '],
      ['another exponent', { ...rsa2048.publicKey, e: 'Aw' }, 'e: '],
      ['the algorithm RSA1_5', { ...rsa2048.publicKey, alg: 'RSA1_5' }, 'alg: '],
      ['the algorithm of the other kind', { ...rsa2048.publicKey, alg: 'ECDH-ES+A256KW' }, 'alg: '],
      ['a key to sign with', { ...rsa2048.publicKey, use: 'sig' }, 'use: '],
      ['another curve', ecKey('P-384').publicKey, 'crv: '],
      ['another curve under the name', { ...ecKey('P-384').publicKey, crv: 'P-256' }, 'x: '],
      ['a point beside the curve', { ...p256.publicKey, y: p256.publicKey.x }, 'must be a public'],
      ['a symmetric key', { kty: 'oct', k: 'AAAA' }, 'kty: '],
      ['an empty modulus', { ...rsa2048.publicKey, n: '' }, 'n: '],
      ['a modulus that is no base64url', { ...rsa2048.publicKey, n: '+'.repeat(342) }, 'n: '],
    ])('but not %s', (_what, recipientKey, why) => {
      const text = JSON.stringify({
        callers: [aListed({ recipientKeys: [{ ...recipientKey, kid: 'one' }] })],
      });

      expect(messageFor(text)).toContain('callers.0.recipientKeys.0');
      expect(messageFor(text)).toContain(why);
    });

    it.each([
      ['no kid', undefined],
      ['an empty kid', ''],
      ['a kid of 65 characters', 'x'.repeat(65)],
      ['a kid with a blank', 'a b'],
      ['a kid with a slash', 'a/b'],
    ])('but not with %s', (_what, kid) => {
      const recipientKeys = [{ ...rsa2048.publicKey, kid }];

      expect(() => listOf({ recipientKeys })).toThrow('callers.0.recipientKeys.0.kid: ');
    });

    it('but not two with one kid', () => {
      const recipientKeys = [aRecipientKey('one'), anEcKey('one')];

      expect(() => listOf({ recipientKeys })).toThrow('callers.0: two recipient keys have one kid');
    });

    it('but not six', () => {
      const recipientKeys = Array.from({ length: 6 }, (_, index) => aRecipientKey(`key-${index}`));

      expect(() => listOf({ recipientKeys })).toThrow('callers.0.recipientKeys: ');
    });
  });

  describe('refuses a list', () => {
    it.each<[string, object[], string]>([
      ['an application', [{ clientId }, { clientId }], 'an application is listed twice'],
      [
        'an application, once in capitals,',
        [{ clientId }, { clientId: clientId.toUpperCase() }],
        'an application is listed twice',
      ],
      [
        'a person',
        [
          { clientId, users: [person] },
          { clientId, users: [otherPerson, person] },
        ],
        'a person is listed twice',
      ],
      [
        'anybody',
        [
          { clientId, users: '*' },
          { clientId, users: '*' },
        ],
        'a person is listed twice',
      ],
    ])('that names %s twice, in one caller or in two', (_what, entraClients, why) => {
      const [first, second] = entraClients;
      const callers = [
        aListed({ entraClients: [first] }),
        aListed({ name: 'flow', entraClients: [second] }),
      ];

      expect(() => listOf({ entraClients })).toThrow(`callers.0: ${why}`);
      expect(() => parse({ callers })).toThrow(`callers.1: ${why}`);
    });

    it.each<[string, object, string]>([
      [
        'an application that is no GUID',
        { entraClients: [{ clientId: 'app' }] },
        'clientId: must be',
      ],
      ['no person', { entraClients: [{ clientId, users: [] }] }, 'entraClients.0.users'],
      [
        'a sign-in name',
        { entraClients: [{ clientId, users: ['a@b.c'] }] },
        'entraClients.0.users',
      ],
      ['* among people', { entraClients: [{ clientId, users: ['*'] }] }, 'entraClients.0.users'],
      [
        'an unknown field of an application',
        { entraClients: [{ clientId, role: 'x' }] },
        'callers.0.entraClients.0: it has a field',
      ],
      ['true for a webhook', { webhook: true }, 'webhook: '],
      ['null for a webhook', { webhook: null }, 'webhook: '],
      ['an unknown scheme', { webhook: { scheme: 'sha1' } }, 'webhook.scheme: '],
      ['a secret in the list', { webhook: { secret: 'whsec_x' } }, 'webhook: '],
      ['a negative number of resets', { maxResetsPerDay: -1 }, 'maxResetsPerDay: '],
      ['half a reset', { maxResetsPerDay: 0.5 }, 'maxResetsPerDay: '],
      ['a delivery that there is not', { deliveries: ['mail'] }, 'deliveries.0: '],
      ['no delivery at all', { deliveries: [] }, 'deliveries: '],
      ['a number of rows as text', { approvalAboveRows: '200' }, 'approvalAboveRows: '],
    ])('with %s', (_what, values, why) => {
      expect(() => listOf(values)).toThrow(why);
    });

    it.each([
      ['that is no JSON', '{"callers":', 'it is not JSON'],
      ['that is nothing', '', 'it is not JSON'],
      ['that is null', 'null', 'expected object'],
      ['that is an array', '[]', 'expected object'],
      ['without callers', '{}', 'callers: '],
      ['with more than callers', '{"callers":[],"admins":[]}', 'the list: it has a field'],
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
      ['one key twice', { apiKeys: [keyOf(key), keyOf(key)] }, 'callers.0: a key is listed twice'],
      ['an unknown field', { role: 'admin' }, 'callers.0: it has a field that is unknown'],
    ])('with %s', (_what, values, why) => {
      expect(() => listOf(values)).toThrow(why);
      expect(() => listOf(values)).toThrow(/^The Key Vault secret callers cannot be used: /);
    });

    it('with two callers of one name', () => {
      expect(() => parse({ callers: [aListed(), aListed()] })).toThrow(
        'callers.1: two callers are named the same',
      );
    });

    it('with two callers that share a key', () => {
      const callers = [
        aListed({ apiKeys: [keyOf(key)] }),
        aListed({ name: 'flow', apiKeys: [keyOf(key)] }),
      ];

      expect(() => parse({ callers })).toThrow('callers.1: a key is listed twice');
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

    it.each<[string, object, number]>([
      ['for a hash', { apiKeys: [{ sha256: pasted }] }, 1],
      ['for a key', { apiKeys: [pasted] }, 1],
      ['for a permission', { permissions: [pasted] }, 1],
      ['for a name that cannot be one', { name: `X${pasted}` }, 1],
      ['for a name that is listed twice', { name: pasted }, 2],
      ['for a name, with a key twice', { name: pasted, apiKeys: [keyOf(key), keyOf(key)] }, 1],
      [
        'for a name, with an application twice',
        { name: pasted, entraClients: [{ clientId }, { clientId }] },
        1,
      ],
      [
        'for the name and the kid of two recipient keys',
        { name: pasted, recipientKeys: [aRecipientKey(pasted), anEcKey(pasted)] },
        1,
      ],
      ['for a field of a caller', { [pasted]: true }, 1],
      ['for a field of a key', { apiKeys: [{ ...keyOf(key), [pasted]: true }] }, 1],
      ['for a field of an application', { entraClients: [{ clientId, [pasted]: true }] }, 1],
      ['for a field of a webhook', { webhook: { [pasted]: true } }, 1],
      [
        'for a field of a recipient key',
        { recipientKeys: [{ ...p256.publicKey, [pasted]: 1 }] },
        1,
      ],
    ])('with a secret %s, and quotes nothing of it', (_what, values, times) => {
      const callers = Array.from({ length: times }, () => aListed(values));

      const message = messageFor(JSON.stringify({ callers }));

      expect(message).not.toContain(pasted);
      expect(message).toContain(': callers.');
    });

    it.each([
      ['in a text that is no JSON', `{"callers":[{"name":"${pasted}"`],
      ['for a field beside the callers', JSON.stringify({ callers: [], [pasted]: true })],
    ])('with a secret %s, and quotes nothing of it', (_what, text) => {
      expect(messageFor(text)).not.toContain(pasted);
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

function aRecipientKey(kid: string) {
  return { ...rsa2048.publicKey, kid };
}

function anEcKey(kid: string) {
  return { ...p256.publicKey, kid };
}

function rsaKey(modulusLength: number) {
  return toJwks(generateKeyPairSync('rsa', { modulusLength }));
}

function ecKey(namedCurve: string) {
  return toJwks(generateKeyPairSync('ec', { namedCurve }));
}

function toJwks({ publicKey, privateKey }: KeyPairKeyObjectResult) {
  return {
    publicKey: publicKey.export({ format: 'jwk' }),
    privateKey: privateKey.export({ format: 'jwk' }),
  };
}

/** The same number, written as if it were longer. */
/** Nobody has the private half of it. */
function aModulusOf(bits: number): string {
  return Buffer.alloc(bits / 8, 0xff).toString('base64url');
}

function padded({ n = '', ...rest }: JsonWebKey) {
  const modulus = Buffer.from(n, 'base64url');
  return {
    ...rest,
    n: Buffer.concat([Buffer.alloc(256 - modulus.length), modulus]).toString('base64url'),
  };
}
