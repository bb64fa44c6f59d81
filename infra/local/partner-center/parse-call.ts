import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Call } from './call.js';
import { parseJson, toProperties } from './json.js';
import type { OpenRecord } from './recorded-request.js';
import { findRoute, type Endpoint, type Methods } from './routes.js';

/** A request as it came off the wire. */
export interface RawRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

export interface ParsedCall {
  readonly call: Call;
  /** Undefined when there is no such route. */
  readonly methods: Methods | undefined;
  /** Undefined when the route does not know the method. */
  readonly endpoint: Endpoint | undefined;
  /** What is kept of the request from now on. */
  readonly record: OpenRecord;
}

export function parseCall(raw: RawRequest, atMs: number): ParsedCall {
  const { method, url, headers } = raw;
  const { pathname, search } = splitUrl(url);
  const [, version, ...segments] = pathname.split('/');
  const methods = version === 'v1' ? findRoute(segments) : undefined;
  const json = raw.body === '' ? undefined : parseJson(raw.body);
  const properties = toProperties(json);
  const header = (name: string) => headers[name]?.toString();
  const requestId = header('ms-requestid');
  const correlationId = header('ms-correlationid');
  const customerTenantId = segments[0] === 'customers' ? segments[1] : undefined;
  const userId = segments[2] === 'users' ? segments[3] : undefined;

  const call: Call = {
    path: pathname.replace(/^\/v1/, ''),
    search,
    query: new URLSearchParams(search),
    continuationToken: header('ms-continuationtoken'),
    customerTenantId,
    userId,
    properties,
    requestId: requestId ?? randomUUID(),
    correlationId: correlationId ?? randomUUID(),
  };
  const endpoint = methods?.[method]?.(call);
  const record: OpenRecord = {
    atMs,
    operation: endpoint?.operation ?? 'unknown',
    method,
    path: url,
    headers: withoutAuthorization(headers),
    ...(customerTenantId !== undefined && { customerTenantId }),
    ...(userId !== undefined && { userId }),
    ...(requestId !== undefined && { requestId }),
    ...(correlationId !== undefined && { correlationId }),
    status: 'pending',
    ...(method !== 'GET' && { applied: false }),
    ...(properties !== undefined && { bodyKeys: Object.keys(json as object) }),
  };
  return { call, methods, endpoint, record };
}

function splitUrl(url: string): { readonly pathname: string; readonly search: string } {
  const end = url.indexOf('?');
  if (end === -1) return { pathname: url, search: '' };
  return { pathname: url.slice(0, end), search: url.slice(end) };
}

function withoutAuthorization(headers: IncomingHttpHeaders): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (name !== 'authorization' && value !== undefined) kept[name] = String(value);
  }
  return kept;
}
