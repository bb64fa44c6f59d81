import { randomBytes, randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AccessToken, ReadAccessToken } from './access-token.js';
import type { Call, Reply, World } from './call.js';
import type { Faults } from './faults.js';
import { decideOutcome, type Answer } from './outcome.js';
import { parseCall, type ParsedCall, type RawRequest } from './parse-call.js';
import type { OpenRecord } from './recorded-request.js';
import { Refusal } from './refusal.js';
import type { Endpoint } from './routes.js';

interface Dependencies {
  readonly world: World;
  readonly readAccessToken: ReadAccessToken;
  readonly faults: Faults;
  readonly requests: OpenRecord[];
  /** Whether a write that repeats a known `MS-RequestId` gets the earlier answer and does nothing. */
  readonly remembersRequestIds: boolean;
  /** Aborted when the server closes; what is still to be done then is dropped. */
  readonly closing: AbortSignal;
}

/**
 * One request from its arrival to its answer: record it, let a fault delay or spoil it, handle it.
 * Like the real service it goes on when the client gives up.
 */
export function createExchange(
  dependencies: Dependencies,
): (raw: RawRequest, response: ServerResponse) => Promise<void> {
  const { world, readAccessToken, faults, requests, remembersRequestIds, closing } = dependencies;
  const repliesByRequestId = new Map<string, Reply>();

  return async (raw, response) => {
    const parsed = parseCall(raw, world.now());
    const { call, record } = parsed;
    requests.push(record);
    response.once('close', () => {
      if (record.status === 'pending') record.status = 'cut';
    });

    const { latencyMs, effect } = faults.next(record);
    if (latencyMs > 0) await sleep(latencyMs, undefined, { signal: closing });
    const reply = await handle(raw, parsed);
    const otherUserId = () => findOtherUser(call, world);
    const outcome = decideOutcome(reply, effect, toServiceHeaders(call), otherUserId);

    const apply = () => {
      if (reply.apply === undefined) return;
      reply.apply();
      record.applied = true;
      const { status, body } = reply;
      const remembered = { status, ...(body !== undefined && { body }) };
      if (remembersRequestIds) repliesByRequestId.set(call.requestId, remembered);
    };
    if (outcome.apply === 'now') apply();
    if (typeof outcome.apply === 'object') {
      sleep(outcome.apply.afterMs, undefined, { signal: closing }).then(apply, () => undefined);
    }
    if (outcome.answer === 'none') return;
    record.status = outcome.answer === 'cut' || response.destroyed ? 'cut' : outcome.answer.status;
    if (outcome.answer === 'cut') response.destroy();
    else sendAnswer(response, outcome.answer);
  };

  async function handle(raw: RawRequest, parsed: ParsedCall): Promise<Reply> {
    const { call, methods, endpoint } = parsed;
    const mfaHeaders: Record<string, string> = {};
    try {
      if (methods === undefined) throw new Refusal('routeNotFound');
      if (endpoint === undefined) {
        return { status: 405, headers: { Allow: Object.keys(methods).join(', ') } };
      }
      const caller = await readAccessToken(raw.headers.authorization);
      if (raw.headers['validatemfa'] === 'true') {
        mfaHeaders['isMfaCompliant'] = String(caller.hasMfa);
      }
      requireAccepted(caller, endpoint);
      const known = repliesByRequestId.get(call.requestId);
      const reply =
        raw.method === 'GET' || known === undefined ? endpoint.handle(call, caller, world) : known;
      return { ...reply, headers: { ...reply.headers, ...mfaHeaders } };
    } catch (error) {
      if (error instanceof Refusal) {
        const { status, body, headers } = error;
        return { status, body, headers: { ...headers, ...mfaHeaders } };
      }
      const description = `An unexpected error occurred: ${String(error)}`;
      return { status: 500, body: { code: 800003, description, data: [], source: 'PartnerFD' } };
    }
  }
}

/** App-only tokens stand for no person, so they have no MFA to prove. */
function requireAccepted(caller: AccessToken, { acceptsAppOnly }: Endpoint): void {
  if (caller.isAppOnly && acceptsAppOnly !== true) throw new Refusal('appOnlyNotAccepted');
  if (!caller.isAppOnly && !caller.hasMfa) {
    throw new Refusal('mfaRequired', {
      headers: {
        'WWW-Authenticate': 'Bearer error="invalid_token"',
        'Request-Context': 'appId=cid-v1:00000000-0000-0000-0000-000000000000',
      },
    });
  }
}

/** @see https://learn.microsoft.com/partner-center/developer/headers */
function toServiceHeaders({ requestId, correlationId }: Call): Record<string, string> {
  return {
    'MS-CorrelationId': correlationId,
    'MS-RequestId': requestId,
    'MS-CV': `${randomBytes(12).toString('base64')}.0`,
    'MS-ServerId': '101112616',
  };
}

function sendAnswer(response: ServerResponse, answer: Answer): void {
  const { status, statusText, headers, body = '' } = answer;
  if (statusText !== undefined) response.statusMessage = statusText;
  const length = status === 204 ? {} : { 'Content-Length': Buffer.byteLength(body) };
  response.writeHead(status, { ...headers, ...length });
  response.end(body);
}

function findOtherUser({ customerTenantId = '', userId = '' }: Call, { directory }: World): string {
  for (const id of directory.findCustomer(customerTenantId)?.users.keys() ?? []) {
    if (id !== userId.toLowerCase()) return id;
  }
  return randomUUID();
}
