import type { HttpRequest } from '@azure/functions';
import { ResetError } from '../password-reset/reset-error.js';

const maxBodyBytes = 1_048_576;

/** In lower case and without parameters. */
export function mediaTypeOf({ headers }: Pick<HttpRequest, 'headers'>): string | undefined {
  return headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
}

/** @throws {@link ResetError} `UnsupportedMediaType`, `RequestTooLarge` */
export async function readBytes(request: HttpRequest): Promise<ArrayBuffer> {
  if ((request.headers.get('content-encoding') ?? 'identity') !== 'identity') {
    throw new ResetError('UnsupportedMediaType', 'The body must not be compressed');
  }
  const bytes = await request.arrayBuffer();
  if (bytes.byteLength <= maxBodyBytes) return bytes;
  throw new ResetError('RequestTooLarge', `The body is larger than ${maxBodyBytes} bytes`);
}
