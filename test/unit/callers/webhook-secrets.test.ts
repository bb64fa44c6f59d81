import { describe, expect, it } from '@jest/globals';
import { createWebhookSecrets } from '../../../shared/callers/webhook-secrets.js';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import { Secret } from '../../../shared/platform/secret.js';
import { FakeClock } from '../../fakes/fake-clock.js';

const { signal } = new AbortController();
const first = secretOf(32, 'a');
const second = secretOf(32, 'b');
const away = new ResetError('KeyVaultUnavailable', 'Key Vault did not answer');
const denied = new ResetError('AppMisconfigured', 'the identity lacks a role');

describe('createWebhookSecrets()', () => {
  it('reads the Key Vault secret that is named after the source', async () => {
    const { secretsOf } = aVault({ 'webhook-flow': first, 'webhook-tickets': second });

    expect(await secretsOf('flow')).toEqual([first]);
    expect(await secretsOf('tickets')).toEqual([second]);
  });

  it.each([
    ['one secret', first, [first]],
    ['two, parted by a line break', `${first}\n${second}\n`, [first, second]],
    ['two, parted by blanks', `  ${first} \t ${second}`, [first, second]],
    ['24 bytes', secretOf(24), [secretOf(24)]],
    ['64 bytes', secretOf(64), [secretOf(64)]],
  ])('takes %s', async (_what, text, secrets) => {
    expect(await aVault({ 'webhook-flow': text }).secretsOf('flow')).toEqual(secrets);
  });

  it.each([
    ['nothing', ''],
    ['blanks', ' \n'],
    ['three secrets', [first, second, secretOf(32, 'c')].join(' ')],
    ['a secret without its prefix', first.slice('whsec_'.length)],
    ['a prefix in capitals', first.replace('whsec_', 'WHSEC_')],
    ['a prefix alone', 'whsec_'],
    ['an asymmetric key', first.replace('whsec_', 'whpk_')],
    ['23 bytes', secretOf(23)],
    ['65 bytes', secretOf(65)],
    ['no base64', `whsec_${'-'.repeat(44)}`],
    ['base64 of URLs', first.replace(/.{2}=$/, '-_=')],
    ['base64 without its end', first.slice(0, -1)],
    ['text behind the base64', `${first}x`],
    ['two secrets with a comma', `${first},${second}`],
    ['a good secret and another', `${first} secret`],
  ])('takes %s for no secret, and reports it without saying what it is', async (_what, text) => {
    const { secretsOf, reported } = aVault({ 'webhook-flow': text });

    expect(await secretsOf('flow')).toEqual([]);
    expect(reported).toEqual([
      [
        'flow',
        'The Key Vault secret webhook-flow cannot be used: it must hold one or two secrets, each whsec_ and 24 to 64 random bytes in base64',
      ],
    ]);
  });

  it('has none when nobody has stored a secret, and reports it', async () => {
    const { secretsOf, reported } = aVault({});

    expect(await secretsOf('flow')).toEqual([]);
    expect(reported).toEqual([
      ['flow', 'The Key Vault secret webhook-flow cannot be used: it is missing or disabled'],
    ]);
  });

  it.each([
    ['replaced', second, [second]],
    ['deleted', undefined, []],
  ])('takes a secret that is %s within a minute', async (_what, text, secrets) => {
    const { secretsOf, vault, clock } = aVault({ 'webhook-flow': first });
    await secretsOf('flow');
    vault['webhook-flow'] = text;

    clock.pass(59_999);
    expect(await secretsOf('flow')).toEqual([first]);
    clock.pass(1);
    expect(await secretsOf('flow')).toEqual(secrets);
  });

  it('asks once a minute for a secret that is not there', async () => {
    const { secretsOf, clock, asked, reported } = aVault({});

    await Promise.all([secretsOf('flow'), secretsOf('flow')]);
    clock.pass(59_999);
    await secretsOf('flow');

    expect(asked).toEqual(['webhook-flow']);
    expect(reported).toHaveLength(1);
  });

  it('goes on with the last secrets for 15 minutes while Key Vault does not answer', async () => {
    const { secretsOf, clock, failWith, reported } = aVault({ 'webhook-flow': first });
    await secretsOf('flow');
    failWith(away);

    clock.pass(899_999);
    expect(await secretsOf('flow')).toEqual([first]);
    clock.pass(1);
    await expect(secretsOf('flow')).rejects.toBe(away);
    expect(reported).toEqual([]);
  });

  it('does not go on with them when Key Vault refuses', async () => {
    const { secretsOf, clock, failWith, reported } = aVault({ 'webhook-flow': first });
    await secretsOf('flow');
    failWith(denied);
    clock.pass(60_000);

    expect(await secretsOf('flow')).toEqual([]);
    expect(reported).toEqual([['flow', denied.message]]);
  });

  it('does not go on with them when the secret cannot be used any more', async () => {
    const { secretsOf, vault, clock } = aVault({ 'webhook-flow': first });
    await secretsOf('flow');
    vault['webhook-flow'] = 'a slip';
    clock.pass(60_000);

    expect(await secretsOf('flow')).toEqual([]);
  });

  it('lets a bug travel up', async () => {
    const { secretsOf, failWith } = aVault({});
    const bug = new TypeError('is not a function');
    failWith(bug);

    await expect(secretsOf('flow')).rejects.toBe(bug);
  });
});

/** What is read from a vault with these texts. */
function aVault(vault: Record<string, string | undefined>) {
  const clock = new FakeClock();
  const asked: string[] = [];
  const reported: (readonly [string, string])[] = [];
  let failure: Error | undefined;
  const webhookSecrets = createWebhookSecrets({
    findSecret: (name) => {
      asked.push(name);
      if (failure !== undefined) return Promise.reject(failure);
      const text = vault[name];
      return Promise.resolve(text === undefined ? undefined : new Secret(text));
    },
    isTransient: (error) => error === away,
    onUnusable: (source, { message }) => reported.push([source, message]),
    now: clock.now,
  });
  const secretsOf = async (source: string) =>
    (await webhookSecrets(source, signal)).map((secret) => secret.reveal());
  const failWith = (error: Error) => void (failure = error);
  return { secretsOf, vault, clock, asked, reported, failWith };
}

function secretOf(bytes: number, letter = 'a'): string {
  return `whsec_${Buffer.from(letter.repeat(bytes)).toString('base64')}`;
}
