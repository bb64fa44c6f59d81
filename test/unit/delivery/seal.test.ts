import { randomBytes, randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import { CompactEncrypt, decodeProtectedHeader } from 'jose';
import { describe, expect, it } from '@jest/globals';
import { createSeals } from '../../../shared/delivery/seal.js';
import type { UserPrincipalName } from '../../../shared/password-reset/ids.js';
import { Secret } from '../../../shared/platform/secret.js';
import { customerTenantId, userId } from '../../builders/a-reset-row.js';
import { aSealedRequest } from '../../builders/a-sealed-request.js';
import { FakeSealingKeys } from '../../fakes/fake-sealing-keys.js';

const { signal } = new AbortController();
const resetId = randomUUID();
const bySignInName = {
  kind: 'signInName',
  userPrincipalName: 'Adele_fabrikam.com#EXT#@Contoso.com' as UserPrincipalName,
} as const;

describe('createSeals()', () => {
  it.each([
    ['a user by id', {}],
    ['a user by sign-in name', { user: bySignInName }],
    ['a row of a job', { permission: 'bulkReset', caller: 'bulk-queue', delivery: 'none' }],
    ['a chosen password', { isChosen: true }],
  ] as const)('gives back what was sealed: %s', async (_what, values) => {
    const seals = createSeals({ keys: new FakeSealingKeys() });
    const request = aSealedRequest(values);

    const seal = await seals.seal(resetId, request, signal);

    expect(await seals.open(resetId, seal, signal)).toEqual(request);
  });

  it.each([
    [
      'every printable character',
      String.fromCharCode(...Array.from({ length: 95 }, (_, at) => 32 + at)),
    ],
    ['256 characters', 'Ab1-'.repeat(64)],
    ['what JSON would escape', '"\\/\u0001é😀'],
  ])('gives back the password as it was: %s', async (_what, text) => {
    const seals = createSeals({ keys: new FakeSealingKeys() });
    const passwordProfile = { password: new Secret(text), forceChangePassword: false };

    const seal = await seals.seal(resetId, aSealedRequest({ passwordProfile }), signal);

    const opened = await seals.open(resetId, seal, signal);
    expect(opened.passwordProfile.password.reveal()).toBe(text);
    expect(opened.passwordProfile.forceChangePassword).toBe(false);
  });

  it('gives back a password that does not print', async () => {
    const seals = createSeals({ keys: new FakeSealingKeys() });
    const request = aSealedRequest();

    const opened = await seals.open(resetId, await seals.seal(resetId, request, signal), signal);

    const password = request.passwordProfile.password.reveal();
    expect(inspect(opened, { depth: null })).not.toContain(password);
    expect(JSON.stringify(opened)).not.toContain(password);
  });

  it('shows nothing but the key version and the reset', async () => {
    const seals = createSeals({ keys: new FakeSealingKeys() });
    const request = aSealedRequest({ user: bySignInName });

    const seal = await seals.seal(resetId, request, signal);

    expect(decodeProtectedHeader(seal)).toEqual({
      alg: 'dir',
      enc: 'A256GCM',
      kid: 'version-1',
      resetId,
    });
    const parts = seal.split('.').map((part) => Buffer.from(part, 'base64url').toString('latin1'));
    const readable = [seal, ...parts].join('\n').toLowerCase();
    for (const secret of [
      request.passwordProfile.password.reveal(),
      customerTenantId,
      'adele',
      'helpdesk',
    ]) {
      expect(readable).not.toContain(secret.toLowerCase());
    }
  });

  it('seals the same request another way each time', async () => {
    const seals = createSeals({ keys: new FakeSealingKeys() });
    const request = aSealedRequest();

    const [one, other] = await Promise.all([
      seals.seal(resetId, request, signal),
      seals.seal(resetId, request, signal),
    ]);

    expect(one.split('.').slice(2)).not.toEqual(other.split('.').slice(2));
  });

  describe('does not open', () => {
    it('a seal that was copied from another reset', async () => {
      const seals = createSeals({ keys: new FakeSealingKeys() });
      const seal = await seals.seal(resetId, aSealedRequest(), signal);

      await expect(seals.open('reset-8', seal, signal)).rejects.toThrow(
        'The seal was made for another password reset',
      );
    });

    it('a copied seal with the id of its new reset written over the old one', async () => {
      const seals = createSeals({ keys: new FakeSealingKeys() });
      const [header = '', ...rest] = (await seals.seal(resetId, aSealedRequest(), signal)).split(
        '.',
      );
      const forged = { ...decodeJson(header), resetId: 'reset-8' };
      const seal = [encodeJson(forged), ...rest].join('.');

      await expect(seals.open('reset-8', seal, signal)).rejects.toThrow(
        'decryption operation failed',
      );
    });

    it.each([
      ['header', 0],
      ['nonce', 2],
      ['content', 3],
      ['tag', 4],
    ])('a seal whose %s was tampered with', async (_what, at) => {
      const seals = createSeals({ keys: new FakeSealingKeys() });
      const parts = (await seals.seal(resetId, aSealedRequest(), signal)).split('.');
      const part = Buffer.from(parts[at] ?? '', 'base64url');
      part[part.length - 1] = (part[part.length - 1] ?? 0) ^ 1;
      parts[at] = part.toString('base64url');

      await expect(seals.open(resetId, parts.join('.'), signal)).rejects.toThrow();
    });

    it('a seal under another key', async () => {
      const seal = await createSeals({ keys: new FakeSealingKeys() }).seal(
        resetId,
        aSealedRequest(),
        signal,
      );
      const seals = createSeals({ keys: new FakeSealingKeys() });

      await expect(seals.open(resetId, seal, signal)).rejects.toThrow(
        'decryption operation failed',
      );
    });

    it.each([
      ['nothing', ''],
      ['a word', 'forged'],
      ['a seal with parts missing', 'e30..'],
      ['a seal without a header', '....'],
      ['a seal with an empty header', `${encodeJson({})}....`],
      ['a seal that names no key', `${encodeJson({ alg: 'dir', enc: 'A256GCM', resetId })}....`],
      [
        'a seal that names a number',
        `${encodeJson({ alg: 'dir', enc: 'A256GCM', resetId, kid: 1 })}....`,
      ],
    ])('%s', async (_what, seal) => {
      const seals = createSeals({ keys: new FakeSealingKeys() });

      await expect(seals.open(resetId, seal, signal)).rejects.toThrow();
    });

    it.each([
      ['key management', { alg: 'A256KW', enc: 'A256GCM' }],
      ['content encryption', { alg: 'dir', enc: 'A128CBC-HS256' }],
    ])('a seal with other %s, even under the right key', async (_what, algorithms) => {
      const keys = new FakeSealingKeys();
      const { key, version } = await keys.newest();
      const seal = await new CompactEncrypt(new TextEncoder().encode('{}'))
        .setProtectedHeader({ ...algorithms, kid: version, resetId })
        .encrypt(key);

      await expect(createSeals({ keys }).open(resetId, seal, signal)).rejects.toThrow(
        'not allowed',
      );
    });

    it.each([
      ['a field missing', { caller: undefined }],
      ['a field too many', { isAdmin: true }],
      ['a permission that there is not', { permission: 'everything' }],
      ['a delivery that there is not', { delivery: 'billboard' }],
      ['a customer that is no GUID', { customerTenantId: '../partner' }],
      ['a user that is none', { user: '..' }],
    ])('a seal of ours with %s', async (_what, values) => {
      const keys = new FakeSealingKeys();
      const { key, version } = await keys.newest();
      const content = { ...plainContent(), ...values };
      const seal = await new CompactEncrypt(new TextEncoder().encode(JSON.stringify(content)))
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: version, resetId })
        .encrypt(key);

      await expect(createSeals({ keys }).open(resetId, seal, signal)).rejects.toThrow();
    });

    it('opens the same content with nothing amiss', async () => {
      const keys = new FakeSealingKeys();
      const { key, version } = await keys.newest();
      const seal = await new CompactEncrypt(
        new TextEncoder().encode(JSON.stringify(plainContent())),
      )
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: version, resetId })
        .encrypt(key);

      expect(await createSeals({ keys }).open(resetId, seal, signal)).toMatchObject({
        user: { kind: 'id', userId },
      });
    });
  });

  describe('when the key is changed', () => {
    it('seals with the new version, and still opens what the old one sealed', async () => {
      const keys = new FakeSealingKeys();
      const seals = createSeals({ keys });
      const request = aSealedRequest();
      const old = await seals.seal(resetId, request, signal);

      keys.rotate();
      const young = await seals.seal(resetId, request, signal);

      expect(decodeProtectedHeader(young).kid).toBe('version-2');
      expect(await seals.open(resetId, old, signal)).toEqual(request);
      expect(await seals.open(resetId, young, signal)).toEqual(request);
    });

    it('does not open an old seal under the name of the new version', async () => {
      const keys = new FakeSealingKeys();
      const seals = createSeals({ keys });
      const [header = '', ...rest] = (await seals.seal(resetId, aSealedRequest(), signal)).split(
        '.',
      );
      keys.rotate();
      const renamed = encodeJson({ ...decodeJson(header), kid: 'version-2' });

      await expect(seals.open(resetId, [renamed, ...rest].join('.'), signal)).rejects.toThrow(
        'decryption operation failed',
      );
    });
  });
});

/** As it is sealed: what is missing in `undefined` fields falls out of the JSON. */
function plainContent() {
  return {
    caller: 'helpdesk',
    permission: 'reset',
    delivery: 'response',
    customerTenantId,
    user: userId,
    password: randomBytes(12).toString('base64'),
    forceChangePassword: true,
    isChosen: false,
  };
}

function encodeJson(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function decodeJson(text: string): object {
  return JSON.parse(Buffer.from(text, 'base64url').toString()) as object;
}
