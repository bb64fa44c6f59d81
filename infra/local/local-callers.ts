import { createHash, randomBytes } from 'node:crypto';
import { type EntraCallers, toEntraClients } from './entra-callers.js';

export interface LocalCaller {
  readonly name: string;
  readonly apiKey: string;
}

interface Circumstances {
  readonly entraCallers: EntraCallers;
  /** The one that the ticket system is for. */
  readonly customerTenantId: string;
}

type Listed = (circumstances: Circumstances) => object;

/** Who may do what; the limits are those of the product unless something else stands here. */
const listedByName: Readonly<Record<string, Listed>> = {
  // For people: a large job waits for the supervisor.
  helpdesk: ({ entraCallers }) => ({
    entraClients: toEntraClients(entraCallers),
    permissions: ['reset', 'bulkReset', 'choosePassword', 'readPassword', 'readAudit'],
    customers: '*',
  }),
  supervisor: () => ({ permissions: ['approveBulkReset', 'readAudit'], customers: '*' }),
  'ticket-system': ({ customerTenantId }) => ({
    permissions: ['reset'],
    customers: [customerTenantId],
    webhook: {},
  }),
  // For programs that bring large jobs, with nobody there to approve them.
  'bulk-queue': () => ({
    permissions: ['bulkReset', 'readPassword'],
    customers: '*',
    maxResetsPerDay: 10_000_000,
    approvalAboveRows: 1_000_000,
  }),
};

export function newLocalCallers(): readonly LocalCaller[] {
  return Object.keys(listedByName).map((name) => ({
    name,
    apiKey: randomBytes(32).toString('base64url'),
  }));
}

/** All of them as the secret `callers` lists them. */
export function listLocalCallers(
  callers: readonly LocalCaller[],
  circumstances: Circumstances,
): readonly object[] {
  return callers.map(({ name, apiKey }) => ({
    name,
    apiKeys: [{ sha256: createHash('sha256').update(apiKey).digest('hex') }],
    ...listedByName[name]?.(circumstances),
  }));
}
