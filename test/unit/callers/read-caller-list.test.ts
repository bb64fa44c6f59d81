import { describe, expect, it } from '@jest/globals';
import { createReadCallerList } from '../../../shared/callers/read-caller-list.js';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import { Secret } from '../../../shared/platform/secret.js';
import { FakeClock } from '../../fakes/fake-clock.js';

const { signal } = new AbortController();
const typo = '{ "callers": [ }';
const away = new ResetError('KeyVaultUnavailable', 'Key Vault did not answer');
const disabled = new ResetError('AppMisconfigured', 'this version is disabled');

describe('createReadCallerList()', () => {
  it.each([
    [59_999, 'helpdesk'],
    [60_000, 'ticket-system'],
  ])('takes a change within a minute: at %i ms', async (passedMs, name) => {
    const { readCallerList, vault, clock } = aList();
    await readCallerList(signal);
    vault.text = listOf('ticket-system');

    clock.pass(passedMs);

    expect((await readCallerList(signal)).findByName(name)).toMatchObject({ name });
  });

  it.each([
    ['the secret holds a typo', { text: typo }, 'AppMisconfigured'],
    ['Key Vault is away', { failure: away }, 'KeyVaultUnavailable'],
  ])('goes on with the last list for 15 minutes while %s', async (_, change, code) => {
    const { readCallerList, vault, clock } = aList();
    await readCallerList(signal);
    Object.assign(vault, change);

    clock.pass(899_999);
    expect((await readCallerList(signal)).findByName('helpdesk')).toBeDefined();
    clock.pass(1);
    await expect(readCallerList(signal)).rejects.toMatchObject({ code });
  });

  it('reports a secret that cannot be used, and takes it again when it is corrected', async () => {
    const { readCallerList, vault, clock, reported } = aList();
    await readCallerList(signal);
    vault.text = typo;
    clock.pass(60_000);
    await readCallerList(signal);
    vault.text = listOf('ticket-system');
    clock.pass(5_000);

    const list = await readCallerList(signal);

    expect(list.findByName('ticket-system')).toBeDefined();
    expect(reported).toEqual(['it is not JSON']);
  });

  it('takes a secret that was disabled at its word', async () => {
    const { readCallerList, vault, clock, reported } = aList();
    await readCallerList(signal);
    vault.failure = disabled;
    clock.pass(60_000);

    await expect(readCallerList(signal)).rejects.toBe(disabled);
    expect(reported).toEqual([]);
  });

  it('has nothing to go on with when the first list cannot be used', async () => {
    const { readCallerList, vault } = aList();
    vault.text = typo;

    await expect(readCallerList(signal)).rejects.toMatchObject({ code: 'AppMisconfigured' });
  });
});

function listOf(name: string): string {
  return JSON.stringify({ callers: [{ name, permissions: ['reset'], customers: '*' }] });
}

function aList() {
  const clock = new FakeClock();
  const vault: { text: string; failure?: Error } = { text: listOf('helpdesk') };
  const reported: string[] = [];
  const readCallerList = createReadCallerList({
    readSecret: () =>
      vault.failure ? Promise.reject(vault.failure) : Promise.resolve(new Secret(vault.text)),
    isTransient: (error) => error === away,
    onUnusable: ({ problems }) => reported.push(...problems),
    now: clock.now,
  });
  return { readCallerList, vault, clock, reported };
}
