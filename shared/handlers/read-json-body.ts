import type { HttpRequest } from '@azure/functions';
import { ResetError } from '../password-reset/reset-error.js';
import { mediaTypeOf, readBytes } from './read-body.js';

/** @throws {@link ResetError} `UnsupportedMediaType`, `RequestTooLarge`, `InvalidRequest` */
export async function readJsonBody(request: HttpRequest): Promise<unknown> {
  return parseJsonBody(await readJsonBytes(request));
}

/**
 * The body as it was sent, for whoever has to look at it before it is parsed.
 *
 * @throws {@link ResetError} `UnsupportedMediaType`, `RequestTooLarge`
 */
export async function readJsonBytes(request: HttpRequest): Promise<ArrayBuffer> {
  if (mediaTypeOf(request) === 'application/json') return readBytes(request);
  throw new ResetError('UnsupportedMediaType', 'The body must be sent as application/json');
}

/** @throws {@link ResetError} `InvalidRequest` */
export function parseJsonBody(bytes: ArrayBuffer): unknown {
  // The parser's own message quotes the body, so only the fact is passed on.
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return parseUnambiguous(text);
  } catch (error) {
    if (error instanceof ResetError) throw error;
    throw new ResetError('InvalidRequest', 'The body is not JSON in UTF-8');
  }
}

const stringOrName = /"[^"\\]*(?:\\.[^"\\]*)*"\s*:?/g;

/** Of a field that is named twice the parser would take the last, where another reader saw the first. */
function parseUnambiguous(text: string): unknown {
  let kept = 0;
  const value: unknown = JSON.parse(text, function (this: unknown, _name, field: unknown) {
    if (!Array.isArray(this)) kept += 1;
    return field;
  });
  const written = text.match(stringOrName)?.filter((token) => token.endsWith(':')).length ?? 0;
  // The parser also counts the value as a whole.
  if (written > kept - 1) {
    throw new ResetError('InvalidRequest', 'The body names a field twice');
  }
  return value;
}
