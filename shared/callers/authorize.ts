import { customerNotFound } from '../password-reset/customer-not-found.js';
import type { Authorize } from '../password-reset/ports.js';
import { ResetError } from '../password-reset/reset-error.js';
import type { Delivery } from '../password-reset/reset-row.js';
import { type Caller, maySee, type Permission } from './caller.js';
import type { CallerList } from './caller-list.js';

export type ReadCallerList = (signal: AbortSignal) => Promise<CallerList>;

/** Decides by name and as things stand now, when a request is accepted and again when it is worked off. */
export function createAuthorize(readCallerList: ReadCallerList): Authorize {
  return async (request, signal) => {
    const { permission, customerTenantId, isChosen, delivery, recipientKeyId } = request;
    const caller = (await readCallerList(signal)).findByName(request.caller);
    if (caller === undefined) {
      throw new ResetError(
        'PermissionDenied',
        `The caller ${request.caller} is not listed any more`,
      );
    }
    requirePermission(caller, permission);
    if (isChosen) requirePermission(caller, 'choosePassword');
    requireDelivery(caller, delivery);
    if (recipientKeyId !== undefined) requireRecipientKey(caller, recipientKeyId);
    // Whether a customer exists is not told to those who may not touch it.
    if (customerTenantId !== undefined && !maySee(caller, customerTenantId)) {
      throw customerNotFound();
    }
    return { mayResetAdmins: caller.permissions.has('resetAdmins') };
  };
}

/** @throws {@link ResetError} `PermissionDenied` */
export function requirePermission(caller: Caller, permission: Permission): void {
  if (caller.permissions.has(permission)) return;
  throw new ResetError(
    'PermissionDenied',
    `The caller ${caller.name} lacks the permission ${permission}`,
  );
}

/**
 * A password that nobody could read in the end is better never set.
 *
 * @throws {@link ResetError} `PermissionDenied`
 */
export function requireDelivery(caller: Caller, delivery: Delivery): void {
  if (!caller.deliveries.has(delivery)) {
    throw new ResetError(
      'PermissionDenied',
      `The caller ${caller.name} may not use the delivery ${delivery}`,
      { target: 'delivery' },
    );
  }
  if (delivery === 'response') requirePermission(caller, 'readPassword');
}

function requireRecipientKey({ name, recipientKeys }: Caller, keyId: string): void {
  if (recipientKeys.has(keyId)) return;
  throw new ResetError('RecipientKeyNotFound', `No such recipient key is listed for ${name}`, {
    target: 'recipientKeyId',
  });
}
