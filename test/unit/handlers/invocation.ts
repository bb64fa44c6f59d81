import {
  type HttpHandler,
  HttpRequest,
  HttpResponse,
  InvocationContext,
  type LogLevel,
  type Timer,
} from '@azure/functions';
import { expect } from '@jest/globals';
import type { ResetErrorCode } from '../../../shared/password-reset/reset-error.js';

export const invocationId = 'a1b2c3d4-0000-4000-8000-000000000001';

export interface LogEntry {
  readonly level: LogLevel;
  readonly args: readonly unknown[];
}

/** The library's own context, and what was logged through it. */
export function anInvocation(triggerMetadata: Record<string, unknown> = {}) {
  const logged: LogEntry[] = [];
  const context = new InvocationContext({
    invocationId,
    functionName: 'under-test',
    logHandler: (level, ...args) => logged.push({ level, args }),
    triggerMetadata,
  });
  return { context, logged };
}

/** A turn that is in time. */
export function aTimer(): Timer {
  const time = '2026-01-01T00:00:00.000Z';
  return {
    isPastDue: false,
    schedule: { adjustForDST: false },
    scheduleStatus: { last: time, next: time, lastUpdated: time },
  };
}

export interface RequestValues {
  readonly method?: 'GET' | 'HEAD' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  /** Text and bytes are sent as they are, anything else as JSON. */
  readonly body?: unknown;
}

/** The library's own request; with a body, it is a JSON request unless the headers say otherwise. */
export function aRequest(values: RequestValues = {}): HttpRequest {
  const { body, headers = {}, params = {}, query = {} } = values;
  const { method = body === undefined ? 'GET' : 'POST' } = values;
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  return new HttpRequest({
    method,
    url: 'https://resets.example/api/under-test',
    headers: { ...type, ...headers },
    params,
    query,
    ...(body !== undefined && { body: { bytes: toBytes(body) } }),
  });
}

function toBytes(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body;
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The body as it is sent. */
  readonly text: string;
  /** What it says, if it is JSON. */
  readonly body: unknown;
  readonly logged: readonly LogEntry[];
}

/** What the library makes of a handler's answer. */
export async function call(handler: HttpHandler, values: RequestValues = {}): Promise<Answer> {
  const { context, logged } = anInvocation();
  const init = await handler(aRequest(values), context);
  const response = new HttpResponse(init);
  const text = await response.text();
  const isJson = response.headers.get('content-type') === 'application/json';
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    text,
    body: isJson ? JSON.parse(text) : undefined,
    logged,
  };
}

export interface Refusal {
  readonly status: number;
  readonly code: ResetErrorCode;
  readonly message?: string;
  readonly target?: string;
}

/** An error as every door answers it. */
export function expectRefusal(answer: Answer, { status, ...error }: Refusal): void {
  expect(answer).toMatchObject({ status, body: { error } });
  expect(Object.keys(answer.body as object)).toEqual(['error']);
  expect(answer.headers).toMatchObject({
    'content-type': 'application/json',
    'x-ms-error-code': error.code,
    'x-ms-request-id': invocationId,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
}
