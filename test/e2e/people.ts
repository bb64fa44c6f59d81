import { isPlain } from '../../infra/local/directory/plain-user.js';
import type { DirectoryCustomer } from '../../infra/local/directory/directory.js';
import type { DirectoryUser } from '../../infra/local/directory/directory-user.js';
import type { Stack } from '../../infra/local/stack.js';

export interface Person {
  readonly customer: DirectoryCustomer;
  readonly user: DirectoryUser;
}

/** Users of the stack, of any customer, who are what is asked for. */
export function findPeople({ directory }: Stack, is: (user: DirectoryUser) => boolean): Person[] {
  return [...directory.customers.values()].flatMap((customer) =>
    [...customer.users.values()].filter(is).map((user) => ({ customer, user })),
  );
}

/** Somebody who may be reset; each index is another person. */
export function aPlainPerson(stack: Stack, index = 0): Person {
  const person = findPeople(stack, isPlain)[index];
  if (person === undefined) throw new RangeError('There are not so many');
  return person;
}
