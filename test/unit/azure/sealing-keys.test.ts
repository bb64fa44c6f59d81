import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { KeyVaultSecrets, StoredSecret } from '../../../shared/azure/key-vault-secrets.js';
import { createSealingKeys } from '../../../shared/azure/sealing-keys.js';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import { Secret } from '../../../shared/platform/secret.js';
import { FakeClock } from '../../fakes/fake-clock.js';

const { signal } = new AbortController();
const firstKey = randomBytes(32);
const secondKey = randomBytes(32);

describe('createSealingKeys()', () => {
  it('gives the newest version of the secret, and its key', async () => {
    const { keys, asked } = keysOf({ v1: firstKey.toString('base64') });

    expect(await keys.newest(signal)).toEqual({ version: 'v1', key: Uint8Array.from(firstKey) });
    expect(asked).toEqual(['sealing-key']);
  });

  it('takes a new version within a minute', async () => {
    const { keys, vault, clock } = keysOf({ v1: firstKey.toString('base64') });
    await keys.newest(signal);
    vault['v2'] = secondKey.toString('base64');

    clock.pass(59_999);
    expect((await keys.newest(signal)).version).toBe('v1');
    clock.pass(1);
    expect((await keys.newest(signal)).version).toBe('v2');
  });

  it('gives an old version by its name, and asks for it once', async () => {
    const { keys, asked } = keysOf({
      v1: firstKey.toString('base64'),
      v2: secondKey.toString('base64'),
    });

    const first = await keys.byVersion('v1', signal);
    const again = await keys.byVersion('v1', signal);

    expect(first).toEqual({ version: 'v1', key: Uint8Array.from(firstKey) });
    expect(again).toEqual(first);
    expect(asked).toEqual(['sealing-key/v1']);
  });

  it('opens nothing by a version five minutes after it was disabled', async () => {
    const { keys, vault, clock } = keysOf({ v1: firstKey.toString('base64') });
    await keys.byVersion('v1', signal);
    delete vault['v1'];

    clock.pass(299_999);
    expect((await keys.byVersion('v1', signal))?.version).toBe('v1');
    clock.pass(1);
    expect(await keys.byVersion('v1', signal)).toBeUndefined();
  });

  it('asks for a version that it goes on using every five minutes', async () => {
    const { keys, clock, asked } = keysOf({ v1: firstKey.toString('base64') });

    for (let second = 0; second < 600; second += 1) {
      await keys.byVersion('v1', signal);
      clock.pass(1_000);
    }

    expect(asked).toEqual(['sealing-key/v1', 'sealing-key/v1']);
  });

  it('reads a version once for a thousand who ask at the same time', async () => {
    const { keys, asked } = keysOf({ v1: firstKey.toString('base64') });

    const given = await Promise.all(
      Array.from({ length: 1_000 }, () => keys.byVersion('v1', signal)),
    );

    expect(new Set(given).size).toBe(1);
    expect(asked).toEqual(['sealing-key/v1']);
  });

  it('lets a waiter go by its own signal while the others wait on', async () => {
    const { keys, asked } = keysOf({ v1: firstKey.toString('base64') });
    const controller = new AbortController();
    const first = keys.byVersion('v1', controller.signal);
    const second = keys.byVersion('v1', signal);

    controller.abort(new Error('caller left'));

    await expect(first).rejects.toThrow('caller left');
    await expect(second).resolves.toMatchObject({ version: 'v1' });
    expect(asked).toEqual(['sealing-key/v1']);
  });

  it('needs not ask for the version that it has just sealed with', async () => {
    const { keys, asked } = keysOf({ v1: firstKey.toString('base64') });

    const newest = await keys.newest(signal);

    expect(await keys.byVersion('v1', signal)).toBe(newest);
    expect(asked).toEqual(['sealing-key']);
  });

  it('asks for a version that the vault does not have once a minute', async () => {
    const { keys, vault, clock, asked } = keysOf({});

    expect(await keys.byVersion('v1', signal)).toBeUndefined();
    vault['v1'] = firstKey.toString('base64');
    clock.pass(59_999);
    expect(await keys.byVersion('v1', signal)).toBeUndefined();
    expect(asked).toEqual(['sealing-key/v1']);

    clock.pass(1);
    expect((await keys.byVersion('v1', signal))?.version).toBe('v1');
  });

  describe('when somebody asks for version upon version that there is not', () => {
    const madeUp = Array.from({ length: 150 }, (_, index) => `made-up-${index}`);

    it('asks for 100 of them in a minute, and says of no other whether there is one', async () => {
      const { keys, asked } = keysOf({ v1: firstKey.toString('base64') });

      for (const version of madeUp.slice(0, 100)) await keys.byVersion(version, signal);

      await expect(keys.byVersion('v1', signal)).rejects.toMatchObject({
        code: 'KeyVaultUnavailable',
        retryAfterMs: 60_000,
      });
      expect(await keys.byVersion('made-up-7', signal)).toBeUndefined();
      expect(asked).toHaveLength(100);
    });

    it('counts those that are under way', async () => {
      const { keys, asked } = keysOf({});

      const answers = madeUp.map((version) => keys.byVersion(version, signal));

      const statuses = (await Promise.allSettled(answers)).map(({ status }) => status);
      expect(statuses.filter((status) => status === 'rejected')).toHaveLength(50);
      expect(asked).toHaveLength(100);
    });

    it('goes on with those it knows, and after a minute with all', async () => {
      const { keys, clock } = keysOf({ v1: firstKey.toString('base64') });
      await keys.newest(signal);

      for (const version of madeUp.slice(0, 100)) await keys.byVersion(version, signal);

      expect((await keys.byVersion('v1', signal))?.version).toBe('v1');
      clock.pass(60_000);
      expect(await keys.byVersion('made-up-149', signal)).toBeUndefined();
    });

    it('asks again for those it knows all the same', async () => {
      const { keys, clock } = keysOf({ v1: firstKey.toString('base64') });
      await keys.byVersion('v1', signal);
      clock.pass(300_000);

      for (const version of madeUp.slice(0, 100)) await keys.byVersion(version, signal);

      expect((await keys.byVersion('v1', signal))?.version).toBe('v1');
    });
  });

  it('asks again for a version that could not be read', async () => {
    const { keys, failWith } = keysOf({ v1: firstKey.toString('base64') });
    const failure = new ResetError('KeyVaultUnavailable', 'Cannot read secret sealing-key');
    failWith(failure);
    await expect(keys.byVersion('v1', signal)).rejects.toBe(failure);
    failWith(undefined);

    expect((await keys.byVersion('v1', signal))?.version).toBe('v1');
  });

  it.each(['', '../partner-refresh-token', 'v1?', 'v'.repeat(65)])(
    'does not ask the vault for a version that none can be: %j',
    async (version) => {
      const { keys, asked } = keysOf({});

      expect(await keys.byVersion(version, signal)).toBeUndefined();
      expect(asked).toEqual([]);
    },
  );

  describe('while the vault does not answer', () => {
    it.each([
      ['goes on with the version it has, for an hour', 3_599_999, 'v1'],
      ['does not after an hour', 3_600_000, undefined],
    ])('%s', async (_what, passedMs, version) => {
      const { keys, failWith, clock } = keysOf({ v1: firstKey.toString('base64') });
      await keys.newest(signal);
      failWith(new ResetError('KeyVaultUnavailable', 'Cannot read secret sealing-key'));

      clock.pass(passedMs);

      const newest = await keys.newest(signal).catch(() => undefined);
      expect(newest?.version).toBe(version);
    });

    it.each([
      ['opens what an older version sealed, for an hour', 3_599_999, 'v1'],
      ['does not after an hour', 3_600_000, undefined],
    ])('%s', async (_what, passedMs, version) => {
      const { keys, failWith, clock } = keysOf({ v1: firstKey.toString('base64') });
      await keys.byVersion('v1', signal);
      failWith(new ResetError('KeyVaultUnavailable', 'Cannot read secret sealing-key'));

      clock.pass(passedMs);

      const found = await keys.byVersion('v1', signal).catch(() => undefined);
      expect(found?.version).toBe(version);
    });

    it('asks for an older version every thirty seconds', async () => {
      const { keys, failWith, clock, asked } = keysOf({ v1: firstKey.toString('base64') });
      await keys.byVersion('v1', signal);
      failWith(new ResetError('KeyVaultUnavailable', 'Cannot read secret sealing-key'));
      clock.pass(300_000);

      for (let second = 0; second < 60; second += 1) {
        await keys.byVersion('v1', signal);
        clock.pass(1_000);
      }

      expect(asked).toHaveLength(3);
    });

    it('says so when it has none', async () => {
      const { keys, failWith } = keysOf({});
      const failure = new ResetError('KeyVaultUnavailable', 'Cannot read secret sealing-key');
      failWith(failure);

      await expect(keys.newest(signal)).rejects.toBe(failure);
    });
  });

  it('does not go on when the vault says that the secret is not to be used', async () => {
    const { keys, failWith, clock } = keysOf({ v1: firstKey.toString('base64') });
    await keys.newest(signal);
    const refusal = new ResetError('AppMisconfigured', 'Cannot read secret: it is disabled');
    failWith(refusal);

    clock.pass(60_000);

    await expect(keys.newest(signal)).rejects.toBe(refusal);
  });

  it.each([
    ['nothing', ''],
    ['31 bytes', randomBytes(31).toString('base64')],
    ['33 bytes', randomBytes(33).toString('base64')],
    ['a key in hex', randomBytes(32).toString('hex')],
    ['a passphrase', 'not a key'],
  ])('refuses %s, without quoting it', async (_what, value) => {
    const { keys } = keysOf({ v1: value });
    const message =
      'Version v1 of the Key Vault secret sealing-key cannot be used: it must hold 32 random bytes in base64';

    await expect(keys.newest(signal)).rejects.toMatchObject({ code: 'AppMisconfigured', message });
    await expect(keys.byVersion('v1', signal)).rejects.toMatchObject({ message });
  });
});

/** Keys from a vault with these versions of one secret, the newest last. */
function keysOf(vault: Record<string, string>) {
  const clock = new FakeClock();
  const asked: string[] = [];
  let failure: ResetError | undefined;
  const read = (version: string | undefined): Promise<StoredSecret | undefined> => {
    if (failure) return Promise.reject(failure);
    const value = version === undefined ? undefined : vault[version];
    if (version === undefined || value === undefined) return Promise.resolve(undefined);
    return Promise.resolve({ value: new Secret(value), version, updatedAtMs: clock.nowMs });
  };
  const secrets: Pick<KeyVaultSecrets, 'get' | 'getVersion'> = {
    async get(name) {
      asked.push(name);
      const newest = await read(Object.keys(vault).at(-1));
      if (newest === undefined) throw new ResetError('AppMisconfigured', 'Cannot read secret');
      return newest;
    },
    getVersion(name, version) {
      asked.push(`${name}/${version}`);
      return read(version);
    },
  };
  const isTransient = (error: unknown) => error instanceof ResetError && error.recovery === 'later';
  const keys = createSealingKeys({ secrets, isTransient, now: clock.now });
  const failWith = (error: ResetError | undefined) => void (failure = error);
  return { keys, vault, clock, asked, failWith };
}
