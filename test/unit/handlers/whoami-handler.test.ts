import { describe, expect, it } from '@jest/globals';
import { createWhoamiHandler } from '../../../shared/handlers/whoami-handler.js';
import type { CustomerTenantId } from '../../../shared/password-reset/ids.js';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import { aCaller } from '../../builders/a-caller.js';
import { customerTenantId } from '../../builders/a-reset-row.js';
import { aCallerDoor } from './a-caller-door.js';
import { call, expectRefusal } from './invocation.js';

const another = '00000000-1a2b-4c3d-8e4f-5a6b7c8d9e0f' as CustomerTenantId;

describe('createWhoamiHandler()', () => {
  it.each([
    ['named customers', new Set([customerTenantId, another]), [another, customerTenantId]],
    ['all customers', 'all' as const, '*'],
    ['no customer', new Set<CustomerTenantId>(), []],
  ])('says who the caller is and what it may do for %s', async (_, customers, expected) => {
    const caller = aCaller({ permissions: new Set(['reset', 'bulkReset']), customers });
    const handler = createWhoamiHandler({ door: aCallerDoor(() => Promise.resolve(caller)) });

    expect(await call(handler)).toMatchObject({
      status: 200,
      body: { name: 'helpdesk', permissions: ['bulkReset', 'reset'], customers: expected },
    });
  });

  it('says how far the caller may go', async () => {
    const caller = aCaller({ maxResetsPerDay: 7, approvalAboveRows: 3 });
    const handler = createWhoamiHandler({ door: aCallerDoor(() => Promise.resolve(caller)) });

    const { body } = await call(handler);

    expect(body).toMatchObject({ maxResetsPerDay: 7, approvalAboveRows: 3 });
    expect(body).not.toHaveProperty('deliveries');
  });

  it('says which deliveries there are for a caller who may not use all', async () => {
    const caller = aCaller({ deliveries: new Set(['none', 'link']) });
    const handler = createWhoamiHandler({ door: aCallerDoor(() => Promise.resolve(caller)) });

    expect(await call(handler)).toMatchObject({ body: { deliveries: ['link', 'none'] } });
  });

  it('answers 401 to somebody whom nobody knows', async () => {
    const authenticate = () => Promise.reject(new ResetError('Unauthorized', 'unknown'));

    const answer = await call(createWhoamiHandler({ door: aCallerDoor(authenticate) }));

    expectRefusal(answer, { status: 401, code: 'Unauthorized' });
  });
});
