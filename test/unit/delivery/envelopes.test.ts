import { randomBytes } from 'node:crypto';
import { CompactEncrypt, decodeProtectedHeader } from 'jose';
import { describe, expect, it } from '@jest/globals';
import { createEnvelopes, type SealingKeys } from '../../../shared/delivery/envelopes.js';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import { FakeSealingKeys } from '../../fakes/fake-sealing-keys.js';

const { signal } = new AbortController();
const subject = 'password-reset/reset-7';
const content = new TextEncoder().encode('for Adele alone');
const unavailable = new ResetError('KeyVaultUnavailable', 'Cannot read secret sealing-key');

describe('createEnvelopes()', () => {
  describe('seal()', () => {
    it('shows nothing but the version of the key and the subject', async () => {
      const envelopes = createEnvelopes({ keys: new FakeSealingKeys() });

      const envelope = await envelopes.seal(subject, content, signal);

      expect(decodeProtectedHeader(envelope)).toEqual({
        alg: 'dir',
        enc: 'A256GCM',
        kid: 'version-1',
        subject,
      });
      const parts = envelope.split('.').map((part) => Buffer.from(part, 'base64url').toString());
      expect([envelope, ...parts].join()).not.toMatch(/adele/i);
    });

    it('seals the same content another way each time', async () => {
      const envelopes = createEnvelopes({ keys: new FakeSealingKeys() });

      const one = await envelopes.seal(subject, content, signal);
      const other = await envelopes.seal(subject, content, signal);

      expect(one.split('.').slice(2)).not.toEqual(other.split('.').slice(2));
    });

    it('fails as the keys do', async () => {
      const envelopes = createEnvelopes({ keys: failingWith(unavailable) });

      await expect(envelopes.seal(subject, content, signal)).rejects.toBe(unavailable);
    });
  });

  describe('open()', () => {
    it.each([
      ['nothing', new Uint8Array()],
      ['every byte', Uint8Array.from({ length: 256 }, (_, byte) => byte)],
      ['a megabyte', Uint8Array.from(randomBytes(1_048_576))],
    ])('gives back what was sealed: %s', async (_what, bytes) => {
      const envelopes = createEnvelopes({ keys: new FakeSealingKeys() });

      const envelope = await envelopes.seal(subject, bytes, signal);

      const opened = await envelopes.open(subject, envelope, signal);
      expect(opened && Buffer.from(opened).equals(bytes)).toBe(true);
    });

    it('rejects, and calls nothing forged, when the time is over before the key is there', async () => {
      const keys = new FakeSealingKeys();
      const envelope = await createEnvelopes({ keys }).seal(subject, content, signal);
      const timedOut = new DOMException('The operation timed out', 'TimeoutError');
      keys.byVersion = () => Promise.reject(timedOut);

      const opening = createEnvelopes({ keys }).open(subject, envelope, signal);

      await expect(opening).rejects.toBe(timedOut);
    });

    it('gives back what an older version of the key has sealed', async () => {
      const keys = new FakeSealingKeys();
      const envelopes = createEnvelopes({ keys });
      const old = await envelopes.seal(subject, content, signal);

      keys.rotate();
      const young = await envelopes.seal(subject, content, signal);

      expect(decodeProtectedHeader(young).kid).toBe('version-2');
      expect(await envelopes.open(subject, old, signal)).toEqual(content);
      expect(await envelopes.open(subject, young, signal)).toEqual(content);
    });

    it.each(['password-reset/reset-8', 'bulk-order/reset-7', 'password-reset/', ''])(
      'does not open what is about another subject, here %j',
      async (other) => {
        const envelopes = createEnvelopes({ keys: new FakeSealingKeys() });
        const envelope = await envelopes.seal(subject, content, signal);

        expect(await envelopes.open(other, envelope, signal)).toBeUndefined();
      },
    );

    it.each([
      ['subject', { subject: 'password-reset/reset-8' }],
      ['version of the key', { kid: 'version-2' }],
    ])('does not open what has another %s written over its own', async (_what, forged) => {
      const keys = new FakeSealingKeys();
      const envelopes = createEnvelopes({ keys });
      const [header = '', ...rest] = (await envelopes.seal(subject, content, signal)).split('.');
      keys.rotate();

      const envelope = [encodeJson({ ...decodeJson(header), ...forged }), ...rest].join('.');

      const about = 'subject' in forged ? forged.subject : subject;
      expect(await envelopes.open(about, envelope, signal)).toBeUndefined();
    });

    it.each([
      ['header', 0],
      ['nonce', 2],
      ['content', 3],
      ['tag', 4],
    ])('does not open what is damaged in its %s', async (_what, at) => {
      const envelopes = createEnvelopes({ keys: new FakeSealingKeys() });
      const parts = (await envelopes.seal(subject, content, signal)).split('.');
      const part = Buffer.from(parts[at] ?? '', 'base64url');
      part[part.length - 1] = (part[part.length - 1] ?? 0) ^ 1;
      parts[at] = part.toString('base64url');

      expect(await envelopes.open(subject, parts.join('.'), signal)).toBeUndefined();
    });

    it('does not open what is sealed with a key of somebody else', async () => {
      const theirs = createEnvelopes({ keys: new FakeSealingKeys() });
      const ours = createEnvelopes({ keys: new FakeSealingKeys() });

      const envelope = await theirs.seal(subject, content, signal);

      expect(await ours.open(subject, envelope, signal)).toBeUndefined();
    });

    it('does not open what names a version that there is not', async () => {
      const keys = new FakeSealingKeys();
      keys.rotate();
      const envelope = await createEnvelopes({ keys }).seal(subject, content, signal);

      const envelopes = createEnvelopes({ keys: new FakeSealingKeys() });

      expect(decodeProtectedHeader(envelope).kid).toBe('version-2');
      expect(await envelopes.open(subject, envelope, signal)).toBeUndefined();
    });

    it.each([
      ['nothing', ''],
      ['a word', 'forged'],
      ['parts missing', 'e30..'],
      ['no header', '....'],
      ['an empty header', `${encodeJson({})}....`],
      ['a header that is a list', `${encodeJson([])}....`],
      ['no key named', `${encodeJson({ alg: 'dir', enc: 'A256GCM', subject })}....`],
      [
        'a number in place of a key',
        `${encodeJson({ alg: 'dir', enc: 'A256GCM', subject, kid: 1 })}....`,
      ],
    ])('asks for no key to open what is no envelope: %s', async (_what, text) => {
      const envelopes = createEnvelopes({ keys: failingWith(unavailable) });

      expect(await envelopes.open(subject, text, signal)).toBeUndefined();
    });

    it('does not open a header without content', async () => {
      const envelopes = createEnvelopes({ keys: new FakeSealingKeys() });
      const header = { alg: 'dir', enc: 'A256GCM', subject, kid: 'version-1' };

      expect(await envelopes.open(subject, `${encodeJson(header)}....`, signal)).toBeUndefined();
    });

    it.each([
      ['key management', { alg: 'A256KW', enc: 'A256GCM' }],
      ['content encryption', { alg: 'dir', enc: 'A128CBC-HS256' }],
    ])('does not open what has other %s, even under the right key', async (_what, algorithms) => {
      const keys = new FakeSealingKeys();
      const { key, version } = await keys.newest();
      const envelope = await new CompactEncrypt(content)
        .setProtectedHeader({ ...algorithms, kid: version, subject })
        .encrypt(key);

      expect(await createEnvelopes({ keys }).open(subject, envelope, signal)).toBeUndefined();
    });

    it('fails as the keys do', async () => {
      const envelope = await createEnvelopes({ keys: new FakeSealingKeys() }).seal(
        subject,
        content,
        signal,
      );
      const envelopes = createEnvelopes({ keys: failingWith(unavailable) });

      await expect(envelopes.open(subject, envelope, signal)).rejects.toBe(unavailable);
    });
  });
});

function failingWith(failure: ResetError): SealingKeys {
  return { newest: () => Promise.reject(failure), byVersion: () => Promise.reject(failure) };
}

function encodeJson(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function decodeJson(text: string): object {
  return JSON.parse(Buffer.from(text, 'base64url').toString()) as object;
}
