import { describe, expect, it } from '@jest/globals';
import { defaultLimits, type ResetRow } from '../../../shared/password-reset/reset-row.js';
import { createTakeUser } from '../../../shared/password-reset/take-user.js';
import {
  acceptedAtMs,
  anotherCustomerTenantId,
  aResetRow,
  customerTenantId,
  userId,
} from '../../builders/a-reset-row.js';
import { FakeClock } from '../../fakes/fake-clock.js';
import { FakeResetStore } from '../../fakes/fake-reset-store.js';
import { FakeUserLocks } from '../../fakes/fake-user-locks.js';

const user = { customerTenantId, userId };
const { settleMs } = defaultLimits;
const ours = aResetRow({ state: 'claimed', resetId: 'reset-ours' });
const otherId = 'reset-of-the-other';
const older = acceptedAtMs - 1;
const newer = acceptedAtMs + 1;

describe('createTakeUser()', () => {
  it('takes a user whom nobody has taken', async () => {
    const { take, locks } = lockedBy();

    expect(await take()).toEqual({ kind: 'taken' });
    expect(await locks.read(user)).toMatchObject({ resetId: 'reset-ours' });
  });

  it('keeps a user whom this reset took before', async () => {
    const { take, locks } = lockedBy();
    await take();
    const before = await locks.read(user);

    expect(await take()).toEqual({ kind: 'taken' });
    expect(await locks.read(user)).toEqual(before);
  });

  it('takes the user of another customer, although the id is the same', async () => {
    const { take, locks } = lockedBy(aResetRow({ resetId: otherId }));

    expect(await take({ ...user, customerTenantId: anotherCustomerTenantId })).toEqual({
      kind: 'taken',
    });
    expect(await locks.read(user)).toMatchObject({ resetId: otherId });
  });

  describe('while another reset of the user is not over', () => {
    it.each([
      ['queued until later', aResetRow({ notBeforeMs: newer + 7_000 }), newer + 7_000],
      ['queued since long', aResetRow({ notBeforeMs: older }), acceptedAtMs],
      ['claimed', aResetRow({ state: 'claimed' }), acceptedAtMs],
      ['uncertain', aResetRow({ state: 'uncertain' }), acceptedAtMs + settleMs],
    ])(
      'is held by one that is %s, for as long as a reset takes from then',
      async (_what, row, untilMs) => {
        const { take, locks } = lockedBy({ ...row, resetId: otherId });

        expect(await take()).toEqual({ kind: 'held', untilMs: untilMs + 10_000 });
        expect(await locks.read(user)).toMatchObject({ resetId: otherId });
      },
    );

    it.each([older, newer])('is held whether it was accepted before or after', async (atMs) => {
      const { take } = lockedBy(aResetRow({ resetId: otherId, acceptedAtMs: atMs }));

      expect(await take()).toMatchObject({ kind: 'held' });
    });

    it.each(['applied', 'rejected', 'attention'] as const)(
      'is held in the shadow of one that is %s',
      async (state) => {
        const unknownAtMs = acceptedAtMs - settleMs + 1;
        const { take } = lockedBy(aResetRow({ state, resetId: otherId, unknownAtMs }));

        expect(await take()).toEqual({ kind: 'held', untilMs: newer });
      },
    );
  });

  describe('when another reset of the user is over', () => {
    it.each(['applied', 'rejected', 'cancelled', 'attention'] as const)(
      'takes the user over from an older one that is %s',
      async (state) => {
        const other = aResetRow({ state, resetId: otherId, acceptedAtMs: older });
        const { take, locks } = lockedBy(other);

        expect(await take()).toEqual({ kind: 'taken' });
        expect(await locks.read(user)).toMatchObject({ resetId: 'reset-ours' });
      },
    );

    it('takes the user over as soon as the shadow is over', async () => {
      const unknownAtMs = acceptedAtMs - settleMs;
      const { take } = lockedBy(aResetRow({ state: 'attention', resetId: otherId, unknownAtMs }));

      expect(await take()).toEqual({ kind: 'taken' });
    });

    it('takes the user over from one whose row was deleted', async () => {
      const { take, locks } = lockedBy();
      locks.overwrite(user, otherId);

      expect(await take()).toEqual({ kind: 'taken' });
    });

    it.each(['applied', 'attention'] as const)(
      'remembers one before that is %s, and when it was accepted',
      async (state) => {
        const other = aResetRow({ state, resetId: otherId, acceptedAtMs: older });
        const { take, locks } = lockedBy(other);

        await take();

        expect(await locks.read(user)).toMatchObject({
          applied: { resetId: otherId, acceptedAtMs: older },
        });
      },
    );

    it('remembers nothing of a first one that was refused', async () => {
      const { take, locks } = lockedBy(aResetRow({ state: 'rejected', resetId: otherId }));

      await take();

      expect(await locks.read(user)).not.toHaveProperty('applied');
    });

    it.each(['rejected', 'cancelled'] as const)(
      'passes on who was applied over one that is %s',
      async (state) => {
        const { take, locks, lockFor } = lockedBy(aResetRow({ state, resetId: otherId }));
        const applied = { resetId: 'reset-long-ago', acceptedAtMs: older };
        await lockFor({ resetId: otherId, applied });

        expect(await take()).toEqual({ kind: 'taken' });
        expect(await locks.read(user)).toMatchObject({ resetId: 'reset-ours', applied });
      },
    );
  });

  describe('when a newer reset of the user was applied, or may have been', () => {
    it.each(['applied', 'attention'] as const)(
      'is superseded by one that is %s, and leaves the user to it',
      async (state) => {
        const other = aResetRow({ state, resetId: otherId, acceptedAtMs: newer });
        const { take, locks } = lockedBy(other);

        expect(await take()).toEqual({ kind: 'superseded' });
        expect(await locks.read(user)).toMatchObject({ resetId: otherId });
      },
    );

    it.each(['rejected', 'cancelled'] as const)(
      'is superseded although one that is %s came after that one',
      async (state) => {
        const last = aResetRow({ state, resetId: otherId, acceptedAtMs: newer + 1 });
        const { take, lockFor } = lockedBy(last);
        const applied = { resetId: 'reset-between', acceptedAtMs: newer };
        await lockFor({ resetId: otherId, applied });

        expect(await take()).toEqual({ kind: 'superseded' });
      },
    );

    it('is superseded although the rows of both are deleted', async () => {
      const { take, locks, lockFor } = lockedBy();
      locks.overwrite(user, otherId);
      const applied = { resetId: 'reset-between', acceptedAtMs: newer };
      await lockFor({ resetId: otherId, applied });

      expect(await take()).toEqual({ kind: 'superseded' });
    });

    it.each([
      ['at the same time', 'applied', acceptedAtMs],
      ['later but refused', 'rejected', newer],
    ] as const)('is not superseded by one accepted %s', async (_when, state, atMs) => {
      const { take } = lockedBy(aResetRow({ state, resetId: otherId, acceptedAtMs: atMs }));

      expect(await take()).toEqual({ kind: 'taken' });
    });
  });

  describe('when somebody else takes the user over first', () => {
    it('looks at that one: it is held while that one is not over', async () => {
      const { take, locks, resets } = lockedBy(aResetRow({ state: 'rejected', resetId: otherId }));
      resets.overwrite(aResetRow({ state: 'claimed', resetId: 'reset-third' }));
      const replace = locks.replace.bind(locks);
      locks.replace = (...entry) => {
        locks.overwrite(user, 'reset-third');
        return replace(...entry);
      };

      expect(await take()).toMatchObject({ kind: 'held' });
      expect(await locks.read(user)).toMatchObject({ resetId: 'reset-third' });
    });

    it('lets one of two have the user', async () => {
      const other = aResetRow({ state: 'applied', resetId: otherId, acceptedAtMs: older });
      const { take, resets } = lockedBy(other);
      const rival = aResetRow({ state: 'claimed', resetId: 'reset-rival' });
      resets.overwrite(rival);

      const [one, two] = await Promise.all([take(), take(user, rival)]);

      expect([one.kind, two.kind].sort()).toEqual(['held', 'taken']);
    });
  });
});

/** A user whom the reset of this row has taken, if any. */
function lockedBy(holder?: ResetRow) {
  const clock = new FakeClock(acceptedAtMs);
  const resets = new FakeResetStore(holder ? [ours, holder] : [ours]);
  const locks = new FakeUserLocks();
  if (holder) locks.overwrite(user, holder.resetId);
  const takeUser = createTakeUser({ locks, resets, settleMs, now: clock.now });
  const take = (of = user, row: ResetRow = ours) => takeUser(of, row);
  const lockFor = async (entry: Parameters<FakeUserLocks['replace']>[1]) =>
    locks.replace(user, entry, (await locks.read(user))?.etag ?? '');
  return { take, locks, lockFor, resets };
}
