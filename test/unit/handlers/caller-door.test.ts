import type { LogLevel } from '@azure/functions';
import { describe, expect, it } from '@jest/globals';
import { explanationByCode } from '../../../shared/password-reset/explanations.js';
import { ResetError, type ResetErrorCode } from '../../../shared/password-reset/reset-error.js';
import { aCaller } from '../../builders/a-caller.js';
import { FakeAudit } from '../../fakes/fake-audit.js';
import { aCallerDoor } from './a-caller-door.js';
import { call, expectRefusal, invocationId } from './invocation.js';

const caller = aCaller();
const unreachable = () => Promise.reject(new Error('must not be reached'));

describe('createCallerDoor()', () => {
  it('answers whom it lets in', async () => {
    const audit = new FakeAudit();
    const door = aCallerDoor(() => Promise.resolve(caller), audit);
    const handler = door(({ name }) => Promise.resolve({ status: 200, jsonBody: { name } }));

    expect(await call(handler)).toMatchObject({ status: 200, body: { name: 'helpdesk' } });
    expect(audit.events).toEqual([]);
  });

  it('asks nobody else when the caller is not known, and keeps nothing of it', async () => {
    const audit = new FakeAudit();
    const unknown = new ResetError('Unauthorized', 'unknown');
    const handler = aCallerDoor(() => Promise.reject(unknown), audit)(unreachable);

    expectRefusal(await call(handler, { body: {} }), { status: 401, code: 'Unauthorized' });
    expect(audit.events).toEqual([]);
  });

  it.each<[ResetErrorCode, LogLevel]>([
    ['AppMisconfigured', 'error'],
    ['KeyVaultUnavailable', 'warning'],
    ['SignInUnavailable', 'warning'],
  ])(
    'tells strangers of %s no more than what it stands for, and the log why',
    async (code, level) => {
      const message = 'The Key Vault secret callers cannot be used: callers.0.name: must be';
      const details = [{ code, message }];
      const failure = new ResetError(code, message, {
        details,
        target: 'name',
        retryAfterMs: 7_000,
      });

      const answer = await call(aCallerDoor(() => Promise.reject(failure))(unreachable));

      expect(answer.body).toEqual({ error: { code, message: explanationByCode[code] } });
      expect(answer.headers).toMatchObject({ 'retry-after': '7' });
      expect(answer.logged).toEqual([
        { level, args: ['caller not identified', { code, message }] },
        { level: 'warning', args: ['request refused', { code }] },
      ]);
    },
  );

  it('tells who is known what the error says', async () => {
    const door = aCallerDoor(() => Promise.resolve(caller));
    const failure = new ResetError('KeyVaultUnavailable', 'Cannot read secret sealing-key');

    const answer = await call(door(() => Promise.reject(failure)));

    expectRefusal(answer, { status: 503, code: failure.code, message: failure.message });
  });

  it.each<['GET' | 'POST', ResetErrorCode, boolean]>([
    ['POST', 'InvalidRequest', true],
    ['POST', 'PermissionDenied', true],
    ['POST', 'StorageUnavailable', true],
    ['GET', 'PermissionDenied', true],
    ['GET', 'CustomerNotFound', true],
    ['GET', 'PasswordResetNotFound', true],
    ['GET', 'BulkResetNotFound', true],
    ['GET', 'InvalidRequest', false],
    ['GET', 'StorageUnavailable', false],
  ])('tells the audit of a %s that is refused as %s: %s', async (method, code, isTold) => {
    const audit = new FakeAudit();
    const { handler } = refusing(code, audit);

    await call(handler, { method });

    const event = {
      action: 'request.refused',
      caller: 'helpdesk',
      functionName: 'under-test',
      requestId: invocationId,
      code,
    };
    expect(audit.events).toEqual(isTold ? [event] : []);
  });

  it('refuses as it would have when the audit cannot be told', async () => {
    const audit = new FakeAudit();
    audit.failure = new ResetError('StorageUnavailable', 'is away');
    const { handler } = refusing('PermissionDenied', audit);

    expectRefusal(await call(handler, { body: {} }), { status: 403, code: 'PermissionDenied' });
  });

  it('lets a bug travel up, of which the audit says nothing', async () => {
    const audit = new FakeAudit();
    const bug = new TypeError('is not a function');
    const handler = aCallerDoor(() => Promise.resolve(caller), audit)(() => Promise.reject(bug));

    await expect(call(handler, { body: {} })).rejects.toBe(bug);
    expect(audit.events).toEqual([]);
  });
});

function refusing(code: ResetErrorCode, audit: FakeAudit) {
  const door = aCallerDoor(() => Promise.resolve(caller), audit);
  return { handler: door(() => Promise.reject(new ResetError(code, 'No'))) };
}
