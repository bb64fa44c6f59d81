import { describe, expect, it } from '@jest/globals';
import { digestOf, toApprovalSubject } from '../../../shared/bulk-reset/approval-subject.js';
import type { Permission } from '../../../shared/callers/caller.js';
import { createApproveBulkResetHandler } from '../../../shared/handlers/approve-bulk-reset-handler.js';
import { aKeptOrder, aCheckedJob, bulkResetId } from '../../builders/a-bulk-reset.js';
import { aCaller } from '../../builders/a-caller.js';
import { aCallerList } from '../../builders/a-caller-list.js';
import { acceptedAtMs, customerTenantId } from '../../builders/a-reset-row.js';
import { aCallerDoor } from './a-caller-door.js';
import { call, expectRefusal } from './invocation.js';

describe('createApproveBulkResetHandler()', () => {
  it('shows what is to be agreed to, without changing anything', async () => {
    const { ask, done } = aDoor();

    const answer = await ask('GET');

    expect(answer).toMatchObject({ status: 200 });
    expect(answer.body).toEqual({
      id: bulkResetId,
      requestedBy: 'helpdesk',
      delivery: 'recipientKey',
      recipientKeyId: 'key-1',
      reference: 'INC-7',
      forceChangePassword: true,
      rows: 300,
      customers: 1,
      largestCustomers: [{ customerTenantId, rows: 300 }],
      rowsSha256: 'the rows as they were checked',
      createdAt: '2026-01-01T00:00:00.000Z',
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
      awaitsApproval: true,
    });
    expect(done).toEqual(['read by supervisor']);
  });

  it('agrees to what was shown, and shows who did', async () => {
    const { ask, done, digest } = aDoor();
    const { body } = await ask('GET');

    const answer = await ask('POST', { digest });

    expect(body).toMatchObject({ digest });

    expect(answer).toMatchObject({
      status: 200,
      body: {
        awaitsApproval: false,
        approvedBy: 'supervisor',
        approvedAt: '2026-01-01T00:00:00.000Z',
      },
    });
    expect(done).toEqual(['read by supervisor', `${digest} approved by supervisor`]);
    expect(answer.logged).toEqual([
      {
        level: 'information',
        args: ['bulk reset approved', { bulkResetId, caller: 'supervisor' }],
      },
    ]);
  });

  it.each([{}, { digest: 'all' }, { digest: 7 }])('does not agree to %j', async (body) => {
    const { ask, done } = aDoor();

    const answer = await ask('POST', body);

    expectRefusal(answer, { status: 400, code: 'InvalidRequest', target: 'digest' });
    expect(done).toEqual([]);
  });

  it.each(['GET', 'POST'] as const)('needs the permission for %s', async (method) => {
    const { ask, done } = aDoor(['bulkReset', 'reset']);

    expectRefusal(await ask(method), { status: 403, code: 'PermissionDenied' });
    expect(done).toEqual([]);
  });
});

function aDoor(permissions: readonly Permission[] = ['approveBulkReset']) {
  const done: string[] = [];
  const order = aKeptOrder({
    delivery: 'recipientKey',
    recipientKeyId: 'key-1',
    reference: 'INC-7',
  });
  const subject = toApprovalSubject(order, aCheckedJob(300));
  const handler = createApproveBulkResetHandler({
    door: aCallerDoor(() =>
      Promise.resolve(aCaller({ name: 'supervisor', permissions: new Set(permissions) })),
    ),
    readCallerList: () => Promise.resolve(aCallerList([])),
    approveBulkReset: {
      read: (_id, { name }) => {
        done.push(`read by ${name}`);
        return Promise.resolve({ subject, awaitsApproval: true });
      },
      approve: ({ digest }, { name }) => {
        done.push(`${digest} approved by ${name}`);
        const approval = { by: name, atMs: acceptedAtMs };
        return Promise.resolve({ subject, awaitsApproval: false, approval });
      },
    },
  });
  const ask = (method: 'GET' | 'POST', body?: object) =>
    call(handler, { method, params: { id: bulkResetId }, body });
  return { ask, done, digest: digestOf(subject) };
}
