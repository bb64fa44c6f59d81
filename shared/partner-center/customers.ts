import { z } from 'zod';
import { type CustomerTenantId, isGuid, parseCustomerTenantId } from '../password-reset/ids.js';
import type { Customers } from '../password-reset/ports.js';
import { readCollection } from './paging.js';
import type { Send } from './call.js';

/** A customer of the partner. */
export interface PartnerCenterCustomer {
  readonly customerTenantId: CustomerTenantId;
  /** The default domain, as a rule the one under `onmicrosoft.com`. */
  readonly domain: string | undefined;
  readonly companyName: string | undefined;
}

export interface PartnerCenterCustomers extends Customers {
  /** @throws {@link ResetError} `CustomerNotFound`, or any code of a read */
  get(customerTenantId: CustomerTenantId, signal: AbortSignal): Promise<PartnerCenterCustomer>;
}

const customer = z
  .object({
    companyProfile: z.object({
      tenantId: z.string().refine(isGuid).transform(parseCustomerTenantId),
      domain: z.string().nullish(),
      companyName: z.string().nullish(),
    }),
  })
  .transform(({ companyProfile: { tenantId, domain, companyName } }): PartnerCenterCustomer => ({
    customerTenantId: tenantId,
    domain: domain ?? undefined,
    companyName: companyName ?? undefined,
  }));

/** @see https://learn.microsoft.com/partner-center/developer/get-a-customer-by-id */
export function createPartnerCenterCustomers({ send }: { send: Send }): PartnerCenterCustomers {
  return {
    get: (customerTenantId, signal) =>
      send(
        {
          purpose: 'read the customer',
          method: 'GET',
          path: `/customers/${encodeURIComponent(customerTenantId)}`,
          absent: 'CustomerNotFound',
          reply: customer,
        },
        signal,
      ),

    /** @see https://learn.microsoft.com/partner-center/developer/get-a-customer-by-name */
    async findByDomain(domain, signal) {
      const filter = JSON.stringify({ Field: 'Domain', Value: domain, Operator: 'starts_with' });
      const candidates = readCollection(
        send,
        {
          purpose: 'find the customer',
          path: '/customers',
          query: { size: '500', filter },
          item: customer,
          absent: 'PartnerCenterUnavailable',
        },
        signal,
      );
      // No other operator works, and `contoso.com` is also how `contoso.com.au` starts.
      for await (const candidate of candidates) {
        if (candidate.domain?.toLowerCase() === domain.toLowerCase()) {
          return candidate.customerTenantId;
        }
      }
      return undefined;
    },
  };
}
