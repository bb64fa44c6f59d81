import { createFaults, faultsPath, type FaultSwitch } from '../faults/faults.js';
import { oneOfRule, textRule } from '../faults/parse-faults.js';
import { underFaults, type TransportFault } from '../faults/transport-fault.js';
import {
  startLoopbackServer,
  type LoopbackReply,
  type LoopbackRequest,
  type LoopbackServer,
} from '../loopback-server.js';
import { answerSecretOperation } from './answer-secret-operation.js';
import { operations, parseSecretOperation, type SecretOperation } from './secret-operation.js';
import { challengeReply, errorReply } from './secret-replies.js';
import { createSecretStore } from './secret-store.js';

export interface KeyVaultStandIn {
  readonly url: string;
  readonly requests: readonly RecordedVaultRequest[];
  /** What is in the vault, past the wire. */
  readonly secrets: {
    /** The newest value. */
    get(name: string): string | undefined;
    /** Makes a new version. */
    set(name: string, value: string): void;
    /** Oldest first. */
    versions(name: string): readonly VersionState[];
    /** @throws {RangeError} when there is no such version */
    disable(name: string, version: string): void;
  };
  readonly faults: FaultSwitch<VaultFault>;
  close(): Promise<void>;
}

interface VersionState {
  readonly version: string;
  readonly enabled: boolean;
  readonly createdOn: Date;
}

interface RecordedVaultRequest {
  readonly atMs: number;
  readonly method: string;
  readonly name: string | undefined;
  readonly version?: string;
  /** 0 when a fault let nobody answer. */
  readonly status: number;
}

/** Hits authorized requests only, so that `times` counts operations and not challenges. */
export type VaultFault = TransportFault & {
  readonly times?: number;
  readonly operation?: SecretOperation['operation'];
  readonly name?: string;
};

export interface KeyVaultOptions {
  /** By name; each becomes the first version. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly accepts: (token: string) => boolean;
  readonly port?: number;
  readonly now?: () => number;
}

/** The data plane of a vault's secrets. */
export async function startKeyVault(options: KeyVaultOptions): Promise<KeyVaultStandIn> {
  const { accepts, port, now = Date.now } = options;
  const store = createSecretStore(now);
  for (const [name, value] of Object.entries(options.secrets)) store.set(name, value);
  const faults = createFaults<VaultFault>({
    beside: {
      operation: oneOfRule(operations),
      name: textRule,
    },
  });
  const requests: RecordedVaultRequest[] = [];

  async function answer(
    request: LoopbackRequest,
    asked: SecretOperation | undefined,
  ): Promise<LoopbackReply> {
    const token = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (token === undefined) return challengeReply('Request is missing a Bearer or PoP token.');
    if (!accepts(token)) return challengeReply('The access token is not valid for this vault.');
    if (!request.query.has('api-version')) {
      return errorReply(400, 'BadParameter', 'api-version must be specified.');
    }
    if (asked === undefined) return errorReply(405, 'BadMethod', 'No such operation on secrets.');
    const taken = faults.take((fault) => isAbout(fault, asked));
    return underFaults(taken, () => answerSecretOperation(asked, request, store, server.url));
  }

  const server: LoopbackServer = await startLoopbackServer(async (request) => {
    if (request.path === faultsPath) return faults.answer(request);
    const atMs = now();
    const asked = parseSecretOperation(request);
    const reply = await answer(request, asked);
    const name = asked !== undefined && 'name' in asked ? asked.name : undefined;
    const version = asked !== undefined && 'version' in asked ? asked.version : undefined;
    requests.push({
      atMs,
      method: request.method,
      name,
      ...(version !== undefined && { version }),
      status: reply.delivery === 'never' ? 0 : reply.status,
    });
    return reply;
  }, port);

  return {
    url: server.url,
    requests,
    secrets: {
      get: (name) => store.find(name)?.value,
      set: (name, value) => void store.set(name, value),
      versions: (name) =>
        store.versions(name).map(({ version, enabled, createdMs }) => ({
          version,
          enabled,
          createdOn: new Date(createdMs),
        })),
      disable(name, version) {
        const secret = store.find(name, version);
        if (secret === undefined) throw new RangeError(`no version ${version} of secret ${name}`);
        store.update(secret, { enabled: false });
      },
    },
    faults,
    close: () => server.close(),
  };
}

function isAbout({ operation, name }: VaultFault, asked: SecretOperation): boolean {
  if (operation !== undefined && operation !== asked.operation) return false;
  return name === undefined || ('name' in asked && asked.name.toLowerCase() === name.toLowerCase());
}
