import { describe, expect, it } from '@jest/globals';
import { aCallerList } from '../../builders/a-caller-list.js';
import { createAuthorize, requirePermission } from '../../../shared/callers/authorize.js';
import { type Caller, type Permission, permissions } from '../../../shared/callers/caller.js';
import { customerNotFound } from '../../../shared/password-reset/customer-not-found.js';
import type { Authorize } from '../../../shared/password-reset/ports.js';
import { deliveries } from '../../../shared/password-reset/reset-row.js';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import { aCaller } from '../../builders/a-caller.js';
import { anotherCustomerTenantId, customerTenantId } from '../../builders/a-reset-row.js';

const { signal } = new AbortController();

describe('createAuthorize()', () => {
  it.each(['reset', 'bulkReset'] as const)(
    'lets pass who has the permission %s',
    async (permission) => {
      const authorize = authorizeWith(aCaller({ permissions: new Set([permission]) }));

      await expect(authorize(asking({ permission }), signal)).resolves.toEqual({
        mayResetAdmins: false,
      });
    },
  );

  it.each(['reset', 'bulkReset'] as const)(
    'refuses who has every permission but %s',
    async (permission) => {
      const authorize = authorizeWith(aCaller({ permissions: allBut(permission) }));

      await expect(authorize(asking({ permission }), signal)).rejects.toMatchObject({
        code: 'PermissionDenied',
        message: `The caller helpdesk lacks the permission ${permission}`,
      });
    },
  );

  it('lets pass who may choose the password and does', async () => {
    const authorize = authorizeWith(
      aCaller({ permissions: new Set(['reset', 'choosePassword'] as const) }),
    );

    await expect(authorize(asking({ isChosen: true }), signal)).resolves.toEqual({
      mayResetAdmins: false,
    });
  });

  it('refuses who chose the password and may not', async () => {
    const authorize = authorizeWith(aCaller({ permissions: allBut('choosePassword') }));

    await expect(authorize(asking({ isChosen: true }), signal)).rejects.toMatchObject({
      code: 'PermissionDenied',
      message: 'The caller helpdesk lacks the permission choosePassword',
    });
    await expect(authorize(asking({ isChosen: false }), signal)).resolves.toBeDefined();
  });

  it('refuses a password in the answer to who may not read any', async () => {
    const authorize = authorizeWith(aCaller({ permissions: allBut('readPassword') }));

    await expect(authorize(asking({ delivery: 'response' }), signal)).rejects.toMatchObject({
      code: 'PermissionDenied',
      message: 'The caller helpdesk lacks the permission readPassword',
    });
    await expect(authorize(asking({ delivery: 'link' }), signal)).resolves.toBeDefined();
  });

  it.each(deliveries)('refuses the delivery %s to who may use all others', async (delivery) => {
    const others = new Set(deliveries.filter((one) => one !== delivery));
    const everything = { permissions: new Set(permissions) };
    const authorize = authorizeWith(aCaller({ ...everything, deliveries: others }));

    await expect(authorize(asking({ delivery }), signal)).rejects.toMatchObject({
      code: 'PermissionDenied',
      message: `The caller helpdesk may not use the delivery ${delivery}`,
      target: 'delivery',
    });
    await expect(
      authorizeWith(aCaller(everything))(asking({ delivery }), signal),
    ).resolves.toBeDefined();
  });

  it('takes a recipient key only while it is listed for the caller', async () => {
    const recipientKeys = new Map([['2026', { kty: 'EC', kid: '2026' }]]);
    const asked = asking({ delivery: 'recipientKey', recipientKeyId: '2026' });

    await expect(authorizeWith(aCaller({ recipientKeys }))(asked, signal)).resolves.toBeDefined();
    await expect(authorizeWith(aCaller())(asked, signal)).rejects.toMatchObject({
      code: 'RecipientKeyNotFound',
      target: 'recipientKeyId',
    });
  });

  it('grants administrators to whom that is permitted, and to nobody else', async () => {
    const permitted = aCaller({ permissions: new Set(['reset', 'resetAdmins'] as const) });
    const lacking = aCaller({ permissions: allBut('resetAdmins') });

    expect(await authorizeWith(permitted)(asking(), signal)).toEqual({ mayResetAdmins: true });
    expect(await authorizeWith(lacking)(asking(), signal)).toEqual({ mayResetAdmins: false });
  });

  it('says of a customer out of scope that there is none, as of one that there is not', async () => {
    const authorize = authorizeWith(aCaller({ customers: new Set([anotherCustomerTenantId]) }));
    const { code, message, target } = customerNotFound();

    await expect(authorize(asking(), signal)).rejects.toMatchObject({ code, message, target });
  });

  it('refuses everything of who may touch no customer', async () => {
    const authorize = authorizeWith(aCaller({ customers: new Set() }));

    await expect(authorize(asking(), signal)).rejects.toMatchObject({ code: 'CustomerNotFound' });
  });

  it('lets pass who may touch all customers', async () => {
    const authorize = authorizeWith(aCaller({ customers: 'all' }));

    await expect(authorize(asking(), signal)).resolves.toEqual({ mayResetAdmins: false });
  });

  it('tells who lacks the permission nothing of customers', async () => {
    const authorize = authorizeWith(aCaller({ permissions: new Set(), customers: new Set() }));

    await expect(authorize(asking(), signal)).rejects.toMatchObject({ code: 'PermissionDenied' });
  });

  it('refuses who is not listed any more', async () => {
    const authorize = authorizeWith(aCaller({ name: 'flow' }));

    await expect(authorize(asking(), signal)).rejects.toMatchObject({
      code: 'PermissionDenied',
      message: 'The caller helpdesk is not listed any more',
    });
  });

  it('reads the list each time, so that a right that was taken away is gone', async () => {
    let caller = aCaller();
    const authorize = createAuthorize(() => Promise.resolve(listOf(caller)));
    await authorize(asking(), signal);
    caller = aCaller({ permissions: new Set() });

    await expect(authorize(asking(), signal)).rejects.toMatchObject({ code: 'PermissionDenied' });
  });

  it('lets nobody pass while the list cannot be read', async () => {
    const failure = new ResetError('KeyVaultUnavailable', 'Cannot read secret callers');
    const authorize = createAuthorize(() => Promise.reject(failure));

    await expect(authorize(asking(), signal)).rejects.toBe(failure);
  });

  it('reads the list under the signal that it was given', async () => {
    const signals: AbortSignal[] = [];
    const authorize = createAuthorize((given) => {
      signals.push(given);
      return Promise.resolve(listOf(aCaller()));
    });

    await authorize(asking(), signal);

    expect(signals).toEqual([signal]);
  });
});

describe('requirePermission()', () => {
  it.each(permissions)('takes no other permission for %s', (permission) => {
    const lacking = aCaller({ permissions: allBut(permission) });
    const having = aCaller({ permissions: new Set([permission]) });

    expect(() => requirePermission(lacking, permission)).toThrow(
      `The caller helpdesk lacks the permission ${permission}`,
    );
    expect(() => requirePermission(having, permission)).not.toThrow();
  });
});

function asking(values: Partial<Parameters<Authorize>[0]> = {}): Parameters<Authorize>[0] {
  return {
    caller: 'helpdesk',
    permission: 'reset',
    customerTenantId,
    isChosen: false,
    delivery: 'none',
    ...values,
  };
}

function authorizeWith(caller: Caller): Authorize {
  return createAuthorize(() => Promise.resolve(listOf(caller)));
}

function listOf(caller: Caller) {
  return aCallerList([caller]);
}

function allBut(permission: Permission): ReadonlySet<Permission> {
  return new Set(permissions.filter((one) => one !== permission));
}
