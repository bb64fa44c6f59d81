import { describe, expect, it } from '@jest/globals';
import { createEnvelopes } from '../../../shared/delivery/envelopes.js';
import { createSeals } from '../../../shared/delivery/seal.js';
import type {
  EncryptedPassword,
  SealedRequest,
  UserLockEntry,
} from '../../../shared/password-reset/ports.js';
import type { UserId, UserPrincipalName } from '../../../shared/password-reset/ids.js';
import { createIsSuperseded } from '../../../shared/password-reset/is-superseded.js';
import {
  createReadPassword,
  createReadPasswordReset,
  readableForMs,
  type Reader,
} from '../../../shared/password-reset/read-password-reset.js';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import {
  defaultLimits,
  type Delivery,
  type ResetRow,
} from '../../../shared/password-reset/reset-row.js';
import {
  acceptedAtMs,
  anotherCustomerTenantId,
  aResetRow,
  customerTenantId,
  userId,
} from '../../builders/a-reset-row.js';
import { aSealedRequest } from '../../builders/a-sealed-request.js';
import { anEncryptedPassword } from '../../builders/an-encrypted-password.js';
import { FakeClock } from '../../fakes/fake-clock.js';
import { fakeRecipientKeyIdOf } from '../../fakes/fake-recipient.js';
import { fakeRevealLinks } from '../../fakes/fake-reveal-links.js';
import { FakeResetStore } from '../../fakes/fake-reset-store.js';
import { FakeSealingKeys } from '../../fakes/fake-sealing-keys.js';
import { FakeUserLocks } from '../../fakes/fake-user-locks.js';

const linkExpiresMs = 3_600_000;
const anotherUserId = '5d2f7c10-8f0a-4b6d-a9a3-1c2e3f4a5b07' as UserId;
const bySignInName = {
  kind: 'signInName',
  userPrincipalName: 'adele@contoso.com' as UserPrincipalName,
} as const;
const { signal } = new AbortController();

describe('createReadPasswordReset()', () => {
  const row = aResetRow({ caller: 'helpdesk' });
  const readPasswordReset = createReadPasswordReset({ resets: new FakeResetStore([row]) });

  it('gives the row to the caller who asked for it', async () => {
    expect(await readPasswordReset(row.resetId, 'helpdesk')).toEqual(row);
  });

  it.each([
    ['of somebody else', row.resetId, 'flow'],
    ['that there is not', 'reset-of-nobody', 'helpdesk'],
  ])('says of a reset %s that there is none', async (_whose, resetId, caller) => {
    await expect(readPasswordReset(resetId, caller)).rejects.toMatchObject({
      code: 'PasswordResetNotFound',
      message: 'There is no such password reset',
    });
  });
});

describe('createReadPassword()', () => {
  const helpdesk: Reader = {
    name: 'helpdesk',
    mayReceive: () => true,
    hasRecipientKey: (keyId) => keyId === 'recipient-1',
    maySee: (id) => id === customerTenantId,
  };
  const applied = aResetRow({ state: 'applied', userId });
  const none = { kind: 'none' };

  function receiving(...allowed: readonly Delivery[]): Reader {
    return { ...helpdesk, mayReceive: (delivery) => allowed.includes(delivery) };
  }

  it('gives nothing to a caller who may not receive passwords in answers', async () => {
    const { read } = await vault(applied);

    expect(await read(receiving('link', 'recipientKey', 'none'))).toEqual(none);
  });

  describe('for the delivery recipientKey', () => {
    const row = { ...applied, delivery: 'recipientKey' } as const;
    const encryptedPassword = 'for recipient-1: a JWE';
    const clerk = receiving('recipientKey');

    it('gives what the recipient alone can read to the caller who asked, and to nobody else', async () => {
      const { read } = await vault(row, anEncryptedPassword({ encryptedPassword }));

      expect(await read(clerk)).toEqual({ kind: 'encrypted', encryptedPassword });
      expect(await read({ ...clerk, name: 'flow' })).toEqual(none);
      expect(await read({ ...clerk, maySee: () => false })).toEqual(none);
      expect(await read(receiving('link', 'response', 'none'))).toEqual(none);
    });

    it.each([
      ['a key that is not listed for the caller any more', 'for recipient-2: a JWE'],
      ['no key', 'a JWE'],
    ])('gives nothing that is encrypted to %s', async (_what, toAnother) => {
      const { read } = await vault(row, anEncryptedPassword({ encryptedPassword: toAnother }));

      expect(await read(clerk)).toEqual(none);
    });

    it('gives nothing that somebody else encrypted to the recipient', async () => {
      const { readPassword } = await vault(row, anEncryptedPassword());

      expect(await readPassword({ ...row, seal: encryptedPassword }, clerk, signal)).toEqual(none);
    });

    it.each<[string, object]>([
      ['caller', { caller: 'flow' }],
      ['customer', { customerTenantId: anotherCustomerTenantId }],
      ['user', { userId: anotherUserId }],
      ['user, who is missing,', { userId: undefined }],
      ['reference', { reference: 'forged' }],
      ['time', { acceptedAtMs: acceptedAtMs + 1 }],
      ['delivery', { delivery: 'response' }],
    ])('gives nothing when somebody changed the %s of the row', async (_what, values) => {
      const { readPassword, row: kept } = await vault(row, anEncryptedPassword());
      const changed = { ...kept, ...values };
      const anybody = { ...helpdesk, name: changed.caller, maySee: () => true };

      expect(await readPassword(changed, anybody, signal)).toEqual(none);
    });

    it('gives nothing of a request, which has the password in clear', async () => {
      const { read } = await vault(row, aSealedRequest({ delivery: 'recipientKey' }));

      expect(await read(clerk)).toEqual(none);
    });
  });

  it('gives the password of an applied row to the caller who asked for it', async () => {
    const request = aSealedRequest();
    const { read } = await vault(applied, request);

    expect(await read(helpdesk)).toEqual({
      kind: 'password',
      password: request.passwordProfile.password,
    });
  });

  it.each(['queued', 'claimed', 'uncertain'] as const)(
    'gives none of a row that is %s, although it is in the seal',
    async (state) => {
      const { read } = await vault(aResetRow({ state }));

      expect(await read(helpdesk)).toEqual(none);
    },
  );

  it.each(['applied', 'rejected', 'cancelled', 'attention'] as const)(
    'gives none of a row that is %s and has no seal',
    async (state) => {
      const { readPassword } = await vault(applied);

      expect(await readPassword(aResetRow({ state }), helpdesk, signal)).toEqual(none);
    },
  );

  it.each([
    ['just below 72 hours', readableForMs - 1, 'password'],
    ['after 72 hours', readableForMs, 'none'],
  ])('%s after the reset', async (_when, ageMs, kind) => {
    const { read, clock } = await vault(applied);
    clock.nowMs = applied.settledAtMs + ageMs;

    expect(await read(helpdesk)).toMatchObject({ kind });
  });

  it('keeps a password for three days', () => {
    expect(readableForMs).toBe(259_200_000);
  });

  it.each([
    ['caller', { caller: 'thief' }, { caller: 'helpdesk' }, 'thief'],
    ['delivery', { delivery: 'response' }, { delivery: 'none' }, 'helpdesk'],
    ['customer', {}, { customerTenantId: anotherCustomerTenantId }, 'helpdesk'],
  ] as const)('believes the seal about the %s, not the row', async (_what, row, sealed, name) => {
    const { read } = await vault({ ...applied, ...row }, aSealedRequest(sealed));

    expect(await read({ ...helpdesk, name })).toEqual(none);
  });

  it.each<[string, object, Partial<SealedRequest>]>([
    ['another user than the seal', { userId: anotherUserId }, {}],
    ['no user', { userId: undefined }, {}],
    ['a user whom the seal does not name', {}, { user: bySignInName }],
  ])('gives none of a row that has %s', async (_what, row, sealed) => {
    const { read } = await vault({ ...applied, ...row }, aSealedRequest(sealed));

    expect(await read(helpdesk)).toEqual(none);
  });

  it('gives none of a seal that was copied from another reset', async () => {
    const { readPassword, row } = await vault(applied);
    const copy = { ...row, resetId: 'reset-of-another' };

    expect(await readPassword(copy, helpdesk, signal)).toEqual(none);
  });

  describe('for the delivery link', () => {
    const request = aSealedRequest({ delivery: 'link' });
    const row = { ...applied, delivery: 'link' } as const;
    const clerk = receiving('link');

    it('gives the address to the caller who asked, who may receive links', async () => {
      const { read } = await vault(row, request);

      expect(await read(clerk)).toEqual({
        kind: 'link',
        address: await fakeRevealLinks.addressOf(row, signal),
        expiresAtMs: row.settledAtMs + linkExpiresMs,
      });
    });

    it.each([
      ['just before the link expires', -1, 'link'],
      ['when it has expired', 0, 'none'],
    ])('%s', async (_when, afterMs, kind) => {
      const { read, clock } = await vault(row, request);
      clock.nowMs = row.settledAtMs + linkExpiresMs + afterMs;

      expect(await read(clerk)).toMatchObject({ kind });
    });

    it.each([
      ['somebody else', { name: 'thief' }],
      ['who may not see the customer any more', { maySee: () => false }],
      ['who may not receive links any more', receiving('recipientKey', 'response', 'none')],
    ])('gives no address to %s', async (_who, values) => {
      const { read } = await vault(row, request);

      expect(await read({ ...clerk, ...values })).toEqual(none);
    });

    it.each([
      ['was opened', { openedAtMs: acceptedAtMs }],
      ['was revoked', { revokedAtMs: acceptedAtMs }],
    ])('gives no address of a password that %s', async (_what, values) => {
      const { readPassword } = await vault(row, request);

      expect(await readPassword({ ...row, ...values }, clerk, signal)).toEqual(none);
    });

    it('waits until it is certain that the password works', async () => {
      const { read } = await vault({ ...row, unknownAtMs: acceptedAtMs }, request);

      expect(await read(clerk)).toMatchObject({ kind: 'settling' });
    });
  });

  describe('while an attempt with unknown outcome may still arrive', () => {
    const settling = { ...applied, unknownAtMs: acceptedAtMs };
    const untilMs = acceptedAtMs + defaultLimits.settleMs;

    it('says until when the password is not sure', async () => {
      const { read, clock } = await vault(settling);
      clock.nowMs = untilMs - 1;

      expect(await read(helpdesk)).toEqual({ kind: 'settling', untilMs });
    });

    it('gives it from then on', async () => {
      const { read, clock } = await vault(settling);
      clock.nowMs = untilMs;

      expect(await read(helpdesk)).toMatchObject({ kind: 'password' });
    });

    it('says nothing of the kind to whoever may not read it', async () => {
      const { read } = await vault(settling);

      expect(await read({ ...helpdesk, name: 'thief' })).toEqual(none);
    });
  });

  describe('when another reset of the user has begun', () => {
    const newerId = 'reset-of-the-newer';
    const ours = { resetId: applied.resetId, acceptedAtMs };

    it.each(['queued', 'claimed', 'uncertain', 'applied', 'attention'] as const)(
      'does not show the password while that one is %s',
      async (state) => {
        const { read, lockFor, resets } = await vault(applied);
        resets.overwrite(aResetRow({ state, resetId: newerId }));
        await lockFor({ resetId: newerId, applied: ours });

        expect(await read(helpdesk)).toEqual({ kind: 'superseded' });
      },
    );

    it.each(['rejected', 'cancelled'] as const)(
      'shows the password when that one was %s: it has changed nothing',
      async (state) => {
        const { read, lockFor, resets } = await vault(applied);
        resets.overwrite(aResetRow({ state, resetId: newerId }));
        await lockFor({ resetId: newerId, applied: ours });

        expect(await read(helpdesk)).toMatchObject({ kind: 'password' });
      },
    );

    it.each([
      ['one between them was applied', { applied: { resetId: 'reset-between', acceptedAtMs } }],
      ['it is not known which one was applied', {}],
    ])('does not show the password when that one was refused, but %s', async (_what, entry) => {
      const { read, lockFor, resets } = await vault(applied);
      resets.overwrite(aResetRow({ state: 'rejected', resetId: newerId }));
      await lockFor({ resetId: newerId, ...entry });

      expect(await read(helpdesk)).toEqual({ kind: 'superseded' });
    });

    it('does not show the password when the row of that one is gone', async () => {
      const { read, lockFor } = await vault(applied);
      await lockFor({ resetId: newerId, applied: ours });

      expect(await read(helpdesk)).toEqual({ kind: 'superseded' });
    });
  });

  it('rejects when the lock cannot be read: nobody knows whether it still works', async () => {
    const { read, locks } = await vault(applied);
    locks.failure = new ResetError('StorageUnavailable', 'Cannot read a lock');

    await expect(read(helpdesk)).rejects.toBe(locks.failure);
  });
});

/** A row that holds the seal of the request, or of the password encrypted, and what is needed to read it. */
async function vault(
  unsealed: ResetRow,
  content: SealedRequest | EncryptedPassword = aSealedRequest(),
) {
  const seals = createSeals({ envelopes: createEnvelopes({ keys: new FakeSealingKeys() }) });
  const { resetId } = unsealed;
  const seal = await ('encryptedPassword' in content
    ? seals.sealEncrypted(resetId, content, signal)
    : seals.seal(resetId, content, signal));
  const row = { ...unsealed, seal } as ResetRow;
  const resets = new FakeResetStore([row]);
  const locks = new FakeUserLocks();
  const clock = new FakeClock(acceptedAtMs + 1_000);
  const { settleMs } = defaultLimits;
  const readPassword = createReadPassword({
    seals,
    isSuperseded: createIsSuperseded({ locks, resets }),
    links: fakeRevealLinks,
    recipientKeyIdOf: fakeRecipientKeyIdOf,
    settleMs,
    linkExpiresMs,
    now: clock.now,
  });
  const read = (reader: Reader) => readPassword(row, reader, signal);
  const user = { customerTenantId, userId };
  const { etag } = await locks.createOrRead(user, row.resetId);
  const lockFor = (entry: UserLockEntry) => locks.replace(user, entry, etag);
  return { readPassword, read, lockFor, row, resets, locks, clock };
}
