import type { HttpRequest } from '@azure/functions';
import { ResetError } from '../password-reset/reset-error.js';

const maxBodyBytes = 1_048_576;

/** @throws {@link ResetError} `UnsupportedMediaType`, `RequestTooLarge`, `InvalidRequest` */
export async function readJsonBody(request: HttpRequest): Promise<unknown> {
  requireJson(request);
  const bytes = await request.arrayBuffer();
  if (bytes.byteLength > maxBodyBytes) {
    throw new ResetError('RequestTooLarge', `The body is larger than ${maxBodyBytes} bytes`);
  }
  // The parser's own message quotes the body, so only the fact is passed on.
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;
  } catch {
    throw new ResetError('InvalidRequest', 'The body is not JSON in UTF-8');
  }
}

function requireJson({ headers }: HttpRequest): void {
  const type = headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') {
    throw new ResetError('UnsupportedMediaType', 'The body must be sent as application/json');
  }
  if ((headers.get('content-encoding') ?? 'identity') !== 'identity') {
    throw new ResetError('UnsupportedMediaType', 'The body must not be compressed');
  }
}
