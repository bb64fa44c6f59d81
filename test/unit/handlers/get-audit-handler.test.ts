import { describe, expect, it } from '@jest/globals';
import type { AuditPage, AuditQuery } from '../../../shared/audit/read-audit.js';
import type { Caller } from '../../../shared/callers/caller.js';
import { createGetAuditHandler } from '../../../shared/handlers/get-audit-handler.js';
import { aCaller } from '../../builders/a-caller.js';
import { anotherCustomerTenantId, customerTenantId } from '../../builders/a-reset-row.js';
import { aCallerDoor } from './a-caller-door.js';
import { call, expectRefusal } from './invocation.js';

const day = '2026-01-01';
const query = { customer: customerTenantId, day };

describe('createGetAuditHandler()', () => {
  it('shows the records of a day, and that they are as they were written', async () => {
    const { handler, asked } = aDoor({ page: { records: [{ seq: 1, hash: 'a' }], count: 7 } });

    const answer = await call(handler, { query });

    expect(answer).toMatchObject({ status: 200 });
    expect(answer.body).toEqual({
      chain: { customerTenantId, day, records: 7, verified: true },
      items: [{ seq: 1, hash: 'a' }],
    });
    expect(asked).toEqual([{ customerTenantId, day, afterSeq: 0, limit: 100 }]);
  });

  it('says where they are not', async () => {
    const problem = { seq: 3, kind: 'altered' } as const;
    const { handler } = aDoor({ page: { problem } });

    expect((await call(handler, { query })).body).toMatchObject({
      chain: { verified: false, problem },
    });
  });

  it('leads on to the next page', async () => {
    const { handler, asked } = aDoor({ page: { nextAfterSeq: 70 } });

    const { body } = await call(handler, { query: { ...query, after: '50', limit: '20' } });

    expect(asked).toMatchObject([{ afterSeq: 50, limit: 20 }]);
    const next = `customer=${customerTenantId}&day=${day}&after=70&limit=20`;
    expect(body).toMatchObject({ nextLink: `https://resets.example/api/audit?${next}` });
  });

  it('shows what is about no single customer to whoever may see them all', async () => {
    const { handler, asked } = aDoor({ caller: { customers: 'all' } });

    const { body } = await call(handler, { query: { customer: 'none', day } });

    expect(body).toEqual({ chain: { day, records: 0, verified: true }, items: [] });
    expect(asked).toEqual([{ day, afterSeq: 0, limit: 100 }]);
  });

  it.each<[string, Partial<Caller>, string, 'PermissionDenied' | 'CustomerNotFound', number]>([
    [
      'without the permission',
      { permissions: new Set() },
      customerTenantId,
      'PermissionDenied',
      403,
    ],
    ['of other customers', {}, anotherCustomerTenantId, 'CustomerNotFound', 404],
    ['of some customers what is about none', {}, 'none', 'CustomerNotFound', 404],
  ])('shows nothing to a caller %s', async (_, caller, customer, code, status) => {
    const { handler, asked } = aDoor({ caller });

    expectRefusal(await call(handler, { query: { customer, day } }), { status, code });
    expect(asked).toEqual([]);
  });

  it.each([
    ['no customer', { day }, 'customer'],
    ['a domain', { customer: 'contoso.com', day }, 'customer'],
    ['no day', { customer: customerTenantId }, 'day'],
    ['a day that there is not', { ...query, day: '2026-02-30' }, 'day'],
    ['a time', { ...query, day: '2026-01-01T00:00:00Z' }, 'day'],
    ['a way out of the container', { ...query, day: '../2026-01-01' }, 'day'],
    ['no rows at all', { ...query, limit: '0' }, 'limit'],
    ['too many rows', { ...query, limit: '1001' }, 'limit'],
    ['less than nothing', { ...query, after: '-1' }, 'after'],
    ['what is no number', { ...query, after: '' }, 'after'],
    ['what there is not', { ...query, sort: 'asc' }, 'sort'],
  ])('refuses %s', async (_, asked, target) => {
    const { handler } = aDoor();

    const answer = await call(handler, { query: asked });

    expectRefusal(answer, { status: 400, code: 'InvalidRequest', target });
  });
});

function aDoor(values: { page?: Partial<AuditPage>; caller?: Partial<Caller> } = {}) {
  const asked: AuditQuery[] = [];
  const permissions = new Set(['readAudit'] as const);
  const handler = createGetAuditHandler({
    door: aCallerDoor(() => Promise.resolve(aCaller({ permissions, ...values.caller }))),
    readAudit: (one) => {
      asked.push(one);
      return Promise.resolve({ records: [], count: 0, ...values.page });
    },
    publicBaseUrl: 'https://resets.example',
  });
  return { handler, asked };
}
