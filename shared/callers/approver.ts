import type { ReadCallerList } from './authorize.js';
import { type Caller, maySee, partsOfName } from './caller.js';

/**
 * The caller as who agrees to jobs of others: never to its own, nor to those of the same person under
 * another name, and only to those of callers whose customers it may all touch itself.
 */
export function toApprover(approver: Caller, readCallerList: ReadCallerList) {
  return {
    name: approver.name,
    mayApproveFor: async (name: string, signal: AbortSignal): Promise<boolean> => {
      const owner = (await readCallerList(signal)).findByName(name);
      return owner !== undefined && !isSame(approver, owner) && coversCustomers(approver, owner);
    },
  };
}

/**
 * Under one listed name only persons can be told apart; and who is named in the entry of a caller may hold
 * its key as well.
 */
function isSame(one: Caller, other: Caller): boolean {
  const [left, right] = [partsOfName(one.name), partsOfName(other.name)];
  if (left.person !== undefined && right.person !== undefined) return left.person === right.person;
  if (left.listed === right.listed) return true;
  return isNamed(left.person, other) || isNamed(right.person, one);
}

function isNamed(person: string | undefined, { people }: Caller): boolean {
  return person !== undefined && people.has(person);
}

function coversCustomers(approver: Caller, owner: Caller): boolean {
  if (owner.customers === 'all') return approver.customers === 'all';
  return [...owner.customers].every((customer) => maySee(approver, customer));
}
