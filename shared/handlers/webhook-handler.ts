import type { HttpHandler, InvocationContext } from '@azure/functions';
import type { ReadCallerList } from '../callers/authorize.js';
import { type Caller, listedName } from '../callers/caller.js';
import type { WebhookScheme } from '../callers/caller-list.js';
import type { WebhookSecrets } from '../callers/webhook-secrets.js';
import { ResetError } from '../password-reset/reset-error.js';
import { log } from '../platform/log.js';
import type { NoteRefusals } from './caller-door.js';
import type { HttpDoor } from './http-door.js';
import { identify } from './identify.js';
import { type PasswordResetLinks, toAcceptedResponse } from './password-reset-view.js';
import { parseJsonBody, readJsonBytes } from './read-json-body.js';
import { parseRequest, webhookBody } from './schemas.js';
import type { TakePasswordReset } from './take-password-reset.js';
import { verifyWebhook, type WebhookMessage } from './verify-webhook.js';

export interface WebhookDependencies {
  readonly door: HttpDoor;
  readonly readCallerList: ReadCallerList;
  readonly webhookSecrets: WebhookSecrets;
  readonly takePasswordReset: TakePasswordReset;
  readonly noteRefusals: NoteRefusals;
  readonly links: PasswordResetLinks;
  readonly now: () => number;
}

/** A webhook that may be from anybody, and whom it says it is from. */
interface ReceivedWebhook {
  readonly source: string;
  readonly message: WebhookMessage;
  readonly context: Pick<InvocationContext, 'warn'>;
}

/** Who sent a webhook, and under which id. */
interface GenuineWebhook {
  readonly caller: Caller;
  readonly scheme: WebhookScheme;
  readonly messageId: string;
}

/**
 * `POST /webhooks/{source}`: a reset asked for by a signed message. 202 as soon as it is accepted, with
 * what became of it if that is known; the same message again is the same reset. Whoever replays one learns
 * no more than that: a password or a link is read with a credential, at the result.
 */
export function createWebhookHandler(dependencies: WebhookDependencies): HttpHandler {
  const { door, readCallerList, webhookSecrets, takePasswordReset } = dependencies;
  const { noteRefusals, links, now } = dependencies;

  return door(async (request, signal, context) => {
    const bytes = await readJsonBytes(request);
    const message = { headers: request.headers, body: Buffer.from(bytes) };
    const source = request.params['source'] ?? '';
    const received = { source, message, context };
    const { caller, scheme, messageId } = await identify(() => verify(received, signal), context);

    const take = () => {
      const { timestamp, data } = parseRequest(webhookBody, parseJsonBody(bytes));
      requireRecent(timestamp, scheme);
      const order = { ...data, idempotencyKey: toIdempotencyKey(messageId) };
      return takePasswordReset({ caller, order, context }, signal);
    };
    const { row } = await noteRefusals({ caller, request, context }, take, signal);
    return toAcceptedResponse(row, { links, nowMs: now() });
  });

  /** Whoever cannot sign is not told what is wrong; whoever runs the service is. */
  async function verify(
    { source, message, context }: ReceivedWebhook,
    signal: AbortSignal,
  ): Promise<GenuineWebhook> {
    const refuse = (reason: string): never => {
      // What is no name may be anything, and is kept out of the log.
      log(context, 'warn', 'webhook refused', {
        reason,
        ...(listedName.test(source) && { source }),
      });
      throw new ResetError('Unauthorized', 'No such source of webhooks, or not its signature');
    };
    const callers = await readCallerList(signal);
    const found = callers.findWebhookSource(source);
    if (found === undefined) {
      const isListed = callers.findByName(source) !== undefined;
      return refuse(isListed ? 'the caller is listed without a webhook' : 'unknown source');
    }
    const { caller, scheme } = found;
    const verdict = verifyWebhook[scheme](message, await webhookSecrets(source, signal));
    if (verdict.kind === 'refused') return refuse(verdict.reason);
    return { caller, scheme, messageId: verdict.messageId };
  }

  function requireRecent(timestampMs: number, scheme: WebhookScheme): void {
    const ageMs = now() - timestampMs;
    if (-maxSkewMs <= ageMs && ageMs <= maxAgeMs[scheme]) return;
    throw new ResetError(
      'InvalidRequest',
      `must lie within the last ${maxAgeMs[scheme] / 60_000} minutes`,
      { target: 'timestamp' },
    );
  }
}

const maxSkewMs = 300_000;

/**
 * A sender repeats what was not answered, each time with a new signature, maybe for days. A message counts
 * as known for a day; one that is nearly that old could be carried out twice. Where the signature
 * covers no time of sending, this is all that stands against a replay.
 */
const maxAgeMs: Readonly<Record<WebhookScheme, number>> = {
  standard: 23 * 3_600_000,
  'hmac-sha256': maxSkewMs,
};

/** A header holds no line break, so that no caller can choose this key for another request. */
function toIdempotencyKey(messageId: string): string {
  return `webhook\n${messageId}`;
}
