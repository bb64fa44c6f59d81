import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createHash, createHmac } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import type { WebhookScheme } from '../../../shared/callers/caller-list.js';
import { verifyWebhook } from '../../../shared/handlers/verify-webhook.js';
import { Secret } from '../../../shared/platform/secret.js';
import { hmacHeaders, standardHeaders } from '../../builders/a-signed-webhook.js';

const nowMs = Date.UTC(2026, 0, 1);
const secret = secretOf('a');
const otherSecret = secretOf('b');
const body = '{"user":"Adèle"}';

beforeEach(() => {
  // The package that verifies looks at the clock by itself.
  jest.useFakeTimers({ now: nowMs });
});

afterEach(() => {
  jest.useRealTimers();
});

describe('verifyWebhook.standard()', () => {
  const signed = (values: object = {}) => standardHeaders({ secret, body, ...values });

  it('takes the example of the specification', () => {
    jest.setSystemTime(1_614_265_330_000);
    const headers = {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    };
    const secrets = ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'];

    expect(verify('standard', headers, '{"test": 2432232314}', secrets)).toEqual({
      kind: 'genuine',
      messageId: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    });
  });

  it('takes a body whatever it says, for that is read by others', () => {
    expect(verify('standard', signed({ body: 'not JSON' }), 'not JSON')).toMatchObject({
      kind: 'genuine',
    });
  });

  it('takes what the package of the specification signs', () => {
    const signature = new Webhook(secret).sign('msg_1', new Date(nowMs), body);

    expect(signature).toBe(signed()['webhook-signature']);
    expect(verify('standard', { ...signed(), 'webhook-signature': signature })).toEqual({
      kind: 'genuine',
      messageId: 'msg_1',
    });
  });

  it.each([
    ['300 s ago', -300],
    ['now', 0],
    ['300 s ahead', 300],
  ])('takes what was sent %s', (_when, seconds) => {
    const headers = signed({ atMs: nowMs + seconds * 1000 });

    expect(verify('standard', headers)).toMatchObject({ kind: 'genuine' });
  });

  it.each([
    ['the first', [secret, otherSecret]],
    ['the second', [otherSecret, secret]],
  ])('takes what was signed with %s of two secrets', (_which, secrets) => {
    expect(verify('standard', signed(), body, secrets)).toMatchObject({ kind: 'genuine' });
  });

  it.each([
    ['first', [secret, secretOf('c')]],
    ['last', [secretOf('c'), secret]],
  ])('takes a list of signatures of which the %s fits', (_which, signers) => {
    expect(verify('standard', signed({ secret: signers }))).toMatchObject({ kind: 'genuine' });
  });

  it('takes a list with signatures of another kind', () => {
    const { 'webhook-signature': fitting, ...headers } = signed();
    const signature = `v1a,${'A'.repeat(86)}== v2,x ${fitting}`;

    expect(verify('standard', { ...headers, 'webhook-signature': signature })).toMatchObject({
      kind: 'genuine',
    });
  });

  it.each([
    ['one character', '!'],
    ['256 characters', 'x'.repeat(256)],
    ['a GUID', '018f2a2e-7f3c-7d52-9b64-000000000001'],
    ['punctuation', 'a/b:c~'],
  ])('knows a message by its id: %s', (_what, id) => {
    expect(verify('standard', signed({ id }))).toEqual({ kind: 'genuine', messageId: id });
  });

  it.each<[string, Record<string, string | undefined>, string]>([
    ['without an id', { 'webhook-id': undefined }, 'webhook-id is missing or malformed'],
    ['with an empty id', { 'webhook-id': '' }, 'webhook-id is missing or malformed'],
    ['with another id', { 'webhook-id': 'msg_2' }, 'No matching signature found'],
    [
      'without a time',
      { 'webhook-timestamp': undefined },
      'webhook-timestamp is missing or malformed',
    ],
    [
      'with another time',
      { 'webhook-timestamp': String(nowMs / 1000 + 1) },
      'No matching signature found',
    ],
    [
      'with a time that goes on as text',
      { 'webhook-timestamp': `${nowMs / 1000}x` },
      'webhook-timestamp is missing or malformed',
    ],
    [
      'with a date for a time',
      { 'webhook-timestamp': new Date(nowMs).toISOString() },
      'webhook-timestamp is missing or malformed',
    ],
    [
      'with a time that has 13 digits',
      { 'webhook-timestamp': String(nowMs) },
      'webhook-timestamp is missing or malformed',
    ],
    ['without a signature', { 'webhook-signature': undefined }, 'webhook-signature is missing'],
    ['with an empty signature', { 'webhook-signature': '' }, 'webhook-signature is missing'],
  ])('refuses a message %s', (_what, changes, reason) => {
    expect(verify('standard', { ...signed(), ...changes })).toEqual({ kind: 'refused', reason });
  });

  it.each([
    ['cut short', (text: string) => text.slice(0, -1)],
    ['with a character more', (text: string) => `${text}=`],
    ['of another version', (text: string) => text.replace('v1', 'v2')],
    ['that claims to be asymmetric', (text: string) => text.replace('v1', 'v1a')],
    ['without its version', (text: string) => text.slice('v1,'.length)],
    ['that is a version only', () => 'v1'],
    ['that is empty behind its version', () => 'v1,'],
    ['with a character beyond ASCII', (text: string) => text.replace(/.=$/, 'é=')],
    ['of zeros', () => `v1,${'A'.repeat(43)}=`],
    ['with comma for a blank', (text: string) => `v1,x,${text}`],
    ['in hex', () => `v1,${createHmac('sha256', keyBytes(secret)).update(body).digest('hex')}`],
  ])('refuses a signature %s', (_what, change) => {
    const { 'webhook-signature': fitting = '', ...headers } = signed();

    expect(verify('standard', { ...headers, 'webhook-signature': change(fitting) })).toEqual({
      kind: 'refused',
      reason: 'No matching signature found',
    });
  });

  it.each([
    ['301 s ago', -301, 'Message timestamp too old'],
    ['a day ago', -86_400, 'Message timestamp too old'],
    ['301 s ahead', 301, 'Message timestamp too new'],
  ])('refuses what was sent %s', (_when, seconds, reason) => {
    const headers = signed({ atMs: nowMs + seconds * 1000 });

    expect(verify('standard', headers)).toEqual({ kind: 'refused', reason });
  });

  it.each([
    ['a character changed', body.replace('Ad', 'ad')],
    ['a blank more', `${body} `],
    ['a byte order mark', `\ufeff${body}`],
    ['nothing left', ''],
  ])('refuses a body with %s', (_what, sent) => {
    expect(verify('standard', signed(), sent)).toEqual({
      kind: 'refused',
      reason: 'No matching signature found',
    });
  });

  it.each([
    ['another one', [otherSecret], 'No matching signature found'],
    ['none of two', [otherSecret, secretOf('c')], 'No matching signature found'],
    ['none', [], 'Key Vault holds no usable secret for this source'],
  ])('refuses what was signed with a secret when %s is stored', (_what, secrets, reason) => {
    expect(verify('standard', signed(), body, secrets)).toEqual({ kind: 'refused', reason });
  });

  it.each([
    ['a full stop in it', 'a.b'],
    ['nothing but a full stop', '.'],
    ['a blank in it', 'a b'],
    ['a tab in it', 'a\tb'],
    ['a character beyond ASCII', 'é'],
    ['257 characters', 'x'.repeat(257)],
  ])('refuses an id with %s, however it is signed', (_what, id) => {
    expect(verify('standard', signed({ id }))).toEqual({
      kind: 'refused',
      reason: 'webhook-id is missing or malformed',
    });
  });

  it('refuses a message that was taken apart anew at another full stop', () => {
    const inner = `${nowMs / 1000}.{"user":"somebody else"}`;
    const outer = `{"reference":"x.${inner}`;
    const { 'webhook-id': id = '', ...headers } = signed({ body: outer });
    const moved = `${id}.${headers['webhook-timestamp']}.{"reference":"x`;

    const verdict = verify(
      'standard',
      { ...headers, 'webhook-id': moved },
      '{"user":"somebody else"}',
    );

    expect(verdict).toMatchObject({ kind: 'refused' });
  });
});

describe('verifyWebhook.hmac-sha256()', () => {
  const signed = (values: object = {}) => hmacHeaders({ secret, body, ...values });
  const hashOfBody = createHash('sha256').update(body).digest('hex');

  it('takes the example of GitHub, whose secret is the text behind the base64', () => {
    const hex = '757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';
    const headers = { 'x-github-delivery': '1', 'x-hub-signature-256': `sha256=${hex}` };
    const stored = `whsec_${Buffer.from("It's a Secret to Everybody").toString('base64')}`;

    expect(verify('hmac-sha256', headers, 'Hello, World!', [stored])).toMatchObject({
      kind: 'genuine',
    });
  });

  it.each([
    ['one', 'delivery-1'],
    ['another', 'delivery-2'],
    ['128 characters', 'x'.repeat(128)],
  ])('knows a message by its body, whatever its delivery says: %s', (_what, id) => {
    expect(verify('hmac-sha256', signed({ id }))).toEqual({
      kind: 'genuine',
      messageId: hashOfBody,
    });
  });

  it.each([
    ['the first', [secret, otherSecret]],
    ['the second', [otherSecret, secret]],
  ])('takes what was signed with %s of two secrets', (_which, secrets) => {
    expect(verify('hmac-sha256', signed(), body, secrets)).toMatchObject({ kind: 'genuine' });
  });

  it.each<[string, Record<string, string | undefined>, string]>([
    ['without a delivery', { 'x-github-delivery': undefined }, 'x-github-delivery is missing'],
    ['with an empty delivery', { 'x-github-delivery': '' }, 'x-github-delivery is missing'],
    [
      'with a blank in its delivery',
      { 'x-github-delivery': 'a b' },
      'x-github-delivery is missing',
    ],
    [
      'with a delivery of 129 characters',
      { 'x-github-delivery': 'x'.repeat(129) },
      'x-github-delivery is missing',
    ],
    ['without a signature', { 'x-hub-signature-256': undefined }, 'x-hub-signature-256 is missing'],
    ['with no hex', { 'x-hub-signature-256': 'sha256=' }, 'x-hub-signature-256 is missing'],
    [
      'with an older hash',
      { 'x-hub-signature-256': `sha1=${'0'.repeat(40)}` },
      'x-hub-signature-256 is missing',
    ],
    [
      'with a short signature',
      { 'x-hub-signature-256': `sha256=${'0'.repeat(62)}` },
      'x-hub-signature-256 is missing',
    ],
    [
      'with a long signature',
      { 'x-hub-signature-256': `sha256=${'0'.repeat(66)}` },
      'x-hub-signature-256 is missing',
    ],
    [
      'with a wrong signature',
      { 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` },
      'No matching signature found',
    ],
  ])('refuses a message %s', (_what, changes, reason) => {
    expect(verify('hmac-sha256', { ...signed(), ...changes })).toEqual({
      kind: 'refused',
      reason: expect.stringContaining(reason),
    });
  });

  it.each([
    ['another one', [otherSecret], 'No matching signature found'],
    ['none', [], 'Key Vault holds no usable secret for this source'],
  ])('refuses what was signed with a secret when %s is stored', (_what, secrets, reason) => {
    expect(verify('hmac-sha256', signed(), body, secrets)).toEqual({ kind: 'refused', reason });
  });

  it('refuses a body that was changed', () => {
    expect(verify('hmac-sha256', signed(), `${body} `)).toMatchObject({ kind: 'refused' });
  });
});

describe('verifyWebhook', () => {
  it.each([
    ['standard', hmacHeaders({ secret, body })],
    ['hmac-sha256', standardHeaders({ secret, body, atMs: nowMs })],
  ] as const)('takes for %s no signature of the other scheme', (scheme, headers) => {
    expect(verify(scheme, headers)).toMatchObject({ kind: 'refused' });
  });
});

function verify(
  scheme: WebhookScheme,
  headers: Readonly<Record<string, string | undefined>>,
  sent = body,
  secrets: readonly string[] = [secret],
) {
  const message = {
    headers: { get: (name: string) => headers[name] ?? null },
    body: Buffer.from(sent),
  };
  return verifyWebhook[scheme](
    message,
    secrets.map((text) => new Secret(text)),
  );
}

function secretOf(letter: string): string {
  return `whsec_${Buffer.from(letter.repeat(32)).toString('base64')}`;
}

function keyBytes(text: string): Buffer {
  return Buffer.from(text.slice('whsec_'.length), 'base64');
}
