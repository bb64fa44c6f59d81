import type { HttpHandler } from '@azure/functions';
import type { CallerDoor } from './caller-door.js';

export interface WhoamiDependencies {
  readonly door: CallerDoor;
}

/** `GET /whoami`: who the caller is, and what it may do for whom. */
export function createWhoamiHandler({ door }: WhoamiDependencies): HttpHandler {
  return door(({ name, permissions, customers }) =>
    Promise.resolve({
      status: 200,
      jsonBody: {
        name,
        permissions: [...permissions].sort(),
        customers: customers === 'all' ? '*' : [...customers].sort(),
      },
    }),
  );
}
