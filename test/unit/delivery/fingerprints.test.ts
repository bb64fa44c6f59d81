import { describe, expect, it } from '@jest/globals';
import type { SealingKeys } from '../../../shared/delivery/envelopes.js';
import { createFingerprints } from '../../../shared/delivery/fingerprints.js';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import { FakeSealingKeys } from '../../fakes/fake-sealing-keys.js';

const { signal } = new AbortController();
const unavailable = new ResetError('KeyVaultUnavailable', 'Cannot read secret sealing-key');

describe('createFingerprints()', () => {
  describe('isFingerprintOf()', () => {
    it.each([
      ['nothing', ''],
      ['a text', '{"user":"adele@contoso.com"}'],
      ['another script', 'Ådèle 😀'],
    ])('knows a text again: %s', async (_what, text) => {
      const fingerprints = aPurpose(new FakeSealingKeys());

      const fingerprint = await fingerprints.fingerprint(text, signal);

      expect(await fingerprints.isFingerprintOf(text, fingerprint, signal)).toBe(true);
    });

    it.each(['another text', 'a tex', 'a text ', 'A text', ''])(
      'does not take %j for the text',
      async (other) => {
        const fingerprints = aPurpose(new FakeSealingKeys());

        const fingerprint = await fingerprints.fingerprint('a text', signal);

        expect(await fingerprints.isFingerprintOf(other, fingerprint, signal)).toBe(false);
      },
    );

    it('knows a text again under an older version of the key', async () => {
      const keys = new FakeSealingKeys();
      const fingerprints = aPurpose(keys);
      const fingerprint = await fingerprints.fingerprint('a text', signal);

      keys.rotate();

      expect(await fingerprints.isFingerprintOf('a text', fingerprint, signal)).toBe(true);
      expect(await fingerprints.fingerprint('a text', signal)).toMatch(/^version-2\./);
    });

    it.each([
      ['nothing', () => ''],
      ['a version alone', (own: string) => own.split('.')[0] ?? ''],
      ['its beginning', (own: string) => own.slice(0, -1)],
      ['more at its end', (own: string) => `${own}A`],
      ['another part', (own: string) => `${own}.A`],
      ['a version that there is not', (own: string) => own.replace('version-1', 'version-2')],
    ])('does not take %s for the fingerprint', async (_what, change) => {
      const fingerprints = aPurpose(new FakeSealingKeys());
      const fingerprint = await fingerprints.fingerprint('a text', signal);

      expect(await fingerprints.isFingerprintOf('a text', change(fingerprint), signal)).toBe(false);
    });

    it('takes no fingerprint that was made with a key of somebody else', async () => {
      const theirs = aPurpose(new FakeSealingKeys());
      const ours = aPurpose(new FakeSealingKeys());

      const fingerprint = await theirs.fingerprint('a text', signal);

      expect(await ours.isFingerprintOf('a text', fingerprint, signal)).toBe(false);
    });

    it('fails as the keys do', async () => {
      const fingerprints = aPurpose(failingWith(unavailable));

      await expect(fingerprints.fingerprint('a text', signal)).rejects.toBe(unavailable);
      await expect(fingerprints.isFingerprintOf('a text', 'v.A', signal)).rejects.toBe(unavailable);
    });
  });

  it('takes no fingerprint of another purpose', async () => {
    const keys = new FakeSealingKeys();
    const text = 'a text';

    const fingerprint = await createFingerprints({ keys, purpose: 'fingerprint' }).fingerprint(
      text,
      signal,
    );

    const others = createFingerprints({ keys, purpose: 'reveal link' });
    expect(await others.isFingerprintOf(text, fingerprint, signal)).toBe(false);
  });

  it('makes the fingerprint known for a known key, so that instances agree', async () => {
    const key = Uint8Array.from({ length: 32 }, (_, byte) => byte);
    const sealingKey = Promise.resolve({ version: 'v1', key });
    const fingerprints = aPurpose({ newest: () => sealingKey, byVersion: () => sealingKey });

    expect(await fingerprints.fingerprint('a text', signal)).toBe(
      'v1.0DV9rJZNZgCQgoGw_gW36iJyiSaHpskf3r7_6m8EZG8',
    );
  });
});

function aPurpose(keys: SealingKeys) {
  return createFingerprints({ keys, purpose: 'fingerprint' });
}

function failingWith(failure: ResetError): SealingKeys {
  return { newest: () => Promise.reject(failure), byVersion: () => Promise.reject(failure) };
}
