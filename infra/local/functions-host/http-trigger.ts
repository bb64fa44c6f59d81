import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Binding, RegisteredFunction } from './core-module.js';
import { contentLength, toHttpData, toTraceContext } from './http-request.js';
import { sendHttpData } from './http-response.js';
import type { Invoke } from './invocation.js';
import { parseRoute, type Route } from './route.js';
import { triggerBinding } from './trigger.js';

/** A function that answers requests. */
export interface HttpFunction {
  readonly name: string;
  readonly methods: readonly string[];
  readonly route: Route;
  /** For people: `GET,POST /api/orders/{id}`. */
  readonly description: string;
  answer(
    request: IncomingMessage,
    response: ServerResponse,
    params: Readonly<Record<string, string>>,
  ): Promise<void>;
}

export interface HttpFunctionDependencies {
  readonly routePrefix: string;
  /** What callers of levels `function` and `admin` must show; without one nobody passes. */
  readonly hostKey: string | undefined;
  /** Bytes; a longer body is answered 413. */
  readonly maxBodyBytes: number;
  readonly invoke: Invoke;
}

/** @see https://learn.microsoft.com/azure/azure-functions/functions-bindings-http-webhook-trigger */
export function createHttpFunction(
  registered: RegisteredFunction,
  dependencies: HttpFunctionDependencies,
): HttpFunction {
  const { routePrefix, hostKey, maxBodyBytes, invoke } = dependencies;
  const { name } = registered.metadata;
  const { inputName, binding } = triggerBinding(registered.metadata);
  const { methods, authLevel, route = name } = binding as HttpTriggerBinding;
  const template = `/${routePrefix}/${route}`.replaceAll(/\/+/g, '/');

  return {
    name,
    methods: methods.map((method) => method.toUpperCase()),
    route: parseRoute(template),
    description: `${methods.join(',')} ${template}`,
    async answer(request, response, params) {
      if (authLevel !== 'anonymous' && !showsKey(request, hostKey)) {
        response.writeHead(401).end();
        return;
      }
      if ((contentLength(request) ?? 0) > maxBodyBytes) {
        response.writeHead(413, { connection: 'close' }).end();
        return;
      }
      const http = await toHttpData(request, params);
      const answer = await invoke(registered, {
        inputData: [{ name: inputName, data: { http } }],
        ...toTraceContext(request),
      }).then(
        ({ returnValue }) => returnValue?.http,
        // `invoke` has logged it. The caller learns no more than from the platform.
        () => ({ statusCode: '500' }),
      );
      sendHttpData(response, answer);
    },
  };
}

/** The key comes in the header `x-functions-key` or as `code` in the query. */
export function showsKey(request: IncomingMessage, hostKey: string | undefined): boolean {
  const { headers, url = '' } = request;
  const shown = headers['x-functions-key'] ?? new URL(url, 'http://local').searchParams.get('code');
  return hostKey !== undefined && shown === hostKey;
}

interface HttpTriggerBinding extends Binding {
  readonly methods: readonly string[];
  readonly authLevel: 'anonymous' | 'function' | 'admin';
  readonly route?: string;
}
