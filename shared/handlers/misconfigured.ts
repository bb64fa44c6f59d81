import type { StorageQueueHandler } from '@azure/functions';
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
  const queue: StorageQueueHandler = () => {
    throw new ResetError('AppMisconfigured', `${message}: ${problems.join('; ')}`);
  };
  return {
    resetPassword: http,
    getPasswordReset: http,
    getPasswordResetResult: http,
    processPasswordReset: queue,
    processBulkReset: queue,
    getBulkReset: http,
    getBulkResetRows: http,
    whoami: http,
    health: http,
  };
}
