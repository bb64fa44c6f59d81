import { describe, expect, it } from '@jest/globals';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import type { Seals } from '../../../shared/password-reset/ports.js';
import { type AppliedRow, withoutPassword } from '../../../shared/password-reset/reset-row.js';
import { createRevokePassword } from '../../../shared/password-reset/revoke-password.js';
import {
  anotherCustomerTenantId,
  aResetRow,
  customerTenantId,
  userId,
} from '../../builders/a-reset-row.js';
import { anEncryptedPassword } from '../../builders/an-encrypted-password.js';
import { aSealedRequest } from '../../builders/a-sealed-request.js';
import { FakeClock } from '../../fakes/fake-clock.js';
import { fakeSeals } from '../../fakes/fake-seals.js';
import { FakeResetStore } from '../../fakes/fake-reset-store.js';
import { FakeAudit } from '../../fakes/fake-audit.js';

const applied = aResetRow({ state: 'applied' });
const { resetId } = applied;

describe('createRevokePassword()', () => {
  it.each([
    ['link', { seal: 'a seal' }],
    ['response', { seal: 'a seal' }],
    ['recipientKey', { seal: 'a seal' }],
    ['none', {}],
  ] as const)('takes the password back, with the delivery %s', async (delivery, secret) => {
    const { revoke, resets, clock } = aStore({ ...applied, delivery, ...secret });

    const row = await revoke(resetId, 'helpdesk');

    expect(row).toEqual({ ...applied, delivery, revokedAtMs: clock.nowMs });
    expect(resets.row(resetId)).toEqual(row);
  });

  it('keeps when the link was opened', async () => {
    const opened = { openedAtMs: 7, openingId: 'opening-1' };
    const { revoke } = aStore({ ...applied, ...opened });

    expect(await revoke(resetId, 'helpdesk')).toMatchObject(opened);
  });

  it('changes nothing the second time', async () => {
    const { revoke, clock } = aStore(applied);
    const first = await revoke(resetId, 'helpdesk');
    clock.pass(60_000);

    expect(await revoke(resetId, 'helpdesk')).toEqual(first);
  });

  it.each(['queued', 'claimed', 'uncertain'] as const)(
    'refuses while the row is %s: its password would come after',
    async (state) => {
      const row = aResetRow({ state });
      const { revoke, resets } = aStore(row);

      await expect(revoke(resetId, 'helpdesk')).rejects.toMatchObject({
        code: 'PasswordResetConflict',
      });
      expect(resets.row(resetId)).toEqual(row);
    },
  );

  it.each(['rejected', 'cancelled', 'attention'] as const)(
    'leaves a row that is %s as it is',
    async (state) => {
      const row = aResetRow({ state });

      expect(await aStore(row).revoke(resetId, 'helpdesk')).toEqual(row);
    },
  );

  it.each([
    ['of somebody else', resetId, 'flow'],
    ['that there is not', 'reset-of-nobody', 'helpdesk'],
  ])('says of a reset %s that there is none', async (_whose, id, caller) => {
    const { revoke, resets } = aStore(applied);

    await expect(revoke(id, caller)).rejects.toMatchObject({
      code: 'PasswordResetNotFound',
      message: 'There is no such password reset',
    });
    expect(resets.rows).toEqual([applied]);
  });

  it('looks again when the link is opened at the same time', async () => {
    const { revoke, resets, clock } = aStore({ ...applied, seal: 'a seal' });
    const opened = { ...withoutPassword(applied), openedAtMs: 7, openingId: 'opening-1' };
    const replace = resets.replace.bind(resets);
    resets.replace = (row, etag) => {
      resets.replace = replace;
      resets.overwrite(opened);
      return replace(row, etag);
    };

    expect(await revoke(resetId, 'helpdesk')).toEqual({ ...opened, revokedAtMs: clock.nowMs });
  });

  it('tells the audit of it once', async () => {
    const { revoke, audit } = aStore(applied);

    await revoke(resetId, 'helpdesk');
    await revoke(resetId, 'helpdesk');

    expect(audit.events).toMatchObject([
      { action: 'password.revoked', resetId, caller: 'helpdesk' },
    ]);
  });

  const none = () => Promise.resolve(undefined);

  // A seal of one kind does not open as one of the other.
  it.each<[AppliedRow['delivery'], Partial<Seals>]>([
    ['link', { open: () => Promise.resolve(aSealedRequest({ delivery: 'link' })) }],
    ['recipientKey', { openEncrypted: () => Promise.resolve(anEncryptedPassword()) }],
  ])(
    'tells the audit whose password it was, with the delivery %s, if the seal says so',
    async (delivery, opens) => {
      const row = { ...applied, delivery, userId, seal: 'its seal' };
      const { revoke, audit } = aStore(row, { open: none, openEncrypted: none, ...opens });

      await revoke(resetId, 'helpdesk');

      expect(audit.events).toMatchObject([{ customerTenantId, userId, delivery }]);
    },
  );

  it.each<[string, Partial<AppliedRow>]>([
    ['has no seal any more', {}],
    ['has a seal that is none of ours', { seal: 'forged' }],
    [
      'names another customer than its seal',
      { seal: 'its seal', customerTenantId: anotherCustomerTenantId },
    ],
    [
      'names another user than what is sealed for a recipient',
      { seal: 'its seal', delivery: 'recipientKey' },
    ],
  ])('tells the audit no more than which reset, and by whom, of a row that %s', async (_w, row) => {
    const { revoke, audit } = aStore({ ...applied, ...row });

    await revoke(resetId, 'helpdesk');

    expect(audit.events).toEqual([{ action: 'password.revoked', resetId, caller: 'helpdesk' }]);
  });

  it('takes the password back all the same while its seal cannot be opened', async () => {
    const away = new ResetError('KeyVaultUnavailable', 'is away');
    const seals = { ...fakeSeals, open: () => Promise.reject(away) };
    const { revoke, audit } = aStore({ ...applied, seal: 'its seal' }, seals);

    expect(await revoke(resetId, 'helpdesk')).toHaveProperty('revokedAtMs');
    expect(audit.actions).toEqual(['password.revoked']);
  });

  it('takes the password back all the same when the audit cannot be told', async () => {
    const { revoke, audit } = aStore(applied);
    audit.failure = new ResetError('StorageUnavailable', 'is away');

    expect(await revoke(resetId, 'helpdesk')).toHaveProperty('revokedAtMs');
  });

  it('rejects when storage does not answer', async () => {
    const { revoke, resets } = aStore(applied);
    const failure = new ResetError('StorageUnavailable', 'Cannot change a row');
    resets.failures.replace = failure;

    await expect(revoke(resetId, 'helpdesk')).rejects.toBe(failure);
  });
});

function aStore(
  row: ReturnType<FakeResetStore['row']>,
  seals: Pick<Seals, 'open' | 'openEncrypted'> = fakeSeals,
) {
  const resets = new FakeResetStore([row]);
  const clock = new FakeClock();
  const audit = new FakeAudit();
  const { note } = audit;
  return {
    revoke: createRevokePassword({ resets, seals, note, now: clock.now }),
    resets,
    clock,
    audit,
  };
}
