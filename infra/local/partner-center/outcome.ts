import type { Reply } from './call.js';
import type { Fault } from './faults.js';

export interface Answer {
  readonly status: number;
  readonly statusText?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** What becomes of a reply: when its write is done, and what the client gets. */
export interface Outcome {
  readonly apply: 'now' | 'never' | { readonly afterMs: number };
  /** `cut` ends the connection, `none` keeps the client waiting. */
  readonly answer: Answer | 'cut' | 'none';
}

const jsonType = 'application/json; charset=utf-8';

/**
 * The reply as it is, or what a fault makes of it.
 *
 * @param serviceHeaders what the service puts on its own answers, and a gateway does not
 * @param otherUserId for an answer that names the wrong user
 */
export function decideOutcome(
  reply: Reply,
  effect: Fault['effect'],
  serviceHeaders: Readonly<Record<string, string>>,
  otherUserId: () => string,
): Outcome {
  const real = (body = reply.body, damage?: (sent: Buffer) => Buffer): Outcome => {
    const { status } = reply;
    const headers = { ...serviceHeaders, ...reply.headers };
    if (body === undefined) return { apply: 'now', answer: { status, headers } };
    const json = JSON.stringify(body);
    // Text goes out in one piece with its headers.
    const sent = damage === undefined ? json : damage(Buffer.from(json));
    const typed = { 'Content-Type': jsonType, ...headers };
    return { apply: 'now', answer: { status, headers: typed, body: sent } };
  };
  const damaged = (damage: (sent: Buffer) => Buffer) => real(reply.body, damage);
  const instead = (answer: Outcome['answer'], applied = false): Outcome => ({
    apply: applied ? 'now' : 'never',
    answer,
  });

  switch (effect?.kind) {
    case undefined:
      return real();
    case 'answer':
      return instead(toAnswer(effect), effect.applied);
    case 'throttle':
      return instead(toThrottleAnswer(effect.retryAfter));
    case 'cut':
      return instead('cut', effect.applied);
    case 'late': {
      const { applyAfterMs: afterMs, answer } = effect;
      if (answer === 'cut') return { apply: { afterMs }, answer };
      if (answer === 'never') return { apply: { afterMs }, answer: 'none' };
      return { apply: { afterMs }, answer: { ...answer, headers: {} } };
    }
    case 'hang':
      return instead('none');
    case 'truncate':
      return damaged((sent) => sent.subarray(0, Math.floor(sent.length / 2)));
    case 'html':
      return instead(toErrorPage(effect.status), effect.applied);
    case 'bom':
      return damaged((sent) => Buffer.concat([Buffer.from('\uFEFF'), sent]));
    case 'stringCode':
      return real(replaceProperty(reply.body, 'code', String));
    case 'wrongId':
      return real(replaceProperty(reply.body, 'id', otherUserId));
    case 'empty': {
      const { status, statusText, headers = {}, applied } = effect;
      return instead({ status, headers, ...(statusText !== undefined && { statusText }) }, applied);
    }
    case 'huge':
      // JSON may end in blanks, so the answer stays a good one.
      return damaged((sent) =>
        Buffer.concat([sent, Buffer.alloc(Math.max(0, effect.bytes - sent.length), ' ')]),
      );
  }
}

function toAnswer(effect: Extract<Fault['effect'], { kind: 'answer' }>): Answer {
  const { status, headers = {}, body } = effect;
  if (typeof body !== 'object') return { status, headers, ...(body !== undefined && { body }) };
  const typed = { 'Content-Type': jsonType, ...headers };
  return { status, headers: typed, body: JSON.stringify(body) };
}

/** @see https://learn.microsoft.com/partner-center/developer/api-throttling-guidance */
function toThrottleAnswer(retryAfter: number | string): Answer {
  const when = typeof retryAfter === 'number' ? `in ${retryAfter} seconds` : `after ${retryAfter}`;
  const message = `Rate limit is exceeded. Try again ${when}.`;
  return {
    status: 429,
    headers: { 'Content-Type': 'application/json', 'Retry-After': String(retryAfter) },
    body: JSON.stringify({ statusCode: 429, message }),
  };
}

function toErrorPage(status: number): Answer {
  const body = `<html><head><title>${status}</title></head><body><h1>${status}</h1></body></html>`;
  return { status, headers: { 'Content-Type': 'text/html' }, body };
}

/** A body without the property stays as it is. */
function replaceProperty(
  body: object | undefined,
  name: 'code' | 'id',
  replace: (value: unknown) => string,
): object | undefined {
  const value = (body as Readonly<Record<string, unknown>> | undefined)?.[name];
  return value === undefined ? body : { ...body, [name]: replace(value) };
}
