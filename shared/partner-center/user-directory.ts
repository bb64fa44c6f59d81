import type { CustomerTenantId, UserId } from '../password-reset/ids.js';
import type { CustomerUser, CustomerUsers } from '../password-reset/ports.js';
import { ResetError } from '../password-reset/reset-error.js';
import { createSharedWork, type SharedWork } from '../platform/shared-work.js';
import type { PartnerCenterUsers } from './customer-users.js';

export interface UserDirectoryOptions {
  readonly users: Pick<PartnerCenterUsers, 'list' | 'get'>;
  readonly now: () => number;
}

const freshForMs = 300_000;
/** A name that is missing is looked for again, for the user may be new, but no more often than this. */
const restMs = 30_000;
const timeoutMs = 240_000;
/** As many as the calls that list a customer with ten thousand users. */
const lookUpsBeforeListing = 20;
const maxCustomers = 50;

interface Listing {
  readonly byId: ReadonlyMap<UserId, CustomerUser>;
  /** By sign-in name in lower case. */
  readonly byName: ReadonlyMap<string, CustomerUser>;
  readonly readAtMs: number;
}

interface Customer {
  readonly list: SharedWork<Listing>;
  listing: Listing | undefined;
  lookUps: number;
  lookUpsSinceMs: number;
}

/**
 * The users of a customer for many rows at once: one listing serves all of them for five minutes. A few
 * users who are named by id are looked up one by one, until that costs as much as a listing.
 */
export function createUserDirectory({
  users,
  now,
}: UserDirectoryOptions): Pick<CustomerUsers, 'get' | 'findBySignInName'> {
  /** Least recently used first. */
  const customers = new Map<CustomerTenantId, Customer>();

  return {
    async get({ customerTenantId, userId }, signal) {
      const customer = use(customerTenantId);
      if (freshListing(customer) === undefined && isWorthListing(customer)) {
        await customer.list(signal);
      }
      // Whoever is missing may be new.
      return (
        freshListing(customer)?.byId.get(userId) ?? users.get({ customerTenantId, userId }, signal)
      );
    },

    async findBySignInName({ customerTenantId, userPrincipalName }, signal) {
      const customer = use(customerTenantId);
      const name = userPrincipalName.toLowerCase();
      let listing = freshListing(customer) ?? (await customer.list(signal));
      if (!listing.byName.has(name) && now() - listing.readAtMs >= restMs) {
        listing = await customer.list(signal);
      }
      const found = listing.byName.get(name);
      if (found !== undefined) return found;
      throw new ResetError('UserNotFound', 'Cannot find the user: the customer has no such user');
    },
  };

  function use(customerTenantId: CustomerTenantId): Customer {
    const customer = customers.get(customerTenantId) ?? createCustomer(customerTenantId);
    customers.delete(customerTenantId);
    customers.set(customerTenantId, customer);
    const [oldest] = customers.keys();
    if (customers.size > maxCustomers && oldest !== undefined) customers.delete(oldest);
    return customer;
  }

  function createCustomer(customerTenantId: CustomerTenantId): Customer {
    const customer: Customer = {
      list: createSharedWork(
        async (signal) => {
          customer.listing = await read(customerTenantId, signal);
          return customer.listing;
        },
        { timeoutMs },
      ),
      listing: undefined,
      lookUps: 0,
      lookUpsSinceMs: now(),
    };
    return customer;
  }

  function freshListing({ listing }: Customer): Listing | undefined {
    return listing !== undefined && now() - listing.readAtMs < freshForMs ? listing : undefined;
  }

  /** Counts this look-up. */
  function isWorthListing(customer: Customer): boolean {
    if (now() - customer.lookUpsSinceMs >= freshForMs) {
      customer.lookUps = 0;
      customer.lookUpsSinceMs = now();
    }
    customer.lookUps += 1;
    return customer.lookUps > lookUpsBeforeListing;
  }

  async function read(customerTenantId: CustomerTenantId, signal: AbortSignal): Promise<Listing> {
    const readAtMs = now();
    const byId = new Map<UserId, CustomerUser>();
    const byName = new Map<string, CustomerUser>();
    for await (const listed of users.list(customerTenantId, signal)) {
      const { userId, userPrincipalName, isDeleted, isFederated, isSynchronized } = listed;
      const user = { userId, userPrincipalName, isDeleted, isFederated, isSynchronized };
      byId.set(userId, user);
      const name = userPrincipalName.toLowerCase();
      // The name of a deleted user may have been given to another one since.
      if (!isDeleted || !byName.has(name)) byName.set(name, user);
    }
    return { byId, byName, readAtMs };
  }
}
