import { createHash } from 'node:crypto';
import type { DirectoryCustomer } from '../directory/directory.js';
import type { DirectoryUser } from '../directory/directory-user.js';
import type { Call, Handle, World } from './call.js';
import { toCollectionPage } from './collection.js';
import { readFilter } from './filter.js';
import { Refusal } from './refusal.js';

const guid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** @see https://learn.microsoft.com/partner-center/developer/get-a-customer-by-id */
export const getCustomer: Handle = (call, _caller, world) => {
  const customer = requireCustomer(call, world, 'customerNotFound');
  return {
    status: 200,
    body: {
      ...toResource(customer),
      commerceId: toCommerceId(customer.tenantId),
      // Of the old DAP; under GDAP it is false, and domains and address are left out.
      allowDelegatedAccess: false,
    },
  };
};

/** @see https://learn.microsoft.com/partner-center/developer/get-a-list-of-customers */
export const listCustomers: Handle = (call, _caller, world) => {
  const body = toCollectionPage(visibleCustomers(world), toResource, call, `/v1${call.path}`);
  return { status: 200, body };
};

/**
 * Only `starts_with` works, so a longer domain with the same beginning is found as well.
 *
 * @see https://learn.microsoft.com/partner-center/developer/get-a-customer-by-name
 */
export const findCustomers: Handle = (call, _caller, world) => {
  const filter = readFilter(call.query, [
    { field: 'companyname', operator: 'starts_with' },
    { field: 'domain', operator: 'starts_with' },
    { field: 'indirectreseller', operator: 'starts_with' },
    { field: 'indirectcloudsolutionprovider', operator: 'starts_with' },
  ]);
  const prefix = filter?.value.toLowerCase() ?? '';
  const found = visibleCustomers(world).filter((customer) => {
    if (filter?.field === 'companyname') return startsWith(customer.companyName, prefix);
    // This partner is a direct one: nobody is between it and its customers.
    return filter?.field === 'domain' && startsWith(customer.domain, prefix);
  });
  return { status: 200, body: toCollectionPage(found, toResource, call) };
};

/** @throws {@link Refusal} when the path names no customer that may be touched */
export function requireCustomer(
  call: Call,
  { directory }: World,
  ifUnknown: 'customerNotFound' | 'tenantNotFound' = 'tenantNotFound',
): DirectoryCustomer {
  const { customerTenantId = '' } = call;
  if (!guid.test(customerTenantId)) throw new Refusal('tenantIdNotGuid');
  const customer = directory.findCustomer(customerTenantId);
  if (customer === undefined) throw new Refusal(ifUnknown);
  if (customer.relationshipToPartner === 'none') throw new Refusal('noRelationship');
  return customer;
}

/** @throws {@link Refusal} when the path names no user, by GUID; a deleted one still counts */
export function requireUser(
  call: Call,
  world: World,
): { readonly customer: DirectoryCustomer; readonly user: DirectoryUser } {
  const customer = requireCustomer(call, world);
  const { userId = '' } = call;
  if (!guid.test(userId)) throw new Refusal('userIdNotGuid');
  const user = customer.users.get(userId.toLowerCase());
  if (user === undefined) throw new Refusal('userNotFound');
  return { customer, user };
}

function visibleCustomers({ directory }: World): readonly DirectoryCustomer[] {
  return [...directory.customers.values()].filter(
    ({ relationshipToPartner }) => relationshipToPartner !== 'none',
  );
}

function startsWith(text: string, prefix: string): boolean {
  return text.toLowerCase().startsWith(prefix);
}

function toResource(customer: DirectoryCustomer): object {
  const { tenantId, domain, companyName, relationshipToPartner } = customer;
  const uri = `/customers/${tenantId}`;
  return {
    id: tenantId,
    companyProfile: {
      tenantId,
      domain,
      companyName,
      links: { self: { uri: `${uri}/profiles/company`, method: 'GET', headers: [] } },
      attributes: { objectType: 'CustomerCompanyProfile' },
    },
    relationshipToPartner,
    links: { self: { uri, method: 'GET', headers: [] } },
    attributes: { objectType: 'Customer' },
  };
}

function toCommerceId(tenantId: string): string {
  const hex = createHash('sha256').update(tenantId).digest('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20, 32),
  ].join('-');
}
