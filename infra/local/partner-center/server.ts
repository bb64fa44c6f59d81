import { setMaxListeners } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Directory } from '../directory/directory.js';
import { createAccessTokenReader } from './access-token.js';
import { createAuditLog } from './audit-log.js';
import { answerControl, controlPrefix } from './control.js';
import { createExchange } from './exchange.js';
import { createFaults, type Faults } from './faults.js';
import type { RawRequest } from './parse-call.js';
import type { OpenRecord, RecordedRequest } from './recorded-request.js';

export interface PartnerCenterStandIn {
  /** The base URL, without `/v1`. */
  readonly url: string;
  /** In order of arrival. */
  readonly requests: readonly RecordedRequest[];
  readonly faults: Pick<Faults, 'set' | 'clear'>;
  clearRequests(): void;
  /** Ends open connections; changes that a `late` fault still holds back are dropped. */
  close(): Promise<void>;
}

export interface PartnerCenterOptions {
  readonly directory: Directory;
  /** Where the keys are that access tokens are signed with. */
  readonly jwksUrl: string;
  /** What the `iss` of an access token must begin with. */
  readonly issuerPrefix?: string;
  /** @default 'https://api.partnercenter.microsoft.com' */
  readonly audience?: string;
  /** @default 0, any free port */
  readonly port?: number;
  readonly now?: () => number;
  /** Whether a password is taken on the plain `PATCH` of a user. @default 'accepted' */
  readonly legacyRoute?: 'accepted' | 'refused';
  /** Whether the partner may reset users who hold a directory role. @default false */
  readonly privileged?: boolean;
  /**
   * Whether a write that repeats the `MS-RequestId` of one that was done gets its answer and does
   * nothing. How the real service takes it is not documented. @default false
   */
  readonly remembersRequestIds?: boolean;
  /** Sees each request as it came, secrets included. */
  readonly onRequest?: (raw: RawRequest) => void;
}

/** A Partner Center on the loopback interface, in front of the given directory. */
export async function startPartnerCenter(
  options: PartnerCenterOptions,
): Promise<PartnerCenterStandIn> {
  const { directory, jwksUrl, issuerPrefix, port = 0, now = Date.now, onRequest } = options;
  const audience = options.audience ?? 'https://api.partnercenter.microsoft.com';
  const requests: OpenRecord[] = [];
  const clearRequests = () => void requests.splice(0);
  const faults = createFaults();
  const closing = new AbortController();
  setMaxListeners(0, closing.signal);
  const exchange = createExchange({
    world: {
      directory,
      auditLog: createAuditLog(now),
      now,
      legacyRoute: options.legacyRoute ?? 'accepted',
      privileged: options.privileged ?? false,
    },
    readAccessToken: createAccessTokenReader({ jwksUrl, issuerPrefix, audience, now }),
    faults,
    requests,
    remembersRequestIds: options.remembersRequestIds ?? false,
    closing: closing.signal,
  });

  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const { method = '', url = '', headers, rawHeaders } = request;
    const raw = { method, url, headers, rawHeaders, body: await readBody(request) };
    if (url.startsWith(controlPrefix)) {
      const control = { faults, requests, clearRequests };
      const { status, body } = answerControl(control, { method, path: url, body: raw.body });
      response.writeHead(status, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify(body));
      return;
    }
    onRequest?.(raw);
    await exchange(raw, response);
  };

  const server = createServer((request, response) => {
    // Only a client that hung up, or closing, gets here: there is nobody to answer.
    serve(request, response).catch(() => response.destroy());
  });
  // A client may keep its connections as long as a load balancer would let it.
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    faults,
    clearRequests,
    close: () =>
      new Promise((resolve) => {
        closing.abort();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const { headers } = request;
  const isEmpty = headers['content-length'] === '0' || headers['content-length'] === undefined;
  if (isEmpty && headers['transfer-encoding'] === undefined) return '';
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
