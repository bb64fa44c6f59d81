import { describe, expect, it } from '@jest/globals';
import type { CustomerTenantId, UserPrincipalName } from '../../../shared/password-reset/ids.js';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import { untilAborted } from '../../../shared/platform/deadline.js';
import { aUser, contoso, directoryOf, idOf } from './directory-of.js';

const fabrikam = '0b6e1a37-2f5c-4c0e-9a52-7d3f1e8c4a02' as CustomerTenantId;
const woodgrove = '0b6e1a37-2f5c-4c0e-9a52-7d3f1e8c4a03' as CustomerTenantId;
const unavailable = new ResetError('PartnerCenterUnavailable', 'Cannot list the users');

describe('createUserDirectory()', () => {
  describe('findBySignInName()', () => {
    it('serves all who ask for users of a customer with one listing', async () => {
      const names = Array.from({ length: 100 }, (_, at) => `user-${at}`);
      const { find, asked } = directoryOf({ [contoso]: names.map((name) => aUser(name)) });

      const together = await Promise.all(names.map((name) => find(name)));
      const later = await find('user-7');

      expect(together.map(({ userId }) => userId)).toEqual(names.map(idOf));
      expect(later.userId).toBe(idOf('user-7'));
      expect(asked).toEqual([`list ${contoso}`]);
    });

    it('gives what a reset must know, and keeps nothing else', async () => {
      const { find } = directoryOf({ [contoso]: [aUser('adele', { isFederated: true })] });

      expect(await find('adele')).toEqual({
        userId: idOf('adele'),
        userPrincipalName: 'adele@contoso.com',
        isDeleted: false,
        isFederated: true,
        isSynchronized: false,
      });
    });

    it('compares names without regard to case', async () => {
      const userPrincipalName = 'Adele@Contoso.com' as UserPrincipalName;
      const { find } = directoryOf({ [contoso]: [aUser('adele', { userPrincipalName })] });

      expect((await find('ADELE')).userId).toBe(idOf('adele'));
    });

    it.each([
      ['last', [aUser('old', { isDeleted: true }), aUser('new')]],
      ['first', [aUser('new'), aUser('old', { isDeleted: true })]],
    ])('prefers a living user to a deleted one of the same name, listed %s', async (_, users) => {
      const userPrincipalName = 'adele@contoso.com' as UserPrincipalName;
      const { find } = directoryOf({
        [contoso]: users.map((user) => ({ ...user, userPrincipalName })),
      });

      expect((await find('adele')).userId).toBe(idOf('new'));
    });

    it('gives a deleted user when there is no other of the name', async () => {
      const { find } = directoryOf({ [contoso]: [aUser('adele', { isDeleted: true })] });

      expect(await find('adele')).toMatchObject({ isDeleted: true });
    });

    it.each([
      [299_999, 1],
      [300_000, 2],
    ])('asked again after %d ms has listed %d times', async (passedMs, listings) => {
      const { find, asked, clock } = directoryOf({ [contoso]: [aUser('adele')] });
      await find('adele');

      clock.pass(passedMs);
      await find('adele');

      expect(asked).toHaveLength(listings);
    });

    it('keeps the users of one customer from those of another', async () => {
      const { find, asked } = directoryOf({
        [contoso]: [aUser('adele')],
        [fabrikam]: [aUser('adele', { userId: idOf('namesake') })],
      });

      expect((await find('adele', contoso)).userId).toBe(idOf('adele'));
      expect((await find('adele', fabrikam)).userId).toBe(idOf('namesake'));
      expect(asked).toEqual([`list ${contoso}`, `list ${fabrikam}`]);
    });

    describe('of a user who is missing', () => {
      it('is UserNotFound after one listing', async () => {
        const { find, asked } = directoryOf({ [contoso]: [] });

        await expect(find('adele')).rejects.toMatchObject({ code: 'UserNotFound' });
        expect(asked).toEqual([`list ${contoso}`]);
      });

      it.each([
        [29_999, 'UserNotFound', 1],
        [30_000, 'found', 2],
      ])('lists again, but not within %d ms: %s', async (passedMs, outcome, listings) => {
        const { find, asked, clock, customers } = directoryOf({ [contoso]: [aUser('adele')] });
        await find('adele');
        customers[contoso] = [aUser('adele'), aUser('newcomer')];

        clock.pass(passedMs);
        const found = await find('newcomer').then(
          () => 'found',
          (error: unknown) => (error as ResetError).code,
        );

        expect(found).toBe(outcome);
        expect(asked).toHaveLength(listings);
      });

      it('lists again once for all of them', async () => {
        const { find, asked, clock } = directoryOf({ [contoso]: [aUser('adele')] });
        await find('adele');

        clock.pass(60_000);
        const missing = await Promise.allSettled(['a', 'b', 'c'].map((name) => find(name)));

        expect(missing).toMatchObject(
          missing.map(() => ({ status: 'rejected', reason: { code: 'UserNotFound' } })),
        );
        expect(asked).toHaveLength(2);
      });

      it('counts the time from the end of a listing, however long that took', async () => {
        const { find, asked, clock, hooks } = directoryOf({ [contoso]: [] });
        hooks.onList = () => clock.pass(200_000);

        await expect(find('adele')).rejects.toMatchObject({ code: 'UserNotFound' });
        await expect(find('adele')).rejects.toMatchObject({ code: 'UserNotFound' });

        expect(asked).toHaveLength(1);
      });
    });

    describe('when the listing fails', () => {
      it('fails all who wait for it, and lists anew for the next', async () => {
        const { find, asked, failures } = directoryOf({ [contoso]: [aUser('adele')] });
        failures.push(unavailable);

        const waiting = await Promise.allSettled([find('adele'), find('adele')]);

        const rejected = { status: 'rejected', reason: unavailable };
        expect(waiting).toEqual([rejected, rejected]);
        expect((await find('adele')).userId).toBe(idOf('adele'));
        expect(asked).toHaveLength(2);
      });

      it('still serves those who are in the one before', async () => {
        const { find, failures, clock } = directoryOf({ [contoso]: [aUser('adele')] });
        await find('adele');
        clock.pass(60_000);
        failures.push(unavailable);

        await expect(find('newcomer')).rejects.toBe(unavailable);

        expect((await find('adele')).userId).toBe(idOf('adele'));
      });
    });
  });

  describe('get()', () => {
    it('looks users up until it pays to list them all', async () => {
      const names = Array.from({ length: 6 }, (_, at) => `user-${at}`);
      const { get, asked } = directoryOf(
        { [contoso]: names.map((name) => aUser(name)) },
        { lookUpsBeforeListing: 3 },
      );

      for (const name of names) expect((await get(name)).userId).toBe(idOf(name));

      expect(asked).toEqual([
        `get ${idOf('user-0')}`,
        `get ${idOf('user-1')}`,
        `get ${idOf('user-2')}`,
        `list ${contoso}`,
      ]);
    });

    it('counts look-ups as they begin, so that many at once list as well', async () => {
      const names = Array.from({ length: 100 }, (_, at) => `user-${at}`);
      const { get, asked } = directoryOf({ [contoso]: names.map((name) => aUser(name)) });

      const users = await Promise.all(names.map((name) => get(name)));

      expect(users.map(({ userId }) => userId)).toEqual(names.map(idOf));
      expect(asked.filter((call) => call.startsWith('get'))).toHaveLength(20);
      expect(asked.filter((call) => call.startsWith('list'))).toHaveLength(1);
    });

    it.each([
      [299_999, `list ${contoso}`],
      [300_000, `get ${idOf('adele')}`],
    ])('forgets look-ups that began %d ms ago or not', async (passedMs, call) => {
      const { get, asked, clock } = directoryOf(
        { [contoso]: [aUser('adele')] },
        { lookUpsBeforeListing: 1 },
      );
      await get('adele');

      clock.pass(passedMs);
      await get('adele');

      expect(asked.at(-1)).toBe(call);
    });

    it('counts the look-ups of each customer by themselves', async () => {
      const { get, asked } = directoryOf(
        { [contoso]: [aUser('adele')], [fabrikam]: [aUser('adele')] },
        { lookUpsBeforeListing: 1 },
      );

      await get('adele', contoso);
      await get('adele', fabrikam);

      expect(asked).toEqual([`get ${idOf('adele')}`, `get ${idOf('adele')}`]);
    });

    it('takes the user from a listing that is there', async () => {
      const { find, get, asked } = directoryOf({ [contoso]: [aUser('adele'), aUser('lee')] });
      await find('adele');

      expect((await get('lee')).userId).toBe(idOf('lee'));
      expect(asked).toEqual([`list ${contoso}`]);
    });

    it('looks a user up who is not in the listing', async () => {
      const { find, get, asked, customers } = directoryOf({ [contoso]: [aUser('adele')] });
      await find('adele');
      customers[contoso] = [aUser('newcomer')];

      expect((await get('newcomer')).userId).toBe(idOf('newcomer'));
      await expect(get('nobody')).rejects.toMatchObject({ code: 'UserNotFound' });
      expect(asked.slice(1)).toEqual([`get ${idOf('newcomer')}`, `get ${idOf('nobody')}`]);
    });

    it('looks users up one by one again when they cannot be listed', async () => {
      const { get, asked, failures } = directoryOf(
        { [contoso]: [aUser('adele')] },
        { lookUpsBeforeListing: 2 },
      );
      failures.push(unavailable);

      for (let time = 0; time < 6; time += 1) await get('adele');

      expect(asked.map((call) => call.split(' ')[0])).toEqual([
        ...['get', 'get', 'list', 'get'],
        ...['get', 'get', 'list'],
      ]);
    });

    it('asks for nothing more after it was told to slow down', async () => {
      const { get, asked, failures } = directoryOf(
        { [contoso]: [aUser('adele')] },
        { lookUpsBeforeListing: 0 },
      );
      failures.push(new ResetError('Throttled', 'Cannot list the users'));

      await expect(get('adele')).rejects.toMatchObject({ code: 'Throttled' });

      expect(asked).toEqual([`list ${contoso}`]);
    });
  });

  it('lets one who waits go by their own signal while the others wait on', async () => {
    const { find, asked } = directoryOf({ [contoso]: [aUser('adele')] });
    const controller = new AbortController();
    const first = find('adele', contoso, controller.signal);
    const second = find('adele');

    controller.abort(new Error('gone'));

    await expect(first).rejects.toThrow('gone');
    expect((await second).userId).toBe(idOf('adele'));
    expect(asked).toHaveLength(1);
  });

  it('ends a listing that takes too long', async () => {
    const { find, hooks } = directoryOf({ [contoso]: [] }, { timeoutMs: 1 });
    hooks.onList = (listingSignal) => untilAborted(new Promise(() => undefined), listingSignal);

    await expect(find('adele')).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('forgets the customer that was not asked for the longest when there are too many', async () => {
    const { find, get, asked } = directoryOf(
      { [contoso]: [aUser('adele')], [fabrikam]: [aUser('adele')], [woodgrove]: [aUser('adele')] },
      { maxCustomers: 2 },
    );
    await find('adele', contoso);
    await find('adele', fabrikam);
    await get('adele', contoso);

    await find('adele', woodgrove);
    await find('adele', contoso);
    await find('adele', fabrikam);

    expect(asked).toEqual([contoso, fabrikam, woodgrove, fabrikam].map((id) => `list ${id}`));
  });
});
