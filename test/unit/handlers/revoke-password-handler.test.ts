import { describe, expect, it } from '@jest/globals';
import { bulkRowResetId } from '../../../shared/bulk-reset/bulk-reset.js';
import { createRevokePasswordHandler } from '../../../shared/handlers/revoke-password-handler.js';
import type { ResetRow } from '../../../shared/password-reset/reset-row.js';
import { createRevokePassword } from '../../../shared/password-reset/revoke-password.js';
import { bulkResetId } from '../../builders/a-bulk-reset.js';
import { aCaller } from '../../builders/a-caller.js';
import { acceptedAtMs, aResetRow } from '../../builders/a-reset-row.js';
import { fakeSeals } from '../../fakes/fake-seals.js';
import { FakeResetStore } from '../../fakes/fake-reset-store.js';
import { noAudit } from '../../fakes/fake-audit.js';
import { aCallerDoor } from './a-caller-door.js';
import { call, expectRefusal } from './invocation.js';

const applied = aResetRow({ state: 'applied', delivery: 'link', seal: 'a seal' });

describe('createRevokePasswordHandler()', () => {
  it.each([
    ['a single reset', applied],
    ['a row of a job', { ...applied, resetId: bulkRowResetId(bulkResetId, 1) }],
  ])('takes back the password of %s, and shows the reset', async (_what, row) => {
    const { revoke } = aDoor(row);

    const answer = await revoke(row.resetId);

    expect(answer).toMatchObject({
      status: 200,
      body: { id: row.resetId, status: 'Succeeded', revokedAt: '2026-01-01T00:00:09.000Z' },
      logged: [{ args: ['password revoked', { resetId: row.resetId, state: 'applied' }] }],
    });
    expect(answer.body).not.toHaveProperty('link');
  });

  it('shows when the link was opened before', async () => {
    const { revoke } = aDoor({ ...applied, openedAtMs: acceptedAtMs + 5_000 });

    expect((await revoke(applied.resetId)).body).toMatchObject({
      openedAt: '2026-01-01T00:00:05.000Z',
      revokedAt: '2026-01-01T00:00:09.000Z',
    });
  });

  it('answers 409 while the reset is not over', async () => {
    const row = aResetRow({ state: 'claimed' });

    const answer = await aDoor(row).revoke(row.resetId);

    expectRefusal(answer, { status: 409, code: 'PasswordResetConflict' });
  });

  it.each(['reset-of-nobody', '', '..', 'a/b', 'A\0'])('finds no reset %j', async (id) => {
    const answer = await aDoor(applied).revoke(id);

    expectRefusal(answer, { status: 404, code: 'PasswordResetNotFound' });
  });

  it('does not find the reset of somebody else', async () => {
    const { revoke } = aDoor({ ...applied, caller: 'flow' });

    expectRefusal(await revoke(applied.resetId), { status: 404, code: 'PasswordResetNotFound' });
  });
});

function aDoor(row: ResetRow) {
  const handler = createRevokePasswordHandler({
    door: aCallerDoor(() => Promise.resolve(aCaller())),
    revokePassword: createRevokePassword({
      ...noAudit,
      resets: new FakeResetStore([row]),
      seals: fakeSeals,
      now: () => acceptedAtMs + 9_000,
    }),
  });
  return { revoke: (id: string) => call(handler, { method: 'POST', params: { id } }) };
}
