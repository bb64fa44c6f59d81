import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

export interface LoopbackRequest {
  readonly method: string;
  /** Without query, percent-encoding kept. */
  readonly path: string;
  /** Names and values decoded: Azure's clients send `api%2Dversion`. */
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface LoopbackReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
  /** How it reaches the client: `cut` after half of the body, `never` at all. @default 'whole' */
  readonly delivery?: 'whole' | 'cut' | 'never';
}

export interface LoopbackServer {
  /** Without a trailing slash. */
  readonly url: string;
  /** Ends open connections too: idle keep-alive ones and those still waiting for an answer. */
  close(): Promise<void>;
}

export type Answer = (request: LoopbackRequest) => LoopbackReply | Promise<LoopbackReply>;

/**
 * Serves on 127.0.0.1 only.
 *
 * @param port 0 takes a free one
 */
export async function startLoopbackServer(answer: Answer, port = 0): Promise<LoopbackServer> {
  const server = createServer((request, response) => void serve(request, response, answer));
  // Azure's front ends keep idle connections for minutes; Node's 5 s would make clients meet a reset.
  server.keepAliveTimeout = 120_000;

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export function jsonReply(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): LoopbackReply {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body: JSON.stringify(body),
  };
}

const largestBodyBytes = 1024 * 1024;

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
): Promise<void> {
  try {
    const body = await readBody(request);
    if (body === undefined) {
      send(response, { status: 413, body: '' });
      return;
    }
    const { pathname, searchParams } = new URL(`http://127.0.0.1${request.url ?? '/'}`);
    const { method = 'GET', headers } = request;
    send(response, await answer({ method, path: pathname, query: searchParams, headers, body }));
  } catch (error) {
    // A defect of the stand-in: shown to whoever develops against it, as an answer nobody expects.
    send(response, { status: 500, body: `stand-in failed: ${String(error)}` });
  }
}

/** Undefined when it is too large; it is read to its end all the same, or the answer would be lost. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= largestBodyBytes) chunks.push(chunk);
  }
  return bytes <= largestBodyBytes ? Buffer.concat(chunks).toString('utf8') : undefined;
}

function send(response: ServerResponse, reply: LoopbackReply): void {
  const { status, headers, body, delivery = 'whole' } = reply;
  if (delivery === 'never' || response.destroyed) return;

  const bytes = Buffer.from(body);
  response.writeHead(status, { ...headers, 'content-length': bytes.length });
  if (delivery === 'whole') {
    response.end(bytes);
    return;
  }
  response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => response.destroy());
}
