import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { parseUserId } from '../../shared/password-reset/ids.js';
import type { UserKey, UserLocks } from '../../shared/password-reset/ports.js';
import { anotherCustomerTenantId, customerTenantId } from '../builders/a-reset-row.js';

/** What every store of user locks does, whatever it is made of. */
// eslint-disable-next-line jest/no-export -- one suite runs on the fake and on the adapter
export function describeUserLocks(name: string, open: () => Promise<UserLocks>): void {
  describe(`${name} as UserLocks`, () => {
    let locks: UserLocks;

    beforeAll(async () => {
      locks = await open();
    });

    it('knows no lock of a user who was never reset', async () => {
      expect(await locks.read(aUser())).toBeUndefined();
    });

    it('gives a user to the first reset', async () => {
      const user = aUser();

      const lock = await locks.createOrRead(user, 'reset-1');

      expect(lock.resetId).toBe('reset-1');
      expect(await locks.read(user)).toStrictEqual(lock);
    });

    it('tells another reset who came first', async () => {
      const user = aUser();
      const first = await locks.createOrRead(user, 'reset-1');

      expect(await locks.createOrRead(user, 'reset-2')).toStrictEqual(first);
    });

    it('tells the first reset that it has the user still', async () => {
      const user = aUser();
      const first = await locks.createOrRead(user, 'reset-1');

      expect(await locks.createOrRead(user, 'reset-1')).toStrictEqual(first);
    });

    it('gives a user to one of many who ask at the same time', async () => {
      const user = aUser();

      const found = await Promise.all(
        Array.from({ length: 10 }, (_, at) => locks.createOrRead(user, `reset-${at}`)),
      );

      expect(new Set(found.map(({ resetId }) => resetId)).size).toBe(1);
    });

    it.each([
      ['another user of the customer', customerTenantId],
      ['a user of another customer', anotherCustomerTenantId],
    ])('keeps users apart: %s', async (_who, otherCustomerTenantId) => {
      await locks.createOrRead(aUser(), 'reset-1');
      const other = { customerTenantId: otherCustomerTenantId, userId: aUser().userId };

      expect(await locks.createOrRead(other, 'reset-2')).toMatchObject({ resetId: 'reset-2' });
    });

    it('keeps apart what two customers have under one id', async () => {
      const user = aUser();
      await locks.createOrRead(user, 'reset-1');

      const theirs = { ...user, customerTenantId: anotherCustomerTenantId };

      expect(await locks.read(theirs)).toBeUndefined();
    });

    describe('replace()', () => {
      it('takes a user over, and gives the lock another ETag', async () => {
        const user = aUser();
        const first = await locks.createOrRead(user, 'reset-1');

        const second = await locks.replace(user, { resetId: 'reset-2' }, first.etag);

        expect(second).toMatchObject({ resetId: 'reset-2' });
        expect(second).not.toMatchObject({ etag: first.etag });
        expect(await locks.read(user)).toStrictEqual(second);
      });

      it('remembers which of the resets before was applied', async () => {
        const user = aUser();
        const { etag } = await locks.createOrRead(user, 'reset-1');
        const applied = { resetId: 'reset-1', acceptedAtMs: 1_767_225_600_000 };

        const lock = await locks.replace(user, { resetId: 'reset-2', applied }, etag);

        expect(lock).toMatchObject({ resetId: 'reset-2', applied });
        expect(await locks.read(user)).toStrictEqual(lock);
      });

      it('is a conflict when another reset was quicker, and writes nothing', async () => {
        const user = aUser();
        const first = await locks.createOrRead(user, 'reset-1');
        const second = await locks.replace(user, { resetId: 'reset-2' }, first.etag);

        expect(await locks.replace(user, { resetId: 'reset-3' }, first.etag)).toBe('conflict');
        expect(await locks.read(user)).toStrictEqual(second);
      });

      it('is no conflict when another attempt at the same reset was quicker', async () => {
        const user = aUser();
        const first = await locks.createOrRead(user, 'reset-1');
        const second = await locks.replace(user, { resetId: 'reset-2' }, first.etag);

        expect(await locks.replace(user, { resetId: 'reset-2' }, first.etag)).toStrictEqual(second);
      });

      it('is a conflict when there is no lock', async () => {
        const { etag } = await locks.createOrRead(aUser(), 'reset-1');
        const user = aUser();

        expect(await locks.replace(user, { resetId: 'reset-2' }, etag)).toBe('conflict');
        expect(await locks.read(user)).toBeUndefined();
      });

      it('lets one of many through who take over at the same time', async () => {
        const user = aUser();
        const { etag } = await locks.createOrRead(user, 'reset-1');

        const results = await Promise.all(
          Array.from({ length: 10 }, (_, at) =>
            locks.replace(user, { resetId: `reset-${at + 2}` }, etag),
          ),
        );

        const won = results.filter((result) => result !== 'conflict');
        expect(won).toHaveLength(1);
        expect(won).toStrictEqual([await locks.read(user)]);
      });
    });
  });
}

function aUser(): UserKey {
  return { customerTenantId, userId: parseUserId(randomUUID()) };
}
