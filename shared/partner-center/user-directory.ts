import type { CustomerTenantId, UserId } from '../password-reset/ids.js';
import type { CustomerUser, CustomerUsers } from '../password-reset/ports.js';
import { ResetError } from '../password-reset/reset-error.js';
import { createSharedWork, type SharedWork } from '../platform/shared-work.js';
import type { PartnerCenterUsers } from './customer-users.js';

export type UserDirectory = Pick<CustomerUsers, 'get' | 'findBySignInName'>;

export interface UserDirectoryDependencies {
  readonly users: Pick<PartnerCenterUsers, 'list' | 'get'>;
  readonly now: () => number;
  /**
   * How long a listing serves.
   *
   * @default 300_000
   */
  readonly ttlMs?: number;
  /**
   * How long a listing may take.
   *
   * @default 240_000
   */
  readonly timeoutMs?: number;
  /**
   * Users of one customer looked up one by one, within `ttlMs`, before it pays to list them all: as many
   * as the calls that list ten thousand.
   *
   * @default 20
   */
  readonly lookUpsBeforeListing?: number;
  /**
   * How many customers are remembered.
   *
   * @default 50
   */
  readonly maxCustomers?: number;
}

interface Customer {
  /** The last one that succeeded. */
  listing: Listing | undefined;
  readonly list: SharedWork<Listing>;
  lookUps: { count: number; readonly sinceMs: number };
}

interface Listing {
  readonly byId: ReadonlyMap<UserId, CustomerUser>;
  /** By sign-in name in lower case. */
  readonly bySignInName: ReadonlyMap<string, CustomerUser>;
  readonly listedAtMs: number;
}

/** How soon users are listed again for the sake of one who is missing, and may be new. */
const relistAfterMs = 30_000;

/** The users of customers for bulk work: one listing serves all rows of a customer. */
export function createUserDirectory({
  users,
  now,
  ttlMs = 300_000,
  timeoutMs = 240_000,
  lookUpsBeforeListing = 20,
  maxCustomers = 50,
}: UserDirectoryDependencies): UserDirectory {
  /** The one that was not asked for the longest comes first. */
  const customers = new Map<CustomerTenantId, Customer>();

  return {
    async get(key, signal) {
      const customer = customerOf(key.customerTenantId);
      const listing = freshListing(customer) ?? (await listIfItPays(customer, signal));
      return listing?.byId.get(key.userId) ?? users.get(key, signal);
    },

    async findBySignInName({ customerTenantId, userPrincipalName }, signal) {
      const customer = customerOf(customerTenantId);
      const signInName = userPrincipalName.toLowerCase();
      let listing = freshListing(customer) ?? (await customer.list(signal));
      if (!listing.bySignInName.has(signInName) && now() - listing.listedAtMs >= relistAfterMs) {
        listing = await customer.list(signal);
      }
      const user = listing.bySignInName.get(signInName);
      if (user !== undefined) return user;
      throw new ResetError('UserNotFound', 'Cannot find the user: the customer has no such user');
    },
  };

  function customerOf(customerTenantId: CustomerTenantId): Customer {
    const customer = customers.get(customerTenantId) ?? createCustomer(customerTenantId);
    customers.delete(customerTenantId);
    customers.set(customerTenantId, customer);
    for (const oldest of customers.keys()) {
      if (customers.size <= maxCustomers) break;
      customers.delete(oldest);
    }
    return customer;
  }

  function createCustomer(customerTenantId: CustomerTenantId): Customer {
    const list = createSharedWork(
      async (signal) => {
        const { byId, bySignInName } = await indexed(users.list(customerTenantId, signal));
        customer.listing = { byId, bySignInName, listedAtMs: now() };
        return customer.listing;
      },
      { timeoutMs },
    );
    const customer: Customer = { listing: undefined, list, lookUps: noLookUps() };
    return customer;
  }

  function freshListing({ listing }: Customer): Listing | undefined {
    return listing !== undefined && now() - listing.listedAtMs < ttlMs ? listing : undefined;
  }

  /** Undefined when the user is better looked up. */
  async function listIfItPays(
    customer: Customer,
    signal: AbortSignal,
  ): Promise<Listing | undefined> {
    if (now() - customer.lookUps.sinceMs >= ttlMs) customer.lookUps = noLookUps();
    if (customer.lookUps.count < lookUpsBeforeListing) {
      customer.lookUps.count += 1;
      return undefined;
    }
    try {
      return await customer.list(signal);
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      // A customer that is too large to be listed in time must not be tried again for every user.
      customer.lookUps = noLookUps();
      return undefined;
    }
  }

  function noLookUps(): Customer['lookUps'] {
    return { count: 0, sinceMs: now() };
  }
}

/** A large customer has a hundred thousand users, so no more is kept of each than is asked for. */
async function indexed(users: AsyncIterable<CustomerUser>): Promise<Omit<Listing, 'listedAtMs'>> {
  const byId = new Map<UserId, CustomerUser>();
  const bySignInName = new Map<string, CustomerUser>();
  for await (const listed of users) {
    const { userId, userPrincipalName, isDeleted, isFederated, isSynchronized } = listed;
    const user = { userId, userPrincipalName, isDeleted, isFederated, isSynchronized };
    byId.set(userId, user);

    const signInName = userPrincipalName.toLowerCase();
    const namesake = bySignInName.get(signInName);
    // The name of a deleted user may have been given to another one since.
    if (namesake === undefined || namesake.isDeleted) bySignInName.set(signInName, user);
  }
  return { byId, bySignInName };
}

function isUnavailable(error: unknown): boolean {
  return error instanceof ResetError && error.code === 'PartnerCenterUnavailable';
}
