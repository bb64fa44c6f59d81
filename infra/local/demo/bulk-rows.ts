import { randomUUID } from 'node:crypto';
import { isPlain } from '../directory/plain-user.js';
import type { Directory, DirectoryCustomer } from '../directory/directory.js';
import type { DirectoryUser } from '../directory/directory-user.js';

/** A row of the demo's job, and what must become of it. */
export interface DemoRow {
  readonly customerTenantId: string;
  readonly customer: string;
  readonly user: string;
  /** Absent for a user who does not exist. */
  readonly userPrincipalName?: string;
  readonly expected: string;
}

/** Of a hundred rows this many name somebody who must be refused. */
const refusedPerHundred = 12;

/** Rows over all customers: mostly plain users, and some of each kind that must be refused. */
export function pickRows(directory: Directory, count: number): DemoRow[] {
  const everybody = [...directory.customers.values()].flatMap((customer) =>
    [...customer.users.values()].map((user) => ({ customer, user })),
  );
  const refused = everybody.flatMap(({ customer, user }, index) => {
    const expected = refusalOf(user);
    return expected === undefined ? [] : [toRow(customer, user, expected, index)];
  });
  const unknown = [...directory.customers.values()].map((customer) => ({
    customerTenantId: customer.tenantId,
    customer: customer.domain,
    user: randomUUID(),
    expected: 'UserNotFound',
  }));
  const plain = everybody
    .filter(({ user }) => isPlain(user))
    .map(({ customer, user }, index) => toRow(customer, user, 'Succeeded', index));

  const refusals = [...unknown.slice(0, 4), ...spread(refused)].slice(
    0,
    Math.floor((count * refusedPerHundred) / 100),
  );
  return shuffleByStep([...refusals, ...plain.slice(0, count - refusals.length)]);
}

export function toCsv(rows: readonly DemoRow[]): string {
  const lines = rows.map(({ customer, user }, index) => `${customer},${user},ROW-${index + 1}`);
  return `customer,user,reference\n${lines.join('\n')}\n`;
}

function refusalOf(user: DirectoryUser): string | undefined {
  if (user.state === 'inactive') return 'UserDeleted';
  if (user.userDomainType === 'federated') return 'UserFederated';
  if (user.lastDirectorySyncTime !== null) return 'UserSynchronized';
  return user.directoryRoles.length > 0 ? 'UserIsAdmin' : undefined;
}

/** Customers and users are named in each of the ways that are accepted. */
function toRow(
  customer: DirectoryCustomer,
  user: DirectoryUser,
  expected: string,
  index: number,
): DemoRow {
  return {
    customerTenantId: customer.tenantId,
    customer: index % 2 === 0 ? customer.tenantId : customer.domain,
    // Partner Center lists no deleted users, so only an id can tell them from nobody.
    user: index % 3 === 0 && expected !== 'UserDeleted' ? user.userPrincipalName : user.id,
    userPrincipalName: user.userPrincipalName,
    expected,
  };
}

/** One of each kind before a second of any. */
function spread(rows: readonly DemoRow[]): DemoRow[] {
  const turns = new Map<string, number>();
  return rows
    .map((row) => {
      const turn = turns.get(row.expected) ?? 0;
      turns.set(row.expected, turn + 1);
      return { row, turn };
    })
    .sort((left, right) => left.turn - right.turn)
    .map(({ row }) => row);
}

/** The same mixture in every run: a step that shares no factor with the length visits every row. */
function shuffleByStep<T>(rows: readonly T[]): T[] {
  const length = rows.length;
  const step = [7919, 6577, 4861].find((prime) => length % prime !== 0) ?? 1;
  return rows.map((_, index) => rows[(index * step) % length] as T);
}
