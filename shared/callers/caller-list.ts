import { createHash } from 'node:crypto';
import { z } from 'zod';
import { isGuid, parseCustomerTenantId } from '../password-reset/ids.js';
import { ResetError } from '../password-reset/reset-error.js';
import { deliveries } from '../password-reset/reset-row.js';
import type { Secret } from '../platform/secret.js';
import { type Caller, listedName, partsOfName, permissions, personName } from './caller.js';
import { recipientKey } from './recipient-key.js';

const guid = z
  .string()
  .refine(isGuid, 'must be a GUID')
  .transform((text) => text.toLowerCase());

/** For those who are listed without a limit of their own. */
const usualMaxResetsPerDay = 1_000;
const usualApprovalAboveRows = 200;

const listedCaller = z.strictObject({
  name: z.string().regex(listedName, 'must be lower-case letters, digits and -'),
  apiKeys: z
    .array(
      z.strictObject({
        sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hex'),
        expiresAt: z.iso.datetime({ offset: true }).transform(Date.parse).optional(),
      }),
    )
    .max(2, 'at most two keys are active at a time')
    .default([]),
  /** Applications whose own tokens are the caller's and, where users are named, people signed in through them. */
  entraClients: z
    .array(
      z.strictObject({
        clientId: guid,
        users: z.union([z.literal('*'), z.array(guid).min(1)]).optional(),
      }),
    )
    .default([]),
  webhook: z
    .strictObject({ scheme: z.enum(['standard', 'hmac-sha256']).default('standard') })
    .optional(),
  permissions: z.array(z.enum(permissions)),
  customers: z.union([z.literal('*'), z.array(guid.transform(parseCustomerTenantId))]),
  deliveries: z
    .array(z.enum(deliveries))
    .min(1)
    .default([...deliveries]),
  recipientKeys: z.array(recipientKey).max(5).default([]),
  maxResetsPerDay: z.int().min(0).default(usualMaxResetsPerDay),
  approvalAboveRows: z.int().min(0).default(usualApprovalAboveRows),
});

const callerListSchema = z.strictObject({ callers: z.array(listedCaller) });

type Listed = z.output<typeof listedCaller>;

/** How the signature of a webhook source is made. */
export type WebhookScheme = NonNullable<Listed['webhook']>['scheme'];

/** Everybody who may ask, as the Key Vault secret `callers` lists them. */
export interface CallerList {
  /** The caller with this API key, unless the key has expired. Keys are compared by their hash. */
  findByApiKey(apiKey: Secret, nowMs: number): Caller | undefined;
  /** The caller whose application this is. */
  findByClient(clientId: string): Caller | undefined;
  /** The person, as far as somebody is listed who signs in through this application. */
  findByPerson(person: { readonly clientId: string; readonly userId: string }): Caller | undefined;
  /** The caller that sends signed webhooks under this name, and how it signs. */
  findWebhookSource(
    name: string,
  ): { readonly caller: Caller; readonly scheme: WebhookScheme } | undefined;
  /** Under the name that {@link Caller} has, whoever it is. */
  findByName(name: string): Caller | undefined;
}

/** `AppMisconfigured` in what the list says; Key Vault has answered. */
export class UnusableCallerList extends ResetError {
  readonly problems: readonly string[];

  constructor(...problems: readonly string[]) {
    super(
      'AppMisconfigured',
      `The Key Vault secret callers cannot be used: ${problems.join('; ')}`,
    );
    this.problems = problems;
  }
}

/** @throws {@link UnusableCallerList}, which says where it is wrong and quotes nothing of it, not even a name */
export function parseCallerList(secret: Secret): CallerList {
  const result = callerListSchema.safeParse(parseJson(secret.reveal()));
  if (!result.success) throw new UnusableCallerList(...result.error.issues.map(toProblem));
  const { callers } = result.data;
  const byName = indexOf(callers, 'two callers are named the same', ({ name }) => [name]);
  const byKeyHash = indexOf(callers, 'a key is listed twice', ({ apiKeys }) =>
    apiKeys.map(({ sha256 }) => sha256),
  );
  const byClient = indexOf(callers, 'an application is listed twice', ({ entraClients }) =>
    entraClients.filter(({ users }) => users === undefined).map(({ clientId }) => clientId),
  );
  const byPerson = indexOf(callers, 'a person is listed twice', ({ entraClients }) =>
    entraClients.flatMap(({ clientId, users = [] }) =>
      [users].flat().map((user) => `${clientId}/${user}`),
    ),
  );
  for (const [at, { recipientKeys }] of callers.entries()) {
    if (new Set(recipientKeys.map(({ kid }) => kid)).size < recipientKeys.length) {
      throw new UnusableCallerList(`callers.${at}: two recipient keys have one kid`);
    }
  }

  return {
    findByApiKey(apiKey, nowMs) {
      const hash = createHash('sha256').update(apiKey.reveal()).digest('hex');
      const listed = byKeyHash.get(hash);
      const key = listed?.apiKeys.find(({ sha256 }) => sha256 === hash);
      return listed && nowMs < (key?.expiresAt ?? Infinity) ? toCaller(listed) : undefined;
    },

    findByClient(clientId) {
      const listed = byClient.get(clientId);
      return listed && toCaller(listed);
    },

    findByPerson({ clientId, userId }) {
      const listed = byPerson.get(`${clientId}/${userId}`) ?? byPerson.get(`${clientId}/*`);
      return listed && toCaller(listed, userId);
    },

    findWebhookSource(name) {
      const listed = byName.get(name);
      if (listed?.webhook === undefined) return undefined;
      return { caller: toCaller(listed), scheme: listed.webhook.scheme };
    },

    findByName(name) {
      const { listed: listedName, person } = partsOfName(name);
      const listed = byName.get(listedName);
      if (listed === undefined || (person !== undefined && !admits(listed, person))) {
        return undefined;
      }
      return toCaller(listed, person);
    },
  };
}

function toCaller(listed: Listed, person?: string): Caller {
  const { name, customers, recipientKeys, maxResetsPerDay, approvalAboveRows } = listed;
  const users = listed.entraClients.flatMap((client) => client.users ?? []);
  return {
    name: person === undefined ? name : personName(name, person),
    people: new Set(users.filter((user) => user !== '*')),
    permissions: new Set(listed.permissions),
    customers: customers === '*' ? 'all' : new Set(customers),
    deliveries: new Set(listed.deliveries),
    recipientKeys: new Map(recipientKeys.map((key) => [key.kid, key])),
    maxResetsPerDay,
    approvalAboveRows,
  };
}

function admits({ entraClients }: Listed, person: string): boolean {
  return entraClients.some(
    ({ users }) => users === '*' || (Array.isArray(users) && users.includes(person)),
  );
}

/** @throws {@link UnusableCallerList} when two callers, or one of them twice, have the same key */
function indexOf(
  callers: readonly Listed[],
  fault: string,
  keysOf: (listed: Listed) => readonly string[],
): ReadonlyMap<string, Listed> {
  const index = new Map<string, Listed>();
  for (const [at, listed] of callers.entries()) {
    for (const key of keysOf(listed)) {
      if (index.has(key)) throw new UnusableCallerList(`callers.${at}: ${fault}`);
      index.set(key, listed);
    }
  }
  return index;
}

/** What is no field may be a secret in the wrong place, so it is not named. */
function toProblem({ code, path, message }: z.core.$ZodIssue): string {
  const place = path.length === 0 ? 'the list' : path.join('.');
  return `${place}: ${code === 'unrecognized_keys' ? 'it has a field that is unknown' : message}`;
}

/** The parser's own message quotes the text, so only the fact is passed on. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UnusableCallerList('it is not JSON');
  }
}
