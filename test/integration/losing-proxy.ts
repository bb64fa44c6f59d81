import { createServer, request as forward, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { announceTraffic } from '../leak-net/traffic.js';

export interface LosingProxy {
  readonly url: string;
  /** Method, path and query of every request, in order. */
  readonly seen: readonly string[];
  /** The next request with this method is carried out, and nobody is told. */
  loseNextAnswer(method: string): void;
  /** From now on a page of a table has no more entities than this, and says that more follow. */
  shortenPages(entities: number): void;
  close(): Promise<void>;
}

/** Stands between a client and a service, as a network does. */
export async function startLosingProxy(targetUrl: string): Promise<LosingProxy> {
  const { hostname, port } = new URL(targetUrl);
  const seen: string[] = [];
  let methodToLose: string | undefined;
  let pageSize: number | undefined;

  const server = createServer((incoming, response) => {
    const { method = 'GET', headers } = incoming;
    seen.push(`${method} ${incoming.url ?? ''}`);
    const isLost = method === methodToLose;
    if (isLost) methodToLose = undefined;

    const path = withPageSize(incoming, pageSize);
    const outgoing = forward({ hostname, port, method, path, headers }, (answer) => {
      if (isLost) {
        answer.resume().once('end', () => incoming.socket.destroy());
        return;
      }
      response.writeHead(answer.statusCode ?? 500, answer.rawHeaders);
      answer.pipe(response);
    });
    outgoing.once('error', () => incoming.socket.destroy());
    announceBody(incoming);
    incoming.pipe(outgoing);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    loseNextAnswer: (method) => void (methodToLose = method),
    shortenPages: (entities) => void (pageSize = entities),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function announceBody(incoming: IncomingMessage): void {
  const chunks: Buffer[] = [];
  incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
  incoming.once('end', () => {
    announceTraffic({ url: incoming.url ?? '', body: Buffer.concat(chunks).toString() });
  });
}

/** The signature of a request to a table does not cover the size of the page. */
function withPageSize({ url = '/' }: IncomingMessage, pageSize: number | undefined): string {
  return pageSize === undefined ? url : url.replace(/(%24|\$)top=\d+/, `$1top=${pageSize}`);
}
