import { describe, expect, it } from '@jest/globals';
import { readCsvRows } from '../../shared/bulk-reset/csv-rows.js';
import { parseCallerList } from '../../shared/callers/caller-list.js';
import { createRevealLinks } from '../../shared/delivery/reveal-links.js';
import { createAuthenticate } from '../../shared/handlers/authenticate.js';
import { readIdempotency } from '../../shared/handlers/idempotency-key.js';
import { parseJsonBody } from '../../shared/handlers/read-json-body.js';
import { parseRequest, passwordResetBody, wakeUpMessage } from '../../shared/handlers/schemas.js';
import { verifyWebhook } from '../../shared/handlers/verify-webhook.js';
import { parseCustomerReference, parseUserReference } from '../../shared/password-reset/ids.js';
import { ResetError } from '../../shared/password-reset/reset-error.js';
import { parseRetryAfterMs } from '../../shared/platform/http.js';
import { Secret } from '../../shared/platform/secret.js';
import { aRequest } from './handlers/invocation.js';

const signal = new AbortController().signal;
const length = 16_384;
const factor = 4;
/** Work that grows with the square of the text takes `factor` squared, which is 16, times as long. */
const mostTimesLonger = 10;
const runs = 5;
/** What is over sooner is not told apart from the noise of the clock. */
const noiseMs = 0.5;

type Parse = (text: string) => unknown;

const noFingerprint = () => Promise.reject(new Error('Nobody asks for one'));
const links = createRevealLinks({
  fingerprints: { fingerprint: noFingerprint, isFingerprintOf: noFingerprint },
  publicBaseUrl: 'https://resets.example',
});
const authenticate = createAuthenticate({
  readCallerList: () => Promise.resolve(parseCallerList(new Secret('{"callers":[]}'))),
  verifyToken: () => Promise.reject(new ResetError('Unauthorized', 'no token')),
  now: () => 0,
});
const secrets = [new Secret(Buffer.alloc(32, 'a').toString('base64'))];
const bytesOf = (text: string) => new TextEncoder().encode(text);

const parsers: Readonly<Record<string, Parse>> = {
  'parseCustomerReference()': parseCustomerReference,
  'parseUserReference()': parseUserReference,
  'parseJsonBody()': (text) => parseJsonBody(bytesOf(text).buffer),
  'parseJsonBody(), in a string': (text) =>
    parseJsonBody(bytesOf(JSON.stringify({ user: text, users: [text] })).buffer),
  passwordResetBody: (text) =>
    parseRequest(passwordResetBody, { customer: text, user: text, reference: text, [text]: text }),
  wakeUpMessage: (text) => wakeUpMessage.safeParse({ resetId: text }),
  'readIdempotency()': (text) => readIdempotency(headersWith({ 'Idempotency-Key': text })),
  'authenticate()': (text) =>
    authenticate(aRequest({ headers: { authorization: `Bearer ${text}.` } }), signal),
  'authenticate(), by key': (text) =>
    authenticate(aRequest({ headers: { 'x-api-key': text } }), signal),
  'resetIdIn()': (text) => links.resetIdIn(text),
  'verifyWebhook.standard(), in its id': (text) =>
    verifyWebhook.standard({ ...headersWith({ 'webhook-id': text }), body: Buffer.of() }, secrets),
  'verifyWebhook.standard(), in its signature': (text) =>
    verifyWebhook.standard(
      {
        ...headersWith({
          'webhook-id': 'a',
          'webhook-timestamp': String(Math.floor(Date.now() / 1000)),
          'webhook-signature': text,
        }),
        body: Buffer.of(),
      },
      secrets,
    ),
  'verifyWebhook.hmac-sha256()': (text) =>
    verifyWebhook['hmac-sha256'](
      {
        ...headersWith({ 'x-github-delivery': 'a', 'x-hub-signature-256': text }),
        body: Buffer.of(),
      },
      secrets,
    ),
  'parseRetryAfterMs()': (text) => parseRetryAfterMs(`Mon,${text}`, 0),
  'readCsvRows()': (text) => readAll(`user\n${text}`),
  'readCsvRows(), in a quoted field': (text) => readAll(`user\n"${text}`),
};

/** Each begins as something that is right, goes on for long, and then is not. */
const texts: Readonly<Record<string, (length: number) => string>> = {
  letters: (count) => `${'a'.repeat(count)}!`,
  digits: (count) => `${'0'.repeat(count)}!`,
  hyphens: (count) => `a${'-'.repeat(count)}!`,
  'full stops': (count) => `a${'a.'.repeat(count / 2)}!`,
  '@ signs': (count) => `a${'@a'.repeat(count / 2)}!`,
  blanks: (count) => `a${' '.repeat(count)}!`,
  'lines that are blank': (count) => `a${'\r\n'.repeat(count / 2)}!`,
  commas: (count) => `a${','.repeat(count)}!`,
  quotes: (count) => `${'"'.repeat(count)}!`,
  backslashes: (count) => `"${'\\'.repeat(count)}!`,
  'quotes behind backslashes': (count) => `"${'\\"'.repeat(count / 2)}`,
  'names without values': (count) => `{${'"a":'.repeat(count / 4)}`,
  'strings with blanks between': (count) => `[${'"a"   ,'.repeat(count / 7)}1]`,
  'a name that is far from its colon': (count) => `{"a"${' '.repeat(count)}:1}`,
  brackets: (count) => '('.repeat(count),
  signatures: (count) => 'v1,YQ== '.repeat(count / 8),
};

describe('text of 64 KiB that means no good', () => {
  describe.each(Object.entries(parsers))('to %s', (_name, parse) => {
    it.each(Object.entries(texts))('takes time as its length does: %s', async (_text, textOf) => {
      const short = await fastest(parse, textOf(length));
      const long = await fastest(parse, textOf(length * factor));

      expect((long + noiseMs) / (short + noiseMs)).toBeLessThan(mostTimesLonger);
    });
  });
});

/** In milliseconds of the processor, which others may use meanwhile. What comes out, or is thrown, is no matter here. */
async function fastest(parse: Parse, text: string): Promise<number> {
  let best = Infinity;
  for (let run = 0; run < runs; run += 1) {
    const before = process.cpuUsage();
    try {
      await parse(text);
    } catch {
      // Nearly all of it is refused.
    }
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / 1_000);
  }
  return best;
}

function headersWith(values: Readonly<Record<string, string>>) {
  return { headers: new Headers(values) };
}

async function readAll(text: string): Promise<void> {
  async function* chunks() {
    yield await Promise.resolve(bytesOf(text));
  }
  const rows = readCsvRows(chunks());
  while ((await rows.next()).done !== true);
}
