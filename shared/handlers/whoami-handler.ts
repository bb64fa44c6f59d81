import type { HttpHandler } from '@azure/functions';
import type { Authenticate } from './authenticate.js';
import type { HttpDoor } from './http-door.js';

export interface WhoamiDependencies {
  readonly door: HttpDoor;
  readonly authenticate: Authenticate;
}

/** `GET /whoami`: who the caller is, and what it may do for whom. */
export function createWhoamiHandler({ door, authenticate }: WhoamiDependencies): HttpHandler {
  return door(async (request, signal) => {
    const { name, permissions, customers } = await authenticate(request, signal);
    return {
      status: 200,
      jsonBody: {
        name,
        permissions: [...permissions].sort(),
        customers: customers === 'all' ? '*' : [...customers].sort(),
      },
    };
  });
}
