import { createHmac } from 'node:crypto';

export interface SignedWebhookValues {
  /** One secret, or several of which each signs. */
  readonly secret: string | readonly string[];
  readonly body: string | Uint8Array;
  readonly id?: string;
  /** When it is sent. */
  readonly atMs?: number;
}

/** The headers of Standard Webhooks, made without the package that verifies them. */
export function standardHeaders(values: SignedWebhookValues): Record<string, string> {
  const { secret, body, id = 'msg_1', atMs = Date.now() } = values;
  const seconds = Math.floor(atMs / 1000);
  const signatures = [secret].flat().map((one) => {
    const hmac = createHmac('sha256', keyOf(one)).update(`${id}.${seconds}.`).update(body);
    return `v1,${hmac.digest('base64')}`;
  });
  return {
    'webhook-id': id,
    'webhook-timestamp': String(seconds),
    'webhook-signature': signatures.join(' '),
  };
}

/** The headers of GitHub, whose signature covers the body alone. */
export function hmacHeaders({ secret, body, id = 'delivery-1' }: SignedWebhookValues) {
  const [one = ''] = [secret].flat();
  const hex = createHmac('sha256', keyOf(one)).update(body).digest('hex');
  return { 'x-github-delivery': id, 'x-hub-signature-256': `sha256=${hex}` };
}

function keyOf(secret: string): Buffer {
  return Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
}
