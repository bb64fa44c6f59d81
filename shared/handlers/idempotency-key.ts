import type { HttpRequest } from '@azure/functions';
import { ResetError } from '../password-reset/reset-error.js';

const plainHeader = 'Idempotency-Key';
const repeatabilityHeader = 'Repeatability-Request-ID';

export interface Idempotency {
  /** Absent when the request is not to be told from others. */
  readonly key?: string;
  /** For the answer to what was accepted. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * The key under which the same request is the same operation, from either of the headers that say so.
 *
 * @throws {@link ResetError} `InvalidRequest`, with the header as its target
 * @see https://docs.oasis-open.org/odata/repeatable-requests/v1.0/repeatable-requests-v1.0.html
 */
export function readIdempotency({ headers }: Pick<HttpRequest, 'headers'>): Idempotency {
  const plain = keyIn(headers, plainHeader);
  const repeatability = keyIn(headers, repeatabilityHeader);
  if (plain !== undefined && repeatability !== undefined && plain !== repeatability) {
    throw refusal(`must equal ${plainHeader}, or be left out`, repeatabilityHeader);
  }
  const key = plain ?? repeatability;
  return {
    ...(key !== undefined && { key }),
    headers: repeatability === undefined ? {} : { 'Repeatability-Result': 'accepted' },
  };
}

function keyIn(headers: HttpRequest['headers'], name: string): string | undefined {
  const value = headers.get(name);
  // The text of an expression that a flow sent instead of its value: the same for every request.
  if (value === null || value.startsWith('@')) return undefined;
  if (/^[\x20-\x7e]{1,255}$/.test(value)) return value;
  throw refusal('must have 1 to 255 printable ASCII characters', name);
}

function refusal(message: string, target: string): ResetError {
  return new ResetError('InvalidRequest', message, { target });
}
