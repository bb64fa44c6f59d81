import { validateHeaderName, validateHeaderValue } from 'node:http';
import type { Operation } from './call.js';
import type { FaultEffect, FaultRule } from './fault-rule.js';

interface Check {
  /** Completes the sentence "… must be". */
  readonly expected: string;
  readonly isOptional: boolean;
  readonly accepts: (value: unknown) => boolean;
}

/** Exhaustive by type, so that a new operation cannot be forgotten here. */
const operations = Object.keys({
  getCustomer: true,
  listCustomers: true,
  findCustomers: true,
  getUser: true,
  listUsers: true,
  createUser: true,
  updateUser: true,
  deleteUser: true,
  resetPassword: true,
  directoryRoles: true,
  listDirectoryRoles: true,
  listAuditRecords: true,
  unknown: true,
} satisfies Record<Operation, true>);

const isCount = (value: unknown) => Number.isSafeInteger(value) && Number(value) >= 0;
const isDurationMs = (value: unknown) => typeof value === 'number' && value >= 0 && value < 2 ** 31;
const isStatus = (value: unknown) => isCount(value) && Number(value) >= 200 && Number(value) < 600;
const isText = (value: unknown) => typeof value === 'string';
const isHeaderText = (value: unknown) => typeof value === 'string' && /^[ -~]*$/.test(value);
const isObject = (value: unknown) =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
/** Node's own check, for else the answer would fail when it is sent. */
const isHeaders = (value: unknown) => {
  try {
    for (const [name, text] of Object.entries(value as Readonly<Record<string, string>>)) {
      validateHeaderName(name);
      validateHeaderValue(name, text);
    }
    return isObject(value);
  } catch {
    return false;
  }
};

const check = (expected: string, accepts: (value: unknown) => boolean): Check => ({
  expected,
  isOptional: false,
  accepts,
});
const optional = (needed: Check): Check => ({ ...needed, isOptional: true });

const count = check('a whole number of 0 or more', isCount);
const durationMs = check('a number of milliseconds', isDurationMs);
const status = check('an HTTP status from 200 to 599', isStatus);
const text = check('a string', isText);
const flag = check('true or false', (value) => typeof value === 'boolean');
const headers = check('an object of strings', isHeaders);

const ruleFields: Readonly<Record<keyof FaultRule, Check>> = {
  operation: optional(
    check(`one of ${operations.join(', ')}`, (value) => operations.includes(String(value))),
  ),
  customerTenantId: optional(text),
  userId: optional(text),
  times: optional(count),
  after: optional(count),
  probability: optional(
    check('a number from 0 to 1', (value) => typeof value === 'number' && value >= 0 && value <= 1),
  ),
  effect: check('an object with a kind', isObject),
};

const effectFields: Readonly<Record<FaultEffect['kind'], Readonly<Record<string, Check>>>> = {
  latency: { ms: durationMs, jitterMs: optional(durationMs) },
  answer: {
    status,
    headers: optional(headers),
    body: optional(check('a string or JSON', (value) => isText(value) || Object(value) === value)),
    applied: optional(flag),
  },
  throttle: {
    retryAfter: check('seconds or an HTTP date', (value) => isCount(value) || isHeaderText(value)),
  },
  cut: { applied: flag },
  late: {
    applyAfterMs: durationMs,
    answer: check('"cut", "never" or an object with a status', isLateAnswer),
  },
  hang: {},
  truncate: {},
  html: { status, applied: optional(flag) },
  bom: {},
  stringCode: {},
  wrongId: {},
  empty: {
    status,
    statusText: optional(check('printable ASCII', isHeaderText)),
    headers: optional(headers),
    applied: optional(flag),
  },
  huge: { bytes: count },
};

/** @throws {TypeError} that says which rule is wrong, and what it needs */
export function parseFaultRules(value: unknown): FaultRule[] {
  if (!Array.isArray(value)) throw new TypeError('fault rules must be an array');
  return value.map((rule: unknown, index) => parseFaultRule(rule, `rules[${index}]`));
}

function parseFaultRule(rule: unknown, where: string): FaultRule {
  requireFields(rule, ruleFields, where);
  const { effect } = rule as { readonly effect: Readonly<Record<string, unknown>> };
  const { kind, ...parameters } = effect;
  if (typeof kind !== 'string' || !Object.hasOwn(effectFields, kind)) {
    const kinds = Object.keys(effectFields).join(', ');
    throw new TypeError(`${where}.effect.kind must be one of ${kinds}`);
  }
  requireFields(parameters, effectFields[kind as FaultEffect['kind']], `${where}.effect`);
  return rule as FaultRule;
}

function requireFields(
  value: unknown,
  fields: Readonly<Record<string, Check>>,
  where: string,
): void {
  if (!isObject(value)) throw new TypeError(`${where} must be an object`);
  const given = value as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(fields, name)) throw new TypeError(`${where}.${name} is not a known field`);
  }
  for (const [name, { expected, isOptional, accepts }] of Object.entries(fields)) {
    const field = given[name];
    if (field === undefined ? !isOptional : !accepts(field)) {
      throw new TypeError(`${where}.${name} must be ${expected}`);
    }
  }
}

function isLateAnswer(value: unknown): boolean {
  if (value === 'cut' || value === 'never') return true;
  if (!isObject(value)) return false;
  const { status, ...rest } = value as { readonly status?: unknown };
  return isStatus(status) && Object.keys(rest).length === 0;
}
