import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { showsKey, type HttpFunction } from './http-trigger.js';
import { describeError, type Log } from './log.js';
import type { Trigger } from './trigger.js';

export interface HttpServer {
  readonly url: string;
  /** Takes no new request; resolves when every answer is sent and every run it started is over. */
  stop(): Promise<void>;
}

export interface HttpServerOptions {
  /** 0 for a free one. */
  readonly port: number;
  readonly functions: readonly HttpFunction[];
  /** What `POST /admin/functions/{name}` can run. */
  readonly triggers: ReadonlyMap<string, Trigger>;
  /** What a caller of the admin route must show; without one the route is open to this machine. */
  readonly hostKey: string | undefined;
  readonly log: Log;
}

const adminPath = /^\/admin\/functions\/([^/]+)$/;

/** Serves the functions on 127.0.0.1; rejects when the port is taken. */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { port, log } = options;
  const functions = options.functions.toSorted((a, b) =>
    a.route.precedence < b.route.precedence ? -1 : 1,
  );
  const adminRuns = new Set<Promise<void>>();
  const openResponses = new Set<ServerResponse>();
  let isStopping = false;

  const server = createServer((request, response) => {
    openResponses.add(response);
    response.once('close', () => openResponses.delete(response));
    if (isStopping) response.writeHead(503, { connection: 'close' }).end();
    else void answer(request, response);
  });
  // That of the platform's server: clients may rely on a connection for longer than Node's 5 s.
  server.keepAliveTimeout = 130_000;
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await dispatch(request, response);
    } catch (error) {
      log('warning', 'host', `refused a request: ${describeError(error)}`);
      if (response.headersSent) response.destroy();
      else response.writeHead(400, { connection: 'close' }).end();
    }
  }

  async function dispatch(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request;
    const [path = ''] = url.split('?', 1);
    // A method the route does not have is no route, so it is 404 rather than 405.
    for (const candidate of functions.filter(({ methods }) => methods.includes(method))) {
      const params = candidate.route.match(path);
      if (params === undefined) continue;
      await candidate.answer(request, response, params);
      return;
    }
    const name = method === 'POST' ? adminPath.exec(path)?.[1] : undefined;
    if (name === undefined) response.writeHead(404).end();
    else await runNow(decodeURIComponent(name), request, response);
  }

  /** @see https://learn.microsoft.com/azure/azure-functions/functions-manually-run-non-http */
  async function runNow(
    name: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { triggers, hostKey } = options;
    const trigger = triggers.get(name);
    if (hostKey !== undefined && !showsKey(request, hostKey)) response.writeHead(401).end();
    else if (trigger === undefined) response.writeHead(404).end();
    else {
      const { input = '' } = (await readJson(request)) as { input?: unknown };
      const text = typeof input === 'string' ? input : JSON.stringify(input);
      // Its failure is in the log; whoever asked has long been answered.
      const run = trigger.runNow(text).catch(() => undefined);
      adminRuns.add(run);
      void run.then(() => adminRuns.delete(run));
      response.writeHead(202).end();
    }
  }

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      isStopping = true;
      // Node closes idle connections by itself; these would be idle once they are answered.
      for (const response of openResponses) response.shouldKeepAlive = false;
      const closed = once(server, 'close');
      server.close();
      await Promise.all([closed, ...adminRuns]);
    },
  };
}

async function readJson(request: IncomingMessage): Promise<object> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const parsed: unknown = JSON.parse(Buffer.concat(chunks).toString());
  return Object(parsed) as object;
}
