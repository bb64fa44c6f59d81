import type { InvocationContext } from '@azure/functions';
import { requireDelivery } from '../callers/authorize.js';
import type { Caller } from '../callers/caller.js';
import type {
  AcceptedReset,
  createAcceptPasswordReset,
} from '../password-reset/accept-password-reset.js';
import type { PasswordResetOrder } from '../password-reset/password-reset-order.js';
import { log } from '../platform/log.js';

export interface TakeDependencies {
  readonly acceptPasswordReset: ReturnType<typeof createAcceptPasswordReset>;
}

/** What came in through a door, and on whose behalf. */
export interface TakenRequest {
  readonly caller: Caller;
  readonly order: Omit<PasswordResetOrder, 'caller' | 'requestId'>;
  readonly context: Pick<InvocationContext, 'info' | 'invocationId'>;
}

export type TakePasswordReset = (
  request: TakenRequest,
  signal: AbortSignal,
) => Promise<AcceptedReset>;

/** What the doors for a single reset have in common, whatever they answer. */
export function createTakePasswordReset(dependencies: TakeDependencies): TakePasswordReset {
  const { acceptPasswordReset } = dependencies;

  return async ({ caller, order, context }, signal) => {
    requireDelivery(caller, order.delivery);
    const by = { caller: caller.name, requestId: context.invocationId };
    const accepted = await acceptPasswordReset({ ...order, ...by }, signal);
    const { resetId, state, customerTenantId, userId, ...row } = accepted.row;
    const code = 'code' in row ? row.code : undefined;
    log(context, 'info', 'password reset accepted', {
      resetId,
      state,
      code,
      customerTenantId,
      userId,
    });
    return accepted;
  };
}
