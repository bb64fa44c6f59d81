import { ResetError } from '../password-reset/reset-error.js';
import type { Handlers } from './handlers.js';
import type { HttpDoor } from './http-door.js';

const message = 'The settings of the app cannot be used';

/** What every function does when the settings cannot be used: it names them, and carries out nothing. */
export function createMisconfiguredHandlers(
  problems: readonly string[],
  { door }: { readonly door: HttpDoor },
): Handlers {
  const details = problems.map(
    (problem) => ({ code: 'AppMisconfigured', message: problem }) as const,
  );
  const http = door((_request, _signal, context) => {
    context.error(message, { problems });
    throw new ResetError('AppMisconfigured', message, { details });
  });
  /** Fails, so that a message stays on its queue. */
  const fail = () => {
    throw new ResetError('AppMisconfigured', `${message}: ${problems.join('; ')}`);
  };
  return {
    resetPassword: http,
    receiveWebhook: http,
    getPasswordReset: http,
    getPasswordResetResult: http,
    submitBulkReset: http,
    getBulkReset: http,
    getBulkResetResult: http,
    getBulkResetRows: http,
    cancelBulkReset: http,
    acknowledgeBulkReset: http,
    approveBulkReset: http,
    whoami: http,
    health: http,

    processPasswordReset: fail,
    processBulkReset: fail,
    processBulkSlice: fail,
    countPoisonedReset: fail,
    countPoisonedSlice: fail,

    sweep: fail,
    purge: fail,
  };
}
