import { createHash } from 'node:crypto';
import { z } from 'zod';
import { isGuid, parseCustomerTenantId } from '../password-reset/ids.js';
import { ResetError } from '../password-reset/reset-error.js';
import type { Secret } from '../platform/secret.js';
import { type Caller, permissions } from './caller.js';

const guid = z.string().refine(isGuid, 'must be a GUID').transform(parseCustomerTenantId);

const callerSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be lower-case letters, digits and -'),
  apiKeys: z
    .array(
      z.strictObject({
        sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hex'),
        expiresAt: z.iso.datetime({ offset: true }).transform(Date.parse).optional(),
      }),
    )
    .max(2, 'at most two keys are active at a time')
    .default([]),
  permissions: z.array(z.enum(permissions)),
  customers: z.union([z.literal('*'), z.array(guid)]),
});

const callerListSchema = z.strictObject({ callers: z.array(callerSchema) });

/** Everybody who may ask, as the Key Vault secret `callers` lists them. */
export interface CallerList {
  /** The caller with this API key, unless the key has expired. Keys are compared by their hash. */
  findByApiKey(apiKey: Secret, nowMs: number): Caller | undefined;
  findByName(name: string): Caller | undefined;
}

/** `AppMisconfigured` in what the list says; Key Vault has answered. */
export class UnusableCallerList extends ResetError {
  constructor(why: string) {
    super('AppMisconfigured', `The Key Vault secret callers cannot be used: ${why}`);
  }
}

/** @throws {@link UnusableCallerList}, which names what is wrong but quotes no value */
export function parseCallerList(secret: Secret): CallerList {
  const result = callerListSchema.safeParse(parseJson(secret.reveal()));
  if (!result.success) {
    const issues = result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw new UnusableCallerList(issues.join('; '));
  }
  const byName = new Map<string, Caller>();
  const byKeyHash = new Map<string, { caller: Caller; expiresAtMs: number }>();
  for (const { name, apiKeys, permissions: granted, customers } of result.data.callers) {
    if (byName.has(name)) throw new UnusableCallerList(`two callers are named ${name}`);
    const caller: Caller = {
      name,
      permissions: new Set(granted),
      customers: customers === '*' ? 'all' : new Set(customers),
    };
    byName.set(name, caller);
    for (const { sha256, expiresAt } of apiKeys) {
      if (byKeyHash.has(sha256))
        throw new UnusableCallerList(`${name} has a key that is listed twice`);
      byKeyHash.set(sha256, { caller, expiresAtMs: expiresAt ?? Infinity });
    }
  }
  return {
    findByApiKey(apiKey, nowMs) {
      const found = byKeyHash.get(createHash('sha256').update(apiKey.reveal()).digest('hex'));
      return found !== undefined && nowMs < found.expiresAtMs ? found.caller : undefined;
    },
    findByName: (name) => byName.get(name),
  };
}

/** The parser's own message quotes the text, so only the fact is passed on. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UnusableCallerList('it is not JSON');
  }
}
