import { describe, expect, it } from '@jest/globals';
import { createSeals } from '../../../shared/delivery/seal.js';
import type { SealedRequest } from '../../../shared/password-reset/ports.js';
import {
  createReadPassword,
  createReadPasswordReset,
  type Reader,
} from '../../../shared/password-reset/read-password-reset.js';
import type { ResetRow } from '../../../shared/password-reset/reset-row.js';
import {
  anotherCustomerTenantId,
  aResetRow,
  customerTenantId,
} from '../../builders/a-reset-row.js';
import { aSealedRequest } from '../../builders/a-sealed-request.js';
import { FakeResetStore } from '../../fakes/fake-reset-store.js';
import { FakeSealingKeys } from '../../fakes/fake-sealing-keys.js';

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
  const helpdesk: Reader = { name: 'helpdesk', maySee: (id) => id === customerTenantId };

  it('gives the password of an applied row to the caller who asked for it', async () => {
    const request = aSealedRequest();
    const { readPassword, row } = await sealedIn(aResetRow({ state: 'applied' }), request);

    const password = await readPassword(row, helpdesk, signal);

    expect(password?.reveal()).toBe(request.passwordProfile.password.reveal());
  });

  it.each(['queued', 'claimed', 'uncertain'] as const)(
    'gives none of a row that is %s, although it is in the seal',
    async (state) => {
      const { readPassword, row } = await sealedIn(aResetRow({ state }), aSealedRequest());

      expect(await readPassword(row, helpdesk, signal)).toBeUndefined();
    },
  );

  it.each(['applied', 'rejected', 'cancelled', 'attention'] as const)(
    'gives none of a row that is %s and has no seal',
    async (state) => {
      const { readPassword } = await sealedIn(aResetRow({ state: 'applied' }), aSealedRequest());

      expect(await readPassword(aResetRow({ state }), helpdesk, signal)).toBeUndefined();
    },
  );

  it('believes the seal about the caller, not the row', async () => {
    const { readPassword, row } = await sealedIn(
      aResetRow({ state: 'applied', caller: 'thief' }),
      aSealedRequest({ caller: 'helpdesk' }),
    );

    expect(await readPassword(row, { ...helpdesk, name: 'thief' }, signal)).toBeUndefined();
  });

  it('believes the seal about the delivery, not the row', async () => {
    const { readPassword, row } = await sealedIn(
      aResetRow({ state: 'applied', delivery: 'response' }),
      aSealedRequest({ delivery: 'none' }),
    );

    expect(await readPassword(row, helpdesk, signal)).toBeUndefined();
  });

  it('believes the seal about the customer, whom the caller must still be allowed to see', async () => {
    const { readPassword, row } = await sealedIn(
      aResetRow({ state: 'applied', customerTenantId }),
      aSealedRequest({ customerTenantId: anotherCustomerTenantId }),
    );

    expect(await readPassword(row, helpdesk, signal)).toBeUndefined();
  });

  it('rejects when the seal was copied from another reset', async () => {
    const { readPassword, row } = await sealedIn(aResetRow({ state: 'applied' }), aSealedRequest());

    await expect(
      readPassword({ ...row, resetId: 'reset-of-another' }, helpdesk, signal),
    ).rejects.toThrow('The seal was made for another password reset');
  });
});

async function sealedIn(row: ResetRow, request: SealedRequest) {
  const seals = createSeals({ keys: new FakeSealingKeys() });
  const seal = await seals.seal(row.resetId, request, signal);
  return { readPassword: createReadPassword({ seals }), row: { ...row, seal } as ResetRow };
}
