import type { HttpRequest } from '@azure/functions';
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { Webhook, WebhookVerificationError } from 'standardwebhooks';
import type { WebhookScheme } from '../callers/caller-list.js';
import { webhookKeyOf } from '../callers/webhook-secrets.js';
import type { Secret } from '../platform/secret.js';

/** A webhook as it came in; nobody knows yet who sent it. */
export interface WebhookMessage {
  readonly headers: Pick<HttpRequest['headers'], 'get'>;
  readonly body: Buffer;
}

/** Made with one of the secrets, under this id; or why it does not count as such. */
export type Verdict =
  | { readonly kind: 'genuine'; readonly messageId: string }
  | { readonly kind: 'refused'; readonly reason: string };

type Verify = (message: WebhookMessage, secrets: readonly Secret[]) => Verdict;

export const verifyWebhook: Readonly<Record<WebhookScheme, Verify>> = {
  standard: verifyStandard,
  'hmac-sha256': verifyHmac,
};

/** Without a full stop, which parts the id from what is signed after it. */
const standardId = /^[\x21-\x2d\x2f-\x7e]{1,256}$/;
const unixSeconds = /^\d{1,12}$/;

/**
 * The signature covers id, time of sending and body. The time may be five minutes off.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
function verifyStandard({ headers, body }: WebhookMessage, secrets: readonly Secret[]): Verdict {
  const id = headers.get('webhook-id') ?? '';
  const timestamp = headers.get('webhook-timestamp') ?? '';
  const signature = headers.get('webhook-signature') ?? '';
  if (!standardId.test(id)) return refused('webhook-id is missing or malformed');
  if (!unixSeconds.test(timestamp)) return refused('webhook-timestamp is missing or malformed');
  if (signature === '') return refused('webhook-signature is missing');
  const signed = {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signature,
  };
  let reason = noSecret;
  for (const secret of secrets) {
    try {
      // It reads the bytes as UTF-8. Bytes that are not are refused by the parser behind this.
      new Webhook(secret.reveal()).verify(body, signed, { jsonParse: false });
      return { kind: 'genuine', messageId: id };
    } catch (error) {
      if (!(error instanceof WebhookVerificationError)) throw error;
      reason = error.message;
    }
  }
  return refused(reason);
}

const deliveryId = /^[\x21-\x7e]{1,128}$/;
const hexSignature = /^sha256=(?<hex>[0-9a-f]{64})$/;

/**
 * The signature covers the body alone, so that the body is the only thing the message can be known by,
 * and has to say itself when it was sent.
 *
 * @see https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
 */
function verifyHmac({ headers, body }: WebhookMessage, secrets: readonly Secret[]): Verdict {
  if (!deliveryId.test(headers.get('x-github-delivery') ?? '')) {
    return refused('x-github-delivery is missing or malformed');
  }
  const { hex } = hexSignature.exec(headers.get('x-hub-signature-256') ?? '')?.groups ?? {};
  if (hex === undefined) return refused('x-hub-signature-256 is missing or malformed');
  if (secrets.length === 0) return refused(noSecret);
  const given = Buffer.from(hex, 'hex');
  const isGenuine = secrets.some((secret) => {
    const key = webhookKeyOf(secret.reveal());
    return timingSafeEqual(createHmac('sha256', key).update(body).digest(), given);
  });
  if (!isGenuine) return refused('No matching signature found');
  return { kind: 'genuine', messageId: createHash('sha256').update(body).digest('hex') };
}

const noSecret = 'Key Vault holds no usable secret for this source';

function refused(reason: string): Verdict {
  return { kind: 'refused', reason };
}
