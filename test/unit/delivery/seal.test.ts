import { randomBytes, randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { createEnvelopes } from '../../../shared/delivery/envelopes.js';
import { createSeals } from '../../../shared/delivery/seal.js';
import type { UserPrincipalName } from '../../../shared/password-reset/ids.js';
import { Secret } from '../../../shared/platform/secret.js';
import { acceptedAtMs, customerTenantId, userId } from '../../builders/a-reset-row.js';
import { aSealedRequest } from '../../builders/a-sealed-request.js';
import { anEncryptedPassword } from '../../builders/an-encrypted-password.js';
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
    const seals = aSeals();
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
    const seals = aSeals();
    const passwordProfile = { password: new Secret(text), forceChangePassword: false };

    const seal = await seals.seal(resetId, aSealedRequest({ passwordProfile }), signal);

    const opened = await seals.open(resetId, seal, signal);
    expect(opened?.passwordProfile.password.reveal()).toBe(text);
    expect(opened?.passwordProfile.forceChangePassword).toBe(false);
  });

  it('gives back a password that does not print', async () => {
    const seals = aSeals();
    const request = aSealedRequest();

    const opened = await seals.open(resetId, await seals.seal(resetId, request, signal), signal);

    const password = request.passwordProfile.password.reveal();
    expect(inspect(opened, { depth: null })).not.toContain(password);
    expect(JSON.stringify(opened)).not.toContain(password);
  });

  it('opens no seal that was copied from another reset', async () => {
    const seals = aSeals();

    const seal = await seals.seal(resetId, aSealedRequest(), signal);

    expect(await seals.open('reset-8', seal, signal)).toBeUndefined();
  });

  it('opens no order of a job, even under the same id', async () => {
    const envelopes = createEnvelopes({ keys: new FakeSealingKeys() });
    const content = encodeJson(plainContent());

    const order = await envelopes.seal(`bulk-order/${resetId}`, content, signal);

    expect(await createSeals({ envelopes }).open(resetId, order, signal)).toBeUndefined();
  });

  it('opens nothing that somebody else has made', async () => {
    const seal = await aSeals().seal(resetId, aSealedRequest(), signal);

    expect(await aSeals().open(resetId, seal, signal)).toBeUndefined();
  });

  describe('for what is encrypted to a recipient', () => {
    const password = anEncryptedPassword();

    it('gives back whose it is and what was encrypted', async () => {
      const seals = aSeals();

      const seal = await seals.sealEncrypted(resetId, password, signal);

      expect(await seals.openEncrypted(resetId, seal, signal)).toEqual(password);
    });

    it('opens none of another reset, and nothing that somebody else has made', async () => {
      const seals = aSeals();

      const seal = await seals.sealEncrypted(resetId, password, signal);

      expect(await seals.openEncrypted('reset-8', seal, signal)).toBeUndefined();
      expect(await aSeals().openEncrypted(resetId, seal, signal)).toBeUndefined();
    });

    it('takes neither kind of seal for the other', async () => {
      const seals = aSeals();

      const request = await seals.seal(resetId, aSealedRequest(), signal);
      const encrypted = await seals.sealEncrypted(resetId, password, signal);

      expect(await seals.openEncrypted(resetId, request, signal)).toBeUndefined();
      expect(await seals.open(resetId, encrypted, signal)).toBeUndefined();
    });

    it.each([
      ['a field missing', { userId: undefined }],
      ['a field too many', { isAdmin: true }],
      ['a user that is no GUID', { userId: '..' }],
    ])('opens none with %s', async (_what, values) => {
      const envelopes = createEnvelopes({ keys: new FakeSealingKeys() });
      const content = encodeJson({ ...password, ...values });

      const seal = await envelopes.seal(`encrypted-password/${resetId}`, content, signal);

      const opened = createSeals({ envelopes }).openEncrypted(resetId, seal, signal);
      expect(await opened).toBeUndefined();
    });
  });

  describe('a seal of ours', () => {
    const open = async (content: object) => {
      const envelopes = createEnvelopes({ keys: new FakeSealingKeys() });
      const subject = `password-reset/${resetId}`;
      const seal = await envelopes.seal(subject, encodeJson(content), signal);
      return createSeals({ envelopes }).open(resetId, seal, signal);
    };

    it.each([
      ['a field missing', { caller: undefined }],
      ['a field too many', { isAdmin: true }],
      ['a permission that there is not', { permission: 'everything' }],
      ['a delivery that there is not', { delivery: 'billboard' }],
      ['a customer that is no GUID', { customerTenantId: '../partner' }],
      ['a user that is none', { user: '..' }],
      ['no time of acceptance', { acceptedAtMs: undefined }],
    ])('with %s is not opened', async (_what, values) => {
      expect(await open({ ...plainContent(), ...values })).toBeUndefined();
    });

    it('with nothing amiss is opened', async () => {
      expect(await open(plainContent())).toMatchObject({ user: { kind: 'id', userId } });
    });
  });
});

function aSeals() {
  return createSeals({ envelopes: createEnvelopes({ keys: new FakeSealingKeys() }) });
}

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
    acceptedAtMs,
  };
}

function encodeJson(value: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
