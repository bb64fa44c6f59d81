import { describe, expect, it } from '@jest/globals';
import type { CustomerDomain, CustomerTenantId } from '../../../shared/password-reset/ids.js';
import { createPartnerCenterCustomers } from '../../../shared/partner-center/customers.js';
import { fakeSend } from './fake-send.js';

const signal = new AbortController().signal;
const contoso = '0b6e1a37-2f5c-4c0e-9a52-7d3f1e8c4a01' as CustomerTenantId;
const australia = '0b6e1a37-2f5c-4c0e-9a52-7d3f1e8c4a02';

function aCustomer(tenantId: string, domain: string | null) {
  return { id: tenantId, companyProfile: { tenantId, domain, companyName: 'Contoso' } };
}

describe('createPartnerCenterCustomers()', () => {
  describe('get()', () => {
    it('reads the customer by id', async () => {
      const { send, calls } = fakeSend(aCustomer(contoso.toUpperCase(), 'contoso.com'));

      const customer = await createPartnerCenterCustomers({ send }).get(contoso, signal);

      expect(customer).toEqual({
        customerTenantId: contoso,
        domain: 'contoso.com',
        companyName: 'Contoso',
      });
      expect(calls).toMatchObject([
        { method: 'GET', path: `/customers/${contoso}`, absent: 'CustomerNotFound' },
      ]);
    });
  });

  describe('findByDomain()', () => {
    const find = (send: ReturnType<typeof fakeSend>['send'], domain = 'contoso.com') =>
      createPartnerCenterCustomers({ send }).findByDomain(domain as CustomerDomain, signal);

    it('asks for the customers whose domain starts so', async () => {
      const { send, calls } = fakeSend({ items: [] });

      await find(send);

      expect(calls).toMatchObject([
        {
          path: '/customers',
          query: {
            size: '500',
            filter: '{"Field":"Domain","Value":"contoso.com","Operator":"starts_with"}',
          },
        },
      ]);
    });

    it('does not take contoso.com.au for contoso.com', async () => {
      const { send } = fakeSend({
        items: [aCustomer(australia, 'contoso.com.au'), aCustomer(contoso, 'Contoso.COM')],
      });

      expect(await find(send)).toBe(contoso);
    });

    it('is undefined when no domain is equal', async () => {
      const { send } = fakeSend({
        items: [aCustomer(australia, 'contoso.com.au'), aCustomer(australia, null)],
      });

      expect(await find(send)).toBeUndefined();
    });

    it('looks on every page', async () => {
      const { send } = fakeSend(
        { items: [aCustomer(australia, 'contoso.com.au')], continuationToken: 'token-1' },
        { items: [aCustomer(contoso, 'contoso.com')] },
      );

      expect(await find(send)).toBe(contoso);
    });
  });
});
