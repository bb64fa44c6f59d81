import { describe, expect, it } from '@jest/globals';
import type { Caller, Permission } from '../../../shared/callers/caller.js';
import {
  createGetPasswordResetHandler,
  createGetPasswordResetResultHandler,
} from '../../../shared/handlers/get-password-reset-handlers.js';
import { createPasswordResetLinks } from '../../../shared/handlers/password-reset-view.js';
import {
  createReadPassword,
  createReadPasswordReset,
} from '../../../shared/password-reset/read-password-reset.js';
import { recoveryByCode, type ResetErrorCode } from '../../../shared/password-reset/reset-error.js';
import type { ResetRow } from '../../../shared/password-reset/reset-row.js';
import { Secret } from '../../../shared/platform/secret.js';
import { aCaller } from '../../builders/a-caller.js';
import {
  acceptedAtMs,
  aResetRow,
  customerTenantId,
  type RowOf,
  userId,
} from '../../builders/a-reset-row.js';
import { aSealedRequest } from '../../builders/a-sealed-request.js';
import { anEncryptedPassword } from '../../builders/an-encrypted-password.js';
import { fakeRecipientKeyId, fakeRecipientKeyIdOf } from '../../fakes/fake-recipient.js';
import { fakeRevealLinks } from '../../fakes/fake-reveal-links.js';
import { FakeResetStore } from '../../fakes/fake-reset-store.js';
import { aCallerDoor } from './a-caller-door.js';
import { call, expectRefusal, invocationId } from './invocation.js';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import { FakeAudit } from '../../fakes/fake-audit.js';

const canary = ['canary', '7f3a'].join('-');
const { resetId } = aResetRow();
const address = `https://resets.example/api/password-resets/${resetId}`;
const settleMs = 300_000;
const codes = Object.keys(recoveryByCode) as ResetErrorCode[];

describe('createGetPasswordResetHandler()', () => {
  it.each([
    [aResetRow({ state: 'queued' }), 'NotStarted'],
    [aResetRow({ state: 'claimed' }), 'Running'],
    [aResetRow({ state: 'uncertain' }), 'Running'],
    [aResetRow({ state: 'applied', seal: 'a seal' }), 'Succeeded'],
    [aResetRow({ state: 'rejected' }), 'Failed'],
    [aResetRow({ state: 'attention' }), 'Failed'],
    [aResetRow({ state: 'cancelled' }), 'Canceled'],
  ])('answers 200 and the status of a row: %#', async (row, status) => {
    const answer = await ask({ row }).monitor();

    expect(answer).toMatchObject({ status: 200, body: { id: resetId, status } });
    expect(answer.text).not.toContain(canary);
  });

  it('shows what is known of a reset', async () => {
    const row = aResetRow({ state: 'rejected', code: 'UserIsAdmin', userId, reference: 'INC-7' });

    expect((await ask({ row }).monitor()).body).toEqual({
      id: resetId,
      status: 'Failed',
      customerTenantId,
      userId,
      forceChangePassword: true,
      delivery: 'response',
      reference: 'INC-7',
      error: {
        code: 'UserIsAdmin',
        message: 'The user holds a directory role: administrators are not reset here',
      },
      createdAt: '2026-01-01T00:00:00.000Z',
      completedAt: '2026-01-01T00:00:01.000Z',
    });
  });

  it('says what to do when the password may have been changed', async () => {
    const row = aResetRow({ state: 'attention', code: 'OutcomeUnknown' });

    expect((await ask({ row }).monitor()).body).toMatchObject({
      error: { message: expect.stringContaining('wait 5 minutes') },
    });
  });
});

describe('createGetPasswordResetResultHandler()', () => {
  it.each<[string, ResetRow, string]>([
    ['waiting', aResetRow({ notBeforeMs: acceptedAtMs + 42_000 }), '42'],
    ['overdue', aResetRow({ notBeforeMs: acceptedAtMs - 60_000 }), '5'],
    ['under way', aResetRow({ state: 'claimed' }), '5'],
    ['uncertain', aResetRow({ state: 'uncertain' }), '60'],
  ])('answers 202 with its own address while a reset is %s', async (_, row, seconds) => {
    const answer = await ask({ row }).result();

    expect(answer).toMatchObject({
      status: 202,
      headers: {
        location: `${address}/result`,
        'operation-location': address,
        'retry-after': seconds,
      },
    });
    expect(answer.text).not.toContain(canary);
  });

  it('answers 200 with the password to whoever asked for it', async () => {
    const answer = await ask({ row: anAppliedRow() }).result();

    expect(answer).toMatchObject({
      status: 200,
      headers: { 'operation-location': address, 'cache-control': 'no-store' },
      body: { status: 'Succeeded', password: canary },
    });
    expect(JSON.stringify(answer.logged)).not.toContain(canary);
  });

  it.each<[string, Parameters<typeof ask>[0]]>([
    ['the caller may not read one', { permissions: ['reset'] }],
    ['none is to be delivered', { delivery: 'none' }],
    ['the customer is out of scope by now', { customers: new Set<never>() }],
    ['it was purged', { row: aResetRow({ state: 'applied' }) }],
  ])('answers 200 without a password when %s', async (_, values) => {
    const row = aResetRow({ state: 'applied', seal: 'a seal' });

    const answer = await ask({ row, ...values }).result();

    expect(answer).toMatchObject({ status: 200, body: { status: 'Succeeded' } });
    expect(answer.body).not.toHaveProperty('password');
  });

  it.each(codes)('answers 422 to a reset that ended with %s: it is final', async (code) => {
    const row = aResetRow({ state: 'rejected', code });

    const answer = await ask({ row }).result();

    expectRefusal(answer, { status: 422, code });
    expect(answer.headers).not.toHaveProperty('retry-after');
    expect(answer.headers).not.toHaveProperty('location');
  });

  it('answers 422 to a reset that a person must look at', async () => {
    const answer = await ask({ row: aResetRow({ state: 'attention' }) }).result();

    expectRefusal(answer, { status: 422, code: 'OutcomeUnknown' });
  });

  it('answers 409 to a reset that was cancelled', async () => {
    const answer = await ask({ row: aResetRow({ state: 'cancelled' }) }).result();

    expectRefusal(answer, { status: 409, code: 'Cancelled' });
  });

  it.each([
    [300_000, '60'],
    [42_000, '42'],
    [1, '5'],
  ])(
    'answers 202 while an earlier attempt may still arrive: for %d ms',
    async (restMs, seconds) => {
      const unknownAtMs = acceptedAtMs + restMs - settleMs;

      const answer = await ask({ row: anAppliedRow({ unknownAtMs }) }).result();

      expect(answer).toMatchObject({
        status: 202,
        headers: { location: `${address}/result`, 'retry-after': seconds },
        body: { status: 'Running', passwordWithheld: 'Settling' },
      });
      expect(answer.body).not.toHaveProperty('completedAt');
      expect(answer.text).not.toContain(canary);
    },
  );

  it('answers 200 as soon as no earlier attempt can arrive any more', async () => {
    const row = anAppliedRow({ unknownAtMs: acceptedAtMs - settleMs });

    const answer = await ask({ row }).result();

    expect(answer).toMatchObject({ status: 200, body: { password: canary } });
  });

  it('answers 409 and no password when a newer reset of the user has begun', async () => {
    const answer = await ask({ row: anAppliedRow(), holder: 'another-reset' }).result();

    expectRefusal(answer, { status: 409, code: 'Superseded' });
    expect(answer.headers).toMatchObject({ 'operation-location': address });
    expect(answer.text).not.toContain(canary);
  });
});

describe.each(['monitor', 'result'] as const)('the %s of a password reset', (door) => {
  it.each([
    ['no id', ''],
    ['a path', '../callers'],
    ['a path in disguise', '%2e%2e'],
    ['a slash', `${resetId}/x`],
    ['a quote', `${resetId}' or '1' eq '1`],
    ['a NUL', `${resetId}\0`],
    ['a line break', `${resetId}\n`],
    ['capitals', resetId.toUpperCase()],
    ['10,000 characters', 'a'.repeat(10_000)],
  ])('is not found under %s, and not looked for', async (_, id) => {
    const answer = await ask({ id, readFailure: new Error('must not be read') })[door]();

    expectRefusal(answer, {
      status: 404,
      code: 'PasswordResetNotFound',
      message: 'There is no such password reset',
    });
  });

  it('is not found under an unknown id', async () => {
    const answer = await ask({ id: '20260101-11111111-2222-4333-8444-555555555555' })[door]();

    expectRefusal(answer, { status: 404, code: 'PasswordResetNotFound' });
  });

  it('is not found, byte for byte, by somebody else', async () => {
    const row = aResetRow({ caller: 'somebody-else' });

    const theirs = await ask({ row })[door]();
    const unknown = await ask({ id: '20260101-0' })[door]();

    expect(theirs).toEqual(unknown);
    expect(theirs.status).toBe(404);
  });
});

function anAppliedRow(values: Partial<RowOf<'applied'>> = {}) {
  return aResetRow({ state: 'applied', seal: 'a seal', userId, ...values });
}

describe('the audit of a password that is shown', () => {
  const row = anAppliedRow();

  it('says to whom, in which call', async () => {
    const { result, audit } = ask({ row });

    await result();

    expect(audit.events).toMatchObject([
      {
        action: 'password.revealed',
        caller: 'helpdesk',
        customerTenantId,
        userId,
        resetId: row.resetId,
        requestId: invocationId,
      },
    ]);
  });

  it('is told of an encrypted one, too', async () => {
    const { result, audit } = ask({ row: anAppliedRow({ delivery: 'recipientKey' }) });

    await result();

    expect(audit.actions).toEqual(['password.revealed']);
  });

  it('comes first: nothing is shown that could not be told', async () => {
    const auditFailure = new ResetError('StorageUnavailable', 'is away');

    const answer = await ask({ row, auditFailure }).result();

    expectRefusal(answer, { status: 503, code: 'StorageUnavailable' });
    expect(answer.text).not.toContain(canary);
  });

  it.each<[string, Asked]>([
    ['nobody may see it', { permissions: ['reset'] }],
    ['a newer reset has begun', { holder: 'reset-8' }],
    ['it is delivered to nobody', { delivery: 'none' }],
  ])('says nothing when %s', async (_, asked) => {
    const { result, audit } = ask({ row, ...asked });

    await result();

    expect(audit.events).toEqual([]);
  });
});

interface Asked {
  readonly row?: ResetRow;
  readonly id?: string;
  readonly readFailure?: Error;
  readonly auditFailure?: Error;
  readonly permissions?: readonly Permission[];
  readonly delivery?: 'link' | 'response' | 'none';
  readonly customers?: Caller['customers'];
  /** The reset that the user's lock names. */
  readonly holder?: string;
}

function ask(values: Asked = {}) {
  const { row = aResetRow(), id = row.resetId, delivery = 'response', customers = 'all' } = values;
  const { holder = row.resetId } = values;
  const permissions = new Set(values.permissions ?? (['reset', 'readPassword'] as const));
  const passwordProfile = { password: new Secret(canary), forceChangePassword: true };
  const recipientKeys = new Map([[fakeRecipientKeyId, { kty: 'EC' }]]);
  const audit = new FakeAudit();
  audit.failure = values.auditFailure;
  const resets = new FakeResetStore([row]);
  if (values.readFailure !== undefined) resets.failures.read = values.readFailure;
  const dependencies = {
    audit: audit.audit,
    door: aCallerDoor(() => Promise.resolve(aCaller({ permissions, customers, recipientKeys }))),
    readPasswordReset: createReadPasswordReset({ resets }),
    readPassword: createReadPassword({
      seals: {
        open: () => Promise.resolve(aSealedRequest({ delivery, passwordProfile })),
        openEncrypted: () => Promise.resolve(anEncryptedPassword()),
      },
      isSuperseded: ({ resetId: ours }) => Promise.resolve(holder !== ours),
      links: fakeRevealLinks,
      recipientKeyIdOf: fakeRecipientKeyIdOf,
      settleMs,
      linkExpiresMs: 3_600_000,
      now: () => acceptedAtMs,
    }),
    links: createPasswordResetLinks('https://resets.example'),
    now: () => acceptedAtMs,
  };
  return {
    audit,
    monitor: () => call(createGetPasswordResetHandler(dependencies), { params: { id } }),
    result: () => call(createGetPasswordResetResultHandler(dependencies), { params: { id } }),
  };
}
