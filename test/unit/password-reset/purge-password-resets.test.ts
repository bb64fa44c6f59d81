import { describe, expect, it } from '@jest/globals';
import {
  createPurgePasswordResets,
  keptForDays,
} from '../../../shared/password-reset/purge-password-resets.js';
import { readableForMs } from '../../../shared/password-reset/read-password-reset.js';
import type { ResetRow } from '../../../shared/password-reset/reset-row.js';
import { acceptedAtMs, aResetRow } from '../../builders/a-reset-row.js';
import { FakeClock } from '../../fakes/fake-clock.js';
import { FakeResetStore } from '../../fakes/fake-reset-store.js';

const { signal } = new AbortController();
const dayMs = 24 * 3_600_000;
const sealed = aResetRow({ state: 'applied', seal: 'its seal' });
const { resetId, settledAtMs } = sealed;

describe('createPurgePasswordResets()', () => {
  it('removes the seal of a password that can no longer be read, and nothing else', async () => {
    const { purge, resets, clock } = purger();
    clock.nowMs = settledAtMs + readableForMs;

    expect(await purge(signal)).toEqual({ purged: 1 });
    expect(resets.row(resetId)).toEqual(aResetRow({ state: 'applied' }));
    expect(resets.row(resetId)).not.toHaveProperty('seal');
  });

  it('keeps the seal of a password that can still be read', async () => {
    const { purge, resets, clock } = purger();
    clock.nowMs = settledAtMs + readableForMs - 1;

    expect(await purge(signal)).toEqual({ purged: 0 });
    expect(resets.row(resetId)).toEqual(sealed);
  });

  it('counts from the end of the reset, not from its acceptance', async () => {
    const late = { ...sealed, settledAtMs: acceptedAtMs + dayMs };
    const { purge, resets, clock } = purger(late);
    clock.nowMs = acceptedAtMs + 4 * dayMs - 1;

    await purge(signal);

    expect(resets.row(resetId)).toEqual(late);
  });

  it.each([3, 9, 10, 89])('finds a seal that no run has removed after %d days', async (days) => {
    const { purge, clock } = purger();
    clock.nowMs = acceptedAtMs + days * dayMs + 2_000;

    expect(await purge(signal)).toEqual({ purged: 1 });
  });

  it.each(['queued', 'claimed', 'uncertain'] as const)(
    'keeps the seal of a row that is %s',
    async (state) => {
      const row = aResetRow({ state });
      const { purge, resets, clock } = purger(row);
      clock.nowMs = acceptedAtMs + 4 * dayMs;

      expect(await purge(signal)).toEqual({ purged: 0 });
      expect(resets.row(resetId)).toEqual(row);
    },
  );

  it.each([
    ['keeps a row on its 89th day', keptForDays - 1, 1],
    ['deletes a row on its 90th day', keptForDays, 0],
    ['deletes a row that no run has deleted for a year', keptForDays + 365, 0],
  ])('%s', async (_what, days, rows) => {
    const { purge, resets, clock } = purger();
    clock.nowMs = acceptedAtMs + days * dayMs;

    await purge(signal);

    expect(resets.rows).toHaveLength(rows);
  });

  it('keeps rows for ninety days', () => {
    expect(keptForDays).toBe(90);
  });

  it('leaves a row to whoever changed it meanwhile', async () => {
    const { purge, resets, clock } = purger();
    clock.nowMs = acceptedAtMs + 4 * dayMs;
    const replace = resets.replace.bind(resets);
    resets.replace = (...change) => {
      resets.overwrite({ ...sealed, reference: 'changed' });
      return replace(...change);
    };

    await purge(signal);

    expect(resets.row(resetId)).toMatchObject({ reference: 'changed', seal: 'its seal' });
  });

  it('ends when its time is over', async () => {
    const { purge, resets, clock } = purger();
    clock.nowMs = acceptedAtMs + 4 * dayMs;
    const reason = new DOMException('over', 'TimeoutError');
    const controller = new AbortController();
    controller.abort(reason);

    await expect(purge(controller.signal)).rejects.toBe(reason);
    expect(resets.row(resetId)).toEqual(sealed);
  });
});

function purger(row: ResetRow = sealed) {
  const clock = new FakeClock(acceptedAtMs);
  const resets = new FakeResetStore([row]);
  const purge = createPurgePasswordResets({ singles: resets, resets, now: clock.now });
  return { purge, resets, clock };
}
