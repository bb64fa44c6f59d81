import type { IncomingMessage } from 'node:http';
import type { HttpData, InvocationRequest } from './core-module.js';

/** The request as the genuine host hands it to the library: nullable dictionaries and body bytes. */
export async function toHttpData(
  request: IncomingMessage,
  params: Readonly<Record<string, string>>,
): Promise<HttpData> {
  const { method = '', headers, headersDistinct, url = '' } = request;
  const query = new URL(url, 'http://local').searchParams;
  const body = await readBody(request);
  return {
    method,
    url: `http://${headers.host ?? 'localhost'}${url}`,
    nullableHeaders: toNullable(Object.entries(headersDistinct), ([, values = []]) =>
      values.join(','),
    ),
    nullableQuery: toNullable(
      [...new Set(query.keys())].map((name) => [name] as const),
      ([name]) => query.getAll(name).join(','),
    ),
    nullableParams: toNullable(Object.entries(params), ([, value]) => value),
    ...(body && { body: { bytes: body } }),
  };
}

/** @see https://www.w3.org/TR/trace-context/ */
export function toTraceContext({
  headers,
}: IncomingMessage): Pick<InvocationRequest, 'traceContext'> {
  const { traceparent, tracestate } = headers;
  if (typeof traceparent !== 'string') return {};
  const traceState = typeof tracestate === 'string' ? { traceState: tracestate } : {};
  return { traceContext: { traceParent: traceparent, ...traceState } };
}

/** As announced; undefined when it is not, which also holds for a chunked body. */
export function contentLength({ headers }: IncomingMessage): number | undefined {
  const length = headers['content-length'];
  return length === undefined ? undefined : Number(length);
}

/** Outside of streaming, the genuine host reads a body only when its length is announced. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  if ((contentLength(request) ?? 0) === 0) return undefined;
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function toNullable<T extends readonly [string, ...unknown[]]>(
  entries: readonly T[],
  toValue: (entry: T) => string,
): Record<string, { value: string }> {
  return Object.fromEntries(entries.map((entry) => [entry[0], { value: toValue(entry) }]));
}
