import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  goodPassword,
  partnerTenantId,
  startHarness,
  startTokenIssuer,
  type Harness,
  type TokenIssuer,
} from './harness.js';

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

describe('GET auditrecords', () => {
  interface Records {
    readonly items: { readonly operationType: string }[];
  }
  const today = new Date().toISOString().slice(0, 10);
  const dayBefore = (days: number) =>
    new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);
  const filterBy = (field: string, value: string, operator: string) =>
    encodeURIComponent(JSON.stringify({ Field: field, Value: value, Operator: operator }));
  const typesAt = async (query: string) =>
    ((await harness.send(`/v1/auditrecords?${query}`)).json as Records).items.map(
      ({ operationType }) => operationType,
    );

  it('shows a reset under the correlation id of its call, without the password', async () => {
    const { customer, user } = harness;
    await harness.reset({ headers: { 'MS-CorrelationId': 'call-1' } });

    const { json, text } = await harness.send(`/v1/auditrecords?startDate=${today}`);

    expect(json).toMatchObject({
      totalCount: 1,
      items: [
        {
          id: expect.any(String),
          partnerId: partnerTenantId,
          customerId: customer.tenantId,
          customerName: 'Contoso',
          userPrincipalName: 'service@partner.example',
          applicationId: '4990cffe-04e8-4e8b-808a-1175604b879f',
          resourceType: 'customer_user',
          operationType: 'reset_customer_user_password',
          originalCorrelationId: 'call-1',
          operationDate: expect.stringMatching(/Z$/),
          operationStatus: 'succeeded',
          customizedData: [{ key: 'CustomerUserId', value: user.id }],
          attributes: { objectType: 'AuditRecord' },
        },
      ],
      links: { self: { uri: `/auditrecords?startDate=${today}`, method: 'GET', headers: [] } },
      attributes: { objectType: 'Collection' },
    });
    expect(text).not.toContain(goodPassword);
  });

  it('shows no reset that was refused', async () => {
    await harness.reset({ password: 'short' });

    expect(await typesAt(`startDate=${today}`)).toEqual([]);
  });

  it('names the other changes of a user by their operation types', async () => {
    const path = harness.userPath();
    await harness.send(path, { method: 'PATCH', body: { displayName: 'Dan' } });
    await harness.send(path, { method: 'DELETE' });
    await harness.send(path, { method: 'PATCH', body: { state: 'active' } });

    expect(await typesAt('')).toEqual([
      'update_customer_user',
      'delete_customer_user',
      'restore_customer_user',
    ]);
  });

  it('keeps to the dates and filters that it is given', async () => {
    const { tenantId } = harness.customer;
    await harness.reset();
    const count = async (query: string) => (await typesAt(query)).length;

    expect(await count(`filter=${filterBy('CustomerId', tenantId.toUpperCase(), 'equals')}`)).toBe(
      1,
    );
    expect(await count(`filter=${filterBy('CustomerId', unknownId, 'equals')}`)).toBe(0);
    expect(await count(`filter=${filterBy('CompanyName', 'ONTOS', 'substring')}`)).toBe(1);
    expect(await count(`filter=${filterBy('CompanyName', 'bri', 'substring')}`)).toBe(0);
    expect(await count(`filter=${filterBy('ResourceType', 'CustomerUser', 'equals')}`)).toBe(1);
    expect(await count(`filter=${filterBy('ResourceType', 'order', 'equals')}`)).toBe(0);
    expect(await count(`startDate=${dayBefore(2)}&endDate=${dayBefore(1)}`)).toBe(0);
    expect(await count(`startDate=${dayBefore(2)}&endDate=${today}`)).toBe(1);
  });

  it.each([
    [90, 200],
    [91, 400],
  ])('goes %i days back: %i', async (days, status) => {
    const answer = await harness.send(`/v1/auditrecords?startDate=${dayBefore(days)}`);

    expect(answer.status).toBe(status);
  });
});
