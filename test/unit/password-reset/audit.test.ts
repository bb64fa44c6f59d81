import { describe, expect, it } from '@jest/globals';
import { forgedEvent, revealEvents, settledEvent } from '../../../shared/password-reset/audit.js';
import type { ReadablePassword } from '../../../shared/password-reset/read-password-reset.js';
import { Secret } from '../../../shared/platform/secret.js';
import { aResetRow, customerTenantId, userId } from '../../builders/a-reset-row.js';

describe('settledEvent()', () => {
  it('says how the row ended, and after how many attempts', () => {
    const { resetId } = aResetRow();
    const row = aResetRow({ state: 'rejected', code: 'UserIsAdmin', attempts: 3, userId });

    expect(settledEvent(row)).toEqual({
      action: 'reset.rejected',
      caller: 'helpdesk',
      customerTenantId,
      userId,
      resetId,
      delivery: 'response',
      attempt: 3,
      code: 'UserIsAdmin',
    });
  });

  it('has no code for what went well', () => {
    expect(settledEvent(aResetRow({ state: 'applied' })).code).toBeUndefined();
  });
});

describe('forgedEvent()', () => {
  it('tells nothing that may be the words of somebody else', () => {
    const row = aResetRow({ state: 'attention', reference: 'ticket 4711', userId });

    expect(forgedEvent(row)).toEqual({
      action: 'reset.attention',
      resetId: row.resetId,
      code: 'OutcomeUnknown',
    });
  });
});

describe('revealEvents()', () => {
  const by = { caller: 'helpdesk/somebody', requestId: 'request-1' };

  it.each<ReadablePassword>([
    { kind: 'password', password: new Secret('Zq7-CANARY') },
    { kind: 'encrypted', encryptedPassword: 'a JWE' },
  ])('tells of a password that is about to be shown: %j', (readable) => {
    const row = aResetRow({ state: 'applied', userId });

    expect(revealEvents([{ row, readable }], by)).toEqual([
      {
        action: 'password.revealed',
        ...by,
        customerTenantId,
        userId,
        resetId: row.resetId,
        delivery: 'response',
      },
    ]);
  });

  it.each<ReadablePassword | undefined>([
    { kind: 'link', address: 'https://resets.example/api/reveal/x', expiresAtMs: 1 },
    { kind: 'none' },
    { kind: 'settling', untilMs: 1 },
    { kind: 'superseded' },
    undefined,
  ])('tells nothing of one that stays hidden: %j', (readable) => {
    expect(revealEvents([{ row: aResetRow({ state: 'applied' }), readable }], by)).toEqual([]);
  });
});
