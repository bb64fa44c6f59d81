import { describe, expect, it } from '@jest/globals';
import type { BulkResetFacts } from '../../../shared/bulk-reset/bulk-reset.js';
import type { Permission } from '../../../shared/callers/caller.js';
import { createApproveBulkResetHandler } from '../../../shared/handlers/approve-bulk-reset-handler.js';
import { aBulkResetRow, bulkResetId } from '../../builders/a-bulk-reset.js';
import { aCaller } from '../../builders/a-caller.js';
import { aCallerList } from '../../builders/a-caller-list.js';
import { acceptedAtMs } from '../../builders/a-reset-row.js';
import { aCallerDoor } from './a-caller-door.js';
import { call, expectRefusal } from './invocation.js';

const counts = { valid: 300, invalid: 0, lastRow: 300 };
const approval = { by: 'supervisor', atMs: acceptedAtMs, proof: 'a proof' };

describe('createApproveBulkResetHandler()', () => {
  it('shows what is to be agreed to, without changing anything', async () => {
    const { ask, done } = aDoor();

    const answer = await ask('GET');

    expect(answer).toMatchObject({ status: 200 });
    expect(answer.body).toEqual({
      id: bulkResetId,
      requestedBy: 'helpdesk',
      delivery: 'response',
      reference: 'INC-7',
      createdAt: '2026-01-01T00:00:00.000Z',
      rows: 300,
      awaitsApproval: true,
    });
    expect(done).toEqual(['read by supervisor']);
  });

  it('agrees, and shows who did', async () => {
    const { ask, done } = aDoor();

    const answer = await ask('POST');

    expect(answer).toMatchObject({
      status: 200,
      body: {
        awaitsApproval: false,
        approvedBy: 'supervisor',
        approvedAt: '2026-01-01T00:00:00.000Z',
      },
    });
    expect(answer.text).not.toContain('proof');
    expect(done).toEqual(['approved by supervisor']);
    expect(answer.logged).toEqual([
      {
        level: 'information',
        args: ['bulk reset approved', { bulkResetId, caller: 'supervisor' }],
      },
    ]);
  });

  it.each(['GET', 'POST'] as const)('needs the permission for %s', async (method) => {
    const { ask, done } = aDoor(['bulkReset', 'reset']);

    expectRefusal(await ask(method), { status: 403, code: 'PermissionDenied' });
    expect(done).toEqual([]);
  });
});

function aDoor(permissions: readonly Permission[] = ['approveBulkReset']) {
  const done: string[] = [];
  const facts: Partial<BulkResetFacts> = { reference: 'INC-7' };
  const awaiting = aBulkResetRow(
    { state: 'awaitingApproval', counts, checkedSha256: 'rows' },
    facts,
  );
  const approved = aBulkResetRow({ state: 'split', counts }, { ...facts, approval });
  const handler = createApproveBulkResetHandler({
    door: aCallerDoor(() =>
      Promise.resolve(aCaller({ name: 'supervisor', permissions: new Set(permissions) })),
    ),
    readCallerList: () => Promise.resolve(aCallerList([])),
    approveBulkReset: {
      read: (_id, { name }) =>
        Promise.resolve(void done.push(`read by ${name}`)).then(() => awaiting),
      approve: (_id, { name }) =>
        Promise.resolve(void done.push(`approved by ${name}`)).then(() => approved),
    },
  });
  const ask = (method: 'GET' | 'POST') => call(handler, { method, params: { id: bulkResetId } });
  return { ask, done };
}
