import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { Stack } from '../../infra/local/stack.js';
import { permissions, type Permission, type Rights } from './matrix-rules.js';

/** Somebody who calls, and what that one may do; without rights the app must know nobody of the kind. */
export interface MatrixCaller {
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly may?: Rights;
  /** Jobs with more rows wait for somebody else. */
  readonly approvalAboveRows?: number;
}

/** Above what the other jobs of the matrix have. */
export const rowsToApprove = 7;

const apiKey = () => ({ 'x-api-key': randomBytes(32).toString('base64url') });

function aCaller(
  name: string,
  held: readonly Permission[],
  customers: Rights['customers'] = 'A',
): MatrixCaller {
  return { name, headers: apiKey(), may: { permissions: held, customers } };
}

const waits = { approvalAboveRows: rowsToApprove - 1 };
const submits = ['bulkReset', 'approveBulkReset'] as const;

/** Callers with API keys: each permission alone, all but each, all, none, and with every reach. */
const keyCallers: readonly MatrixCaller[] = [
  ...permissions.map((one) => aCaller(`only-${one.toLowerCase()}`, [one])),
  ...permissions.map((one) =>
    aCaller(
      `all-but-${one.toLowerCase()}`,
      permissions.filter((other) => other !== one),
    ),
  ),
  aCaller('all-for-a', permissions),
  aCaller('all-for-everybody', permissions, 'all'),
  aCaller('all-for-nobody', permissions, 'none'),
  aCaller('nothing', []),
  { ...aCaller('submits-for-a', submits), ...waits },
  { ...aCaller('submits-for-everybody', submits, 'all'), ...waits },
];

const expired: MatrixCaller = { name: 'expired', headers: apiKey() };

/** As the secret `callers` lists them. */
export function listCallers(customerA: string): readonly object[] {
  const listed = keyCallers.map(({ name, headers, may, approvalAboveRows }) => ({
    name,
    apiKeys: [{ sha256: hashOf(headers) }],
    permissions: may?.permissions ?? [],
    customers: may?.customers === 'all' ? '*' : may?.customers === 'A' ? [customerA] : [],
    ...(approvalAboveRows !== undefined && { approvalAboveRows }),
  }));
  const { name, headers } = expired;
  const outdated = { sha256: hashOf(headers), expiresAt: new Date(0).toISOString() };
  return [...listed, { name, apiKeys: [outdated], permissions, customers: '*' }];
}

const hashOf = (headers: MatrixCaller['headers']) =>
  createHash('sha256')
    .update(headers['x-api-key'] ?? '')
    .digest('hex');

/** Everybody, with a credential of every kind and with none. */
export async function allCallers({ facts, entra }: Stack): Promise<readonly MatrixCaller[]> {
  const { tenantId, apiClientId, application, person } = facts.entraCallers;
  const token = { tenantId, audience: apiClientId, scopes: ['access_as_user'] };
  const bearer = async (objectId: string) => {
    const { clientId } = person;
    const issued = await entra.issueUserToken({ ...token, clientId, objectId });
    return { authorization: `Bearer ${issued}` };
  };
  const keyOf = (caller: string) => ({
    'x-api-key': facts.callers.find(({ name }) => name === caller)?.apiKey ?? '',
  });
  const claims = [
    { typ: 'azp', val: application.clientId },
    { typ: 'roles', val: 'access_as_application' },
  ];
  const forged = {
    'x-ms-client-principal': Buffer.from(JSON.stringify({ auth_typ: 'aad', claims })).toString(
      'base64',
    ),
    'x-ms-client-principal-id': application.objectId,
    'x-ms-client-principal-name': 'helpdesk',
  };
  const named = (name: string) => keyCallers.find((caller) => caller.name === name) ?? expired;
  const helpdesk: Rights = {
    permissions: ['reset', 'bulkReset', 'choosePassword', 'readPassword', 'readAudit'],
    customers: 'all',
  };

  return [
    ...keyCallers,
    { name: 'application', headers: await applicationToken(facts), may: helpdesk },
    { name: 'person', headers: await bearer(person.userId), may: helpdesk },
    {
      name: 'webhook source',
      headers: keyOf('ticket-system'),
      may: { permissions: ['reset'], customers: 'A' },
    },
    {
      ...named('nothing'),
      name: 'forged on nothing',
      headers: { ...forged, ...named('nothing').headers },
    },
    { name: 'forged', headers: forged },
    { name: 'no credential', headers: {} },
    expired,
    { name: 'unknown key', headers: apiKey() },
    { name: 'unlisted person', headers: await bearer(randomUUID()) },
    {
      name: 'two credentials',
      headers: { ...named('all-for-a').headers, ...(await bearer(person.userId)) },
    },
  ];
}

async function applicationToken({ entraAuthorityUrl, entraCallers }: Stack['facts']) {
  const { tenantId, apiClientId, application } = entraCallers;
  const response = await fetch(`${entraAuthorityUrl}/${tenantId}/oauth2/v2.0/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: application.clientId,
      client_secret: application.clientSecret,
      scope: `api://${apiClientId}/.default`,
    }),
  });
  const { access_token: token } = (await response.json()) as { access_token: string };
  return { authorization: `Bearer ${token}` };
}
