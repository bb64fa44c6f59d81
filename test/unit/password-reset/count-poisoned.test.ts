import { describe, expect, it } from '@jest/globals';
import { createCountPoisoned } from '../../../shared/password-reset/count-poisoned.js';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import type { Seals } from '../../../shared/password-reset/ports.js';
import { defaultLimits, type OpenRow } from '../../../shared/password-reset/reset-row.js';
import {
  acceptedAtMs,
  anotherCustomerTenantId,
  aResetRow,
  customerTenantId,
} from '../../builders/a-reset-row.js';
import { fakeSeals } from '../../fakes/fake-seals.js';
import { FakeResetStore } from '../../fakes/fake-reset-store.js';
import { FakeAudit, noAudit } from '../../fakes/fake-audit.js';

const { resetId } = aResetRow();
const { maxAttempts, maxAgeMs } = defaultLimits;

describe('createCountPoisoned()', () => {
  it.each(['queued', 'uncertain'] as const)(
    'counts an attempt of a row that is %s, and changes nothing else',
    async (state) => {
      const row = aResetRow({ state, attempts: 3 });
      const resets = new FakeResetStore([row]);

      expect(await countPoisoned(resets)).toBe(state);
      expect(resets.row(resetId)).toEqual({ ...row, attempts: 4 });
    },
  );

  it.each([
    ['its last attempt', maxAttempts - 1, acceptedAtMs],
    ['its time is over', 0, acceptedAtMs + maxAgeMs],
  ])('gives up a row that certainly changed nothing: %s', async (_why, attempts, nowMs) => {
    const resets = new FakeResetStore([aResetRow({ attempts })]);

    expect(await countPoisoned(resets, nowMs)).toBe('rejected');
    expect(resets.row(resetId)).toMatchObject({
      state: 'rejected',
      code: 'TimedOut',
      settledAtMs: nowMs,
      attempts: attempts + 1,
    });
  });

  it.each(['queued', 'uncertain'] as const)(
    'leaves a row that is %s and may have been applied to a person when it is spent',
    async (state) => {
      const row = aResetRow({ state, attempts: maxAttempts - 1, unknownAtMs: acceptedAtMs });
      const resets = new FakeResetStore([row]);

      expect(await countPoisoned(resets)).toBe('attention');
      expect(resets.row(resetId)).toMatchObject({ state: 'attention', unknownAtMs: acceptedAtMs });
    },
  );

  it.each(['claimed', 'applied', 'rejected', 'cancelled', 'attention'] as const)(
    'leaves a row that is %s as it is',
    async (state) => {
      const row = aResetRow({ state });
      const resets = new FakeResetStore([row]);

      expect(await countPoisoned(resets)).toBe(state);
      expect(resets.row(resetId)).toEqual(row);
    },
  );

  it('does nothing for an unknown row', async () => {
    const resets = new FakeResetStore();

    expect(await countPoisoned(resets)).toBe('unknown row');
    expect(resets.rows).toEqual([]);
  });

  it('leaves the row to whoever changed it meanwhile', async () => {
    const resets = new FakeResetStore([aResetRow()]);
    const claimed = aResetRow({ state: 'claimed' });
    const replace = resets.replace.bind(resets);
    resets.replace = (...change) => {
      resets.overwrite(claimed);
      return replace(...change);
    };

    expect(await countPoisoned(resets)).toBe('queued');
    expect(resets.row(resetId)).toEqual(claimed);
  });

  it('tells the audit of a row that it gives up, and of no other', async () => {
    const audit = new FakeAudit();
    const resets = new FakeResetStore([aResetRow({ attempts: 6 })]);

    await countPoisoned(resets, acceptedAtMs, audit);
    expect(audit.events).toEqual([]);
    await countPoisoned(resets, acceptedAtMs, audit);

    expect(audit.events).toMatchObject([
      { action: 'reset.rejected', resetId, customerTenantId, code: 'TimedOut' },
    ]);
  });

  it.each<[string, Partial<OpenRow>]>([
    ['whose seal is none of ours', { seal: 'forged' }],
    ['whose customer is another than in its seal', { customerTenantId: anotherCustomerTenantId }],
    ['whose reference is another than in its seal', { reference: 'forged' }],
  ])('says nothing of what stands in a row %s', async (_which, values) => {
    const audit = new FakeAudit();
    const resets = new FakeResetStore([aResetRow({ attempts: 7, ...values })]);

    expect(await countPoisoned(resets, acceptedAtMs, audit)).toBe('rejected');

    expect(audit.events).toEqual([{ action: 'reset.rejected', resetId, code: 'TimedOut' }]);
  });

  it('gives up a row all the same while its seal cannot be opened', async () => {
    const audit = new FakeAudit();
    const resets = new FakeResetStore([aResetRow({ attempts: 7 })]);
    const away = new ResetError('KeyVaultUnavailable', 'is away');

    const seals = { open: () => Promise.reject(away) };
    expect(await countPoisoned(resets, acceptedAtMs, audit, seals)).toBe('rejected');

    expect(audit.events).toEqual([{ action: 'reset.rejected', resetId, code: 'TimedOut' }]);
  });

  it('rejects while storage does not answer, so that the message stays', async () => {
    const resets = new FakeResetStore([aResetRow()]);
    resets.failures.read = new ResetError('StorageUnavailable', 'Cannot read a row');

    await expect(countPoisoned(resets)).rejects.toBe(resets.failures.read);
  });
});

function countPoisoned(
  resets: FakeResetStore,
  nowMs = acceptedAtMs,
  { note } = noAudit,
  seals: Pick<Seals, 'open'> = fakeSeals,
) {
  const dependencies = { note, resets, seals, limits: defaultLimits, now: () => nowMs };
  return createCountPoisoned(dependencies)(resetId);
}
