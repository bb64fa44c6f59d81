import { randomBytes, randomUUID } from 'node:crypto';
import { announceSecret } from './announcements.js';
import { createFaults, faultsPath, type FaultSwitch } from './faults/faults.js';
import { underFaults, type TransportFault } from './faults/transport-fault.js';
import {
  jsonReply,
  startLoopbackServer,
  type LoopbackReply,
  type LoopbackRequest,
} from './loopback-server.js';

export interface ManagedIdentityStandIn {
  /** For `IDENTITY_ENDPOINT`. */
  readonly url: string;
  /** For `IDENTITY_HEADER`. */
  readonly header: string;
  readonly requests: readonly RecordedIdentityRequest[];
  readonly faults: FaultSwitch<IdentityFault>;
  /** Whether the token was issued here, for this resource, and has not expired. */
  accepts(token: string, resource: string): boolean;
  close(): Promise<void>;
}

interface RecordedIdentityRequest {
  readonly atMs: number;
  readonly resource: string | undefined;
  readonly clientId: string | undefined;
  readonly outcome: 'issued' | 'refused' | 'unanswered';
}

type IdentityFault = TransportFault & { readonly times?: number };

export interface ManagedIdentityOptions {
  /**
   * Of the user-assigned identity: then a request must name it, as in an app that has no other. Without
   * it the app has a system-assigned identity, and a request must name none.
   */
  readonly clientId?: string;
  readonly port?: number;
  readonly now?: () => number;
  /** Makes the token for a resource. @default random text */
  readonly tokenFor?: (resource: string) => Promise<string>;
}

const tokenLifetimeMs = 24 * 3_600_000;

/**
 * The managed identity endpoint of App Service, api-version 2019-08-01.
 *
 * @see https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
 */
export async function startManagedIdentity(
  options: ManagedIdentityOptions = {},
): Promise<ManagedIdentityStandIn> {
  const { clientId, port, now = Date.now, tokenFor = randomToken } = options;
  const header = randomUUID();
  announceSecret('identity header', header);
  const ownClientId = clientId ?? randomUUID();
  const faults = createFaults<IdentityFault>();
  const requests: RecordedIdentityRequest[] = [];
  const issued = new Map<string, { readonly resource: string; readonly expiresAtMs: number }>();

  async function answer(request: LoopbackRequest): Promise<LoopbackReply> {
    if (request.path === faultsPath) return faults.answer(request);
    if (request.path !== '/msi/token') return { status: 404, body: '' };

    const resource = request.query.get('resource') ?? undefined;
    const requestedClientId = request.query.get('client_id') ?? undefined;
    let outcome: RecordedIdentityRequest['outcome'] = 'unanswered';

    const reply = await underFaults(faults.take(), async () => {
      outcome = 'refused';
      const refused = refusal(request, header, clientId);
      if (refused !== undefined) return refused;
      if (!resource) return errorReply(400, 'The parameter resource is required.');

      const token = await tokenFor(resource);
      announceSecret('access token', token);
      const expiresAtMs = now() + tokenLifetimeMs;
      issued.set(token, { resource: withoutSlash(resource), expiresAtMs });
      outcome = 'issued';
      return jsonReply(200, {
        access_token: token,
        // Text, as the endpoint sends it.
        expires_on: String(Math.floor(expiresAtMs / 1000)),
        resource,
        token_type: 'Bearer',
        client_id: ownClientId,
      });
    });
    requests.push({ atMs: now(), resource, clientId: requestedClientId, outcome });
    return reply;
  }

  const server = await startLoopbackServer(answer, port);
  return {
    url: `${server.url}/msi/token`,
    header,
    requests,
    faults,
    accepts(token, resource) {
      const entry = issued.get(token);
      return entry?.resource === withoutSlash(resource) && now() < entry.expiresAtMs;
    },
    close: () => server.close(),
  };
}

function refusal(
  { method, headers, query }: LoopbackRequest,
  header: string,
  clientId: string | undefined,
): LoopbackReply | undefined {
  if (method !== 'GET') return { status: 405, body: '' };
  if (headers['x-identity-header'] !== header) {
    return errorReply(401, 'The header X-IDENTITY-HEADER is missing or wrong.');
  }
  if (query.get('api-version') !== '2019-08-01') {
    return errorReply(400, 'The parameter api-version must be 2019-08-01.');
  }
  if (query.get('client_id')?.toLowerCase() !== clientId?.toLowerCase()) {
    return errorReply(
      400,
      'No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId.',
    );
  }
  return undefined;
}

function errorReply(statusCode: number, message: string): LoopbackReply {
  return jsonReply(statusCode, { statusCode, message, correlationId: randomUUID() });
}

function withoutSlash(resource: string): string {
  return resource.replace(/\/$/, '');
}

function randomToken(): Promise<string> {
  return Promise.resolve(randomBytes(32).toString('base64url'));
}
