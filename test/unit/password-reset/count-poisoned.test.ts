import { describe, expect, it } from '@jest/globals';
import { createCountPoisoned } from '../../../shared/password-reset/count-poisoned.js';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import { defaultLimits } from '../../../shared/password-reset/reset-row.js';
import { acceptedAtMs, aResetRow } from '../../builders/a-reset-row.js';
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

    expect(audit.events).toMatchObject([{ action: 'reset.rejected', resetId, code: 'TimedOut' }]);
  });

  it('rejects while storage does not answer, so that the message stays', async () => {
    const resets = new FakeResetStore([aResetRow()]);
    resets.failures.read = new ResetError('StorageUnavailable', 'Cannot read a row');

    await expect(countPoisoned(resets)).rejects.toBe(resets.failures.read);
  });
});

function countPoisoned(resets: FakeResetStore, nowMs = acceptedAtMs, { note } = noAudit) {
  return createCountPoisoned({ note, resets, limits: defaultLimits, now: () => nowMs })(resetId);
}
