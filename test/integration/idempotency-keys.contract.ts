import { randomUUID } from 'node:crypto';
import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type {
  IdempotencyEntry,
  IdempotencyKey,
  IdempotencyKeys,
} from '../../shared/password-reset/ports.js';
import { FakeClock } from '../fakes/fake-clock.js';

const dayMs = 24 * 3_600_000;

/** What every store of idempotency keys does, whatever it is made of. */
// eslint-disable-next-line jest/no-export -- one suite runs on the fake and on the adapter
export function describeIdempotencyKeys(
  name: string,
  open: (now: () => number) => Promise<IdempotencyKeys>,
): void {
  describe(`${name} as IdempotencyKeys`, () => {
    const clock = new FakeClock();
    let keys: IdempotencyKeys;
    let key: IdempotencyKey;

    beforeAll(async () => {
      keys = await open(clock.now);
    });

    beforeEach(() => {
      key = { caller: 'helpdesk', key: randomUUID() };
    });

    it('keeps the first entry of a key, and gives it to whoever comes later', async () => {
      const first = anEntry('reset-1');

      expect(await keys.createOrRead(key, first)).toStrictEqual(first);
      expect(await keys.createOrRead(key, anEntry('reset-2'))).toStrictEqual(first);
      expect(await keys.createOrRead(key, anEntry('reset-1'))).toStrictEqual(first);
    });

    it('keeps one entry of many that come at the same time', async () => {
      const found = await Promise.all(
        Array.from({ length: 10 }, (_, at) => keys.createOrRead(key, anEntry(`reset-${at}`))),
      );

      expect(new Set(found.map(({ resetId }) => resetId)).size).toBe(1);
    });

    it.each([
      ['callers', { caller: 'helpdesk', key: 'a' }, { caller: 'portal', key: 'a' }],
      ['keys', { caller: 'helpdesk', key: 'b' }, { caller: 'helpdesk', key: 'B' }],
      ['what only looks alike together', { caller: 'a', key: 'bc' }, { caller: 'ab', key: 'c' }],
      ['quotes and commas', { caller: 'a","b', key: 'c' }, { caller: 'a', key: 'b","c' }],
    ])('keeps apart %s', async (_what, one, other) => {
      await keys.createOrRead(one, anEntry('reset-1'));

      expect(await keys.createOrRead(other, anEntry('reset-2'))).toMatchObject({
        resetId: 'reset-2',
      });
    });

    it.each([
      ['of 4,000 characters', 'x'.repeat(4_000)],
      ['with what no table takes in a name', '/\\#?\u0000\n%00'],
      ['in another alphabet', 'ключ 🔑'],
    ])('takes a key %s', async (_which, text) => {
      const odd = { ...key, key: `${text}${key.key}` };
      await keys.createOrRead(odd, anEntry('reset-1'));

      expect(await keys.createOrRead(odd, anEntry('reset-2'))).toMatchObject({
        resetId: 'reset-1',
      });
    });

    it.each([
      ['keeps an entry for a day', dayMs - 1, 'reset-1'],
      ['replaces an entry after a day', dayMs, 'reset-2'],
    ])('%s', async (_what, passedMs, expected) => {
      await keys.createOrRead(key, anEntry('reset-1'));
      clock.pass(passedMs);

      expect(await keys.createOrRead(key, anEntry('reset-2'))).toMatchObject({
        resetId: expected,
      });
    });

    it('replaces an expired entry once of many times that are tried at once', async () => {
      await keys.createOrRead(key, anEntry('reset-old'));
      clock.pass(dayMs);

      const found = await Promise.all(
        Array.from({ length: 10 }, (_, at) => keys.createOrRead(key, anEntry(`reset-${at}`))),
      );

      const ids = new Set(found.map(({ resetId }) => resetId));
      expect(ids.size).toBe(1);
      expect(ids).not.toContain('reset-old');
    });

    function anEntry(resetId: string): IdempotencyEntry {
      return { resetId, fingerprint: `of ${resetId}`, createdAtMs: clock.nowMs };
    }
  });
}
