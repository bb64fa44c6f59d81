import { describe, expect, it } from '@jest/globals';
import { ResetError, type ResetErrorCode } from '../../../shared/password-reset/reset-error.js';
import { aCaller } from '../../builders/a-caller.js';
import { FakeAudit } from '../../fakes/fake-audit.js';
import { aCallerDoor } from './a-caller-door.js';
import { call, expectRefusal, invocationId } from './invocation.js';

const caller = aCaller();

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
    const handler = aCallerDoor(
      () => Promise.reject(unknown),
      audit,
    )(() => Promise.reject(new Error('must not be reached')));

    expectRefusal(await call(handler, { body: {} }), { status: 401, code: 'Unauthorized' });
    expect(audit.events).toEqual([]);
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
