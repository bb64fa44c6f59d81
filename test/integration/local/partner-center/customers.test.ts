import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startHarness, startTokenIssuer, type Harness, type TokenIssuer } from './harness.js';

const unknownId = '00000000-1111-4222-8333-444444444444';

let tokens: TokenIssuer;
let harness: Harness;

beforeAll(async () => {
  tokens = await startTokenIssuer();
});
afterAll(() => tokens.close());
beforeEach(async () => {
  harness = await startHarness(tokens);
});
afterEach(() => harness.standIn.close());

describe('GET customer', () => {
  it('answers a Customer without what only DAP shows', async () => {
    const { tenantId } = harness.customer;

    const { status, json } = await harness.send(`/v1/customers/${tenantId}`);

    expect(status).toBe(200);
    expect(json).toEqual({
      id: tenantId,
      commerceId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      companyProfile: {
        tenantId,
        domain: 'contoso.com',
        companyName: 'Contoso',
        links: {
          self: { uri: `/customers/${tenantId}/profiles/company`, method: 'GET', headers: [] },
        },
        attributes: { objectType: 'CustomerCompanyProfile' },
      },
      relationshipToPartner: 'reseller',
      allowDelegatedAccess: false,
      links: { self: { uri: `/customers/${tenantId}`, method: 'GET', headers: [] } },
      attributes: { objectType: 'Customer' },
    });
  });

  it('answers 404 with a number for a code when there is no such customer', async () => {
    const { status, json } = await harness.send(`/v1/customers/${unknownId}`);

    expect(status).toBe(404);
    expect(json).toEqual({
      code: 3000,
      description: expect.stringContaining('Partner Organization'),
      data: [],
      source: 'PartnerApiServiceControllers',
    });
  });
});

describe('GET customers', () => {
  const find = (field: string, value: string, operator = 'starts_with') => {
    const filter = JSON.stringify({ Field: field, Value: value, Operator: operator });
    return harness.send(`/v1/customers?size=0&filter=${encodeURIComponent(filter)}`);
  };
  const domainsOf = (json: unknown) =>
    (json as { items: { companyProfile: { domain: string } }[] }).items.map(
      ({ companyProfile }) => companyProfile.domain,
    );

  it('lists them, with /v1 in the link as documented', async () => {
    const { json } = await harness.send('/v1/customers?size=40');

    expect(domainsOf(json)).toEqual(['contoso.com', 'contoso.com.au', 'fabrikam.com']);
    expect(json).toMatchObject({
      totalCount: 3,
      links: { self: { uri: '/v1/customers?size=40', method: 'GET', headers: [] } },
      attributes: { objectType: 'Collection' },
    });
  });

  it('finds every domain that starts with the value, whatever its case', async () => {
    const { json } = await find('Domain', 'CONTOSO.com');

    expect(domainsOf(json)).toEqual(['contoso.com', 'contoso.com.au']);
    expect(json).toMatchObject({
      totalCount: 2,
      links: {
        self: {
          uri: '/customers?size=0&filter=%7B%22Field%22%3A%22Domain%22%2C%22Value%22%3A%22CONTOSO.com%22%2C%22Operator%22%3A%22starts_with%22%7D',
        },
      },
    });
  });

  it.each([
    ['CompanyName', 'fab', ['fabrikam.com']],
    ['Domain', 'nobody', []],
    ['IndirectReseller', 'cont', []],
    ['IndirectCloudSolutionProvider', 'cont', []],
  ])('searches %s for %s', async (field, value, domains) => {
    expect(domainsOf((await find(field, value)).json)).toEqual(domains);
  });

  it.each([
    ['Domain', 'equals'],
    ['Email', 'starts_with'],
  ])('refuses the field %s with %s', async (field, operator) => {
    expect(await find(field, 'contoso.com', operator)).toMatchObject({
      status: 400,
      json: { code: 3000, data: ['filter'] },
    });
  });

  it('hides a customer without a relationship, and refuses to touch it', async () => {
    harness.customer.relationshipToPartner = 'none';

    expect(domainsOf((await find('Domain', 'contoso.com')).json)).toEqual(['contoso.com.au']);
    expect(await harness.send(harness.userPath())).toMatchObject({
      status: 403,
      json: { code: 20002 },
    });
  });
});
