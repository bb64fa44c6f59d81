import { createHmac, hkdfSync } from 'node:crypto';
import type { CustomerTenantId } from '../password-reset/ids.js';
import type { AuditEvent } from '../password-reset/audit.js';
import type { ChainEnd, ChainKey } from './ports.js';

/** One chain for each customer and day (UTC), and one a day for what is about no single customer. */
export function chainName(customerTenantId: CustomerTenantId | undefined, day: string): string {
  return `${customerTenantId ?? 'no-customer'}/${day}`;
}

/** An event that is not in its chain yet. */
export interface AuditEntry {
  /** Tells whose write it is that is stored. */
  readonly id: string;
  readonly at: string;
  readonly event: AuditEvent;
}

/** What a record says of its event. Nothing else gets into a record, whatever an object holds beside it. */
const eventFields = [
  'action',
  'caller',
  'customerTenantId',
  'userId',
  'resetId',
  'bulkResetId',
  'reference',
  'functionName',
  'requestId',
  'correlationId',
  'attempt',
  'code',
  'delivery',
  'rows',
] as const satisfies readonly (keyof AuditEvent)[];

/**
 * The lines of more records, and the chain's end with them. The hash of a record covers the exact text of
 * its line and the hash of the record before it; of the first, the name of the chain.
 */
export function appendTo(
  chain: string,
  end: ChainEnd | undefined,
  entries: readonly AuditEntry[],
  key: ChainKey,
): { readonly text: string; readonly end: ChainEnd } {
  let { seq, hash } = end ?? chainStart(chain, key);
  let text = '';
  for (const { id, at, event } of entries) {
    seq += 1;
    const said = Object.fromEntries(eventFields.map((field) => [field, event[field]]));
    const body = JSON.stringify({ seq, id, at, key: key.version, ...said });
    hash = hashAfter(hash, body, key);
    text += `${body.slice(0, -1)},"hash":"${hash}"}\n`;
  }
  return { text, end: { seq, hash } };
}

/** A line as it was found; only its hash tells whether it can be believed. */
export interface AuditLine extends ChainEnd {
  readonly keyVersion: string;
  /** What the hash covers. */
  readonly body: string;
  readonly record: Readonly<Record<string, unknown>>;
}

// Texts hold what a pattern takes for the end of a line: U+2028 is not escaped in JSON.
const linePattern = /^(\{.*),"hash":"([\w-]{43})"\}$/s;

/** Undefined when it is no record. */
export function parseLine(line: string): AuditLine | undefined {
  const [, open, hash] = linePattern.exec(line) ?? [];
  if (open === undefined || hash === undefined) return undefined;
  const record = parseObject(line);
  const { seq, key: keyVersion } = record ?? {};
  if (record === undefined || !Number.isSafeInteger(seq)) return undefined;
  if (typeof keyVersion !== 'string') return undefined;
  return { seq: seq as number, hash, keyVersion, body: `${open}}`, record };
}

/** Whether the record follows this one; the first record follows none. */
export function isNext(
  chain: string,
  end: ChainEnd | undefined,
  { hash, body }: AuditLine,
  key: ChainKey,
): boolean {
  return hash === hashAfter((end ?? chainStart(chain, key)).hash, body, key);
}

function chainStart(chain: string, key: ChainKey): ChainEnd {
  return { seq: 0, hash: hmac(chain, key) };
}

function hashAfter(previousHash: string, body: string, key: ChainKey): string {
  return hmac(`${previousHash}\n${body}`, key);
}

const macKeys = new WeakMap<Uint8Array, Uint8Array>();

/** Under a key of its own: one key, one purpose. */
function hmac(text: string, { key }: ChainKey): string {
  let macKey = macKeys.get(key);
  if (macKey === undefined) {
    macKey = new Uint8Array(hkdfSync('sha256', key, '', 'audit', 32));
    macKeys.set(key, macKey);
  }
  return createHmac('sha256', macKey).update(text).digest('base64url');
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
}
