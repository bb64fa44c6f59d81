import type { CustomerDomain, CustomerTenantId } from '../../shared/password-reset/ids.js';
import type { Customers } from '../../shared/password-reset/ports.js';

/** Customers in memory, by domain. */
export class FakeCustomers implements Customers {
  /** Every domain that was asked for. */
  readonly asked: CustomerDomain[] = [];
  failure: Error | undefined;
  readonly byDomain: Map<string, CustomerTenantId>;

  constructor(byDomain: Readonly<Record<string, CustomerTenantId>> = {}) {
    this.byDomain = new Map(Object.entries(byDomain));
  }

  findByDomain(domain: CustomerDomain): Promise<CustomerTenantId | undefined> {
    this.asked.push(domain);
    return this.failure ? Promise.reject(this.failure) : Promise.resolve(this.byDomain.get(domain));
  }
}
