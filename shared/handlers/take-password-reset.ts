import type { InvocationContext } from '@azure/functions';
import { requireDelivery } from '../callers/authorize.js';
import { type Caller, toReader } from '../callers/caller.js';
import { type Audit, revealEvents } from '../password-reset/audit.js';
import type { createAcceptPasswordReset } from '../password-reset/accept-password-reset.js';
import type { PasswordResetOrder } from '../password-reset/password-reset-order.js';
import type { ReadablePassword, ReadPassword } from '../password-reset/read-password-reset.js';
import { ResetError } from '../password-reset/reset-error.js';
import type { ResetRow } from '../password-reset/reset-row.js';
import { untilAborted } from '../platform/deadline.js';
import { log } from '../platform/log.js';

export interface TakeDependencies {
  readonly acceptPasswordReset: ReturnType<typeof createAcceptPasswordReset>;
  readonly readPassword: ReadPassword;
  /** Nothing is shown before it is kept that it will be. */
  readonly audit: Audit;
}

/** What came in through a door, and on whose behalf. */
export interface TakenRequest {
  readonly caller: Caller;
  readonly order: Omit<PasswordResetOrder, 'caller' | 'requestId'>;
  readonly context: Pick<InvocationContext, 'info' | 'warn' | 'invocationId'>;
}

export type TakePasswordReset = (
  request: TakenRequest,
  signal: AbortSignal,
) => Promise<{ readonly row: ResetRow; readonly readable: ReadablePassword }>;

/** What the doors for a single reset have in common: the reset is accepted, and what the caller may see of it. */
export function createTakePasswordReset(dependencies: TakeDependencies): TakePasswordReset {
  const { acceptPasswordReset, readPassword, audit } = dependencies;

  return async ({ caller, order, context }, signal) => {
    requireDelivery(caller, order.delivery);
    const by = { caller: caller.name, requestId: context.invocationId };
    const { row, password } = await acceptPasswordReset({ ...order, ...by }, signal);
    const { resetId, state, customerTenantId, userId } = row;
    const code = 'code' in row ? row.code : undefined;
    log(context, 'info', 'password reset accepted', {
      resetId,
      state,
      code,
      customerTenantId,
      userId,
    });
    const isShown = row.state === 'applied' && row.delivery === 'response';
    try {
      const readable: ReadablePassword =
        isShown && password !== undefined
          ? { kind: 'password', password }
          : await readPassword(row, toReader(caller), signal);
      await untilAborted(audit(revealEvents([{ row, readable }], by)), signal);
      return { row, readable };
    } catch (error) {
      // Whoever asks for it again finds the same reset: the error does no harm.
      if (password === undefined || !isForeseen(error, signal)) throw error;
      log(context, 'warn', 'result not read', { resetId });
      return { row, readable: readLater };
    }
  };
}

/** The user was reset. An error would have the caller ask for another reset, so it is sent to the result. */
const readLater: ReadablePassword = { kind: 'settling', untilMs: 0 };

function isForeseen(error: unknown, signal: AbortSignal): boolean {
  return error instanceof ResetError || error === signal.reason;
}
