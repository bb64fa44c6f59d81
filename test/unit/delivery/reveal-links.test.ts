import { describe, expect, it } from '@jest/globals';
import { createFingerprints } from '../../../shared/delivery/fingerprints.js';
import { createRevealLinks } from '../../../shared/delivery/reveal-links.js';
import { aResetRow } from '../../builders/a-reset-row.js';
import { bulkRowResetId } from '../../../shared/bulk-reset/bulk-reset.js';
import { bulkResetId } from '../../builders/a-bulk-reset.js';
import { FakeSealingKeys } from '../../fakes/fake-sealing-keys.js';

const { signal } = new AbortController();
const { resetId, acceptedAtMs } = aResetRow();
const reset = { resetId, acceptedAtMs };
const anotherId = resetId.replace('6f1f', '6f1e');
const base = 'https://resets.example/api/reveal/';

describe('createRevealLinks()', () => {
  it.each([resetId, bulkRowResetId(bulkResetId, 7)])('knows its own link again: %s', async (id) => {
    const { links, tokenOf } = aService();

    const token = await tokenOf(id);

    expect(links.resetIdIn(token)).toBe(id);
    expect(await links.isGenuine(token, { resetId: id, acceptedAtMs }, signal)).toBe(true);
  });

  it('gives the same address each time, in characters that no address changes', async () => {
    const { links } = aService();

    const address = await links.addressOf(reset, signal);

    expect(address).toMatch(/^https:\/\/resets\.example\/api\/reveal\/[\w.-]+$/);
    expect(new URL(address).href).toBe(address);
    expect(await links.addressOf(reset, signal)).toBe(address);
  });

  it.each([
    [
      'under the same id was accepted at another time',
      { ...reset, acceptedAtMs: acceptedAtMs + 1 },
    ],
    ['has another id', { ...reset, resetId: anotherId }],
  ])('does not open a reset that %s', async (_which, other) => {
    const { links, tokenOf } = aService();

    const token = await tokenOf(resetId);

    expect(await links.isGenuine(token, other, signal)).toBe(false);
  });

  it('has a secret of 256 bits', async () => {
    const token = await aService().tokenOf(resetId);

    const mac = token.slice(token.lastIndexOf('.') + 1);

    expect(Buffer.from(mac, 'base64url')).toHaveLength(32);
  });

  it('knows a link again under an older version of the key', async () => {
    const { links, tokenOf, keys } = aService();
    const token = await tokenOf(resetId);

    keys.rotate();

    expect(await links.isGenuine(token, reset, signal)).toBe(true);
    expect(await tokenOf(resetId)).toContain('.version-2.');
  });

  it.each<[string, (token: string) => string]>([
    ['for another reset', (token) => token.replace(resetId, anotherId)],
    ['with another last bit', (token) => withLast(token, (code) => code ^ 1)],
    ['cut short', (token) => token.slice(0, -1)],
    ['with more at its end', (token) => `${token}A`],
    ['with padding', (token) => `${token}=`],
    ['with a line break', (token) => `${token}\n`],
    ['under a version that there is not', (token) => token.replace('version-1', 'version-9')],
    ['without a MAC', (token) => token.slice(0, token.lastIndexOf('.') + 1)],
    ['in capitals', (token) => token.toUpperCase()],
    ['that is an id alone', () => resetId],
    ['that is nothing', () => ''],
    ['that is very long', (token) => `${token}${'A'.repeat(100_000)}`],
  ])('takes no token %s', async (_what, change) => {
    const { links, tokenOf } = aService();

    const forged = change(await tokenOf(resetId));

    expect(await links.isGenuine(forged, reset, signal)).toBe(false);
  });

  it('takes no fingerprint that was made of the same id for another purpose', async () => {
    const { links, keys } = aService();
    const others = createFingerprints({ keys, purpose: 'fingerprint' });

    const forged = `${resetId}.${await others.fingerprint(`${resetId}/${acceptedAtMs}`, signal)}`;

    expect(links.resetIdIn(forged)).toBe(resetId);
    expect(await links.isGenuine(forged, reset, signal)).toBe(false);
  });

  it('takes no token that somebody else has made', async () => {
    const token = await aService().tokenOf(resetId);

    expect(await aService().links.isGenuine(token, reset, signal)).toBe(false);
  });

  it.each(['', '.', '..', `${resetId}.v1`, `../${resetId}.v1.${'A'.repeat(43)}`, "' or 1 eq 1"])(
    'finds no reset in %j',
    (token) => {
      expect(aService().links.resetIdIn(token)).toBeUndefined();
    },
  );
});

function aService() {
  const keys = new FakeSealingKeys();
  const links = createRevealLinks({
    fingerprints: createFingerprints({ keys, purpose: 'reveal link' }),
    publicBaseUrl: 'https://resets.example',
  });
  const tokenOf = async (id: string) =>
    (await links.addressOf({ resetId: id, acceptedAtMs }, signal)).slice(base.length);
  return { links, keys, tokenOf };
}

/** The last character of 256 bits in base64url holds two bits that count for nothing. */
function withLast(token: string, change: (code: number) => number): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const last = alphabet.indexOf(token.slice(-1));
  return `${token.slice(0, -1)}${alphabet.charAt(change(last))}`;
}
