import type { HttpHandler } from '@azure/functions';
import type { Caller } from '../callers/caller.js';
import { deliveries } from '../password-reset/reset-row.js';
import type { CallerDoor } from './caller-door.js';

export interface WhoamiDependencies {
  readonly door: CallerDoor;
}

/** `GET /whoami`: who the caller is, and what it may do for whom. */
export function createWhoamiHandler({ door }: WhoamiDependencies): HttpHandler {
  return door((caller) => Promise.resolve({ status: 200, jsonBody: toView(caller) }));
}

function toView(caller: Caller) {
  const { name, permissions, customers, maxResetsPerDay, approvalAboveRows } = caller;
  const own = deliveries.filter((delivery) => caller.deliveries.has(delivery));
  return {
    name,
    permissions: [...permissions].sort(),
    customers: customers === 'all' ? '*' : [...customers].sort(),
    ...(own.length < deliveries.length && { deliveries: own }),
    maxResetsPerDay,
    approvalAboveRows,
  };
}
