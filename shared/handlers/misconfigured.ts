import type { HttpHandler, StorageQueueHandler } from '@azure/functions';
import { ResetError } from '../password-reset/reset-error.js';
import type { Handlers } from './handlers.js';
import { toErrorResponse } from './error-response.js';

const message = 'The settings of the app cannot be used';

/** What every function does when the settings cannot be used: it names them, and carries out nothing. */
export function createMisconfiguredHandlers(problems: readonly string[]): Handlers {
  const details = problems.map(
    (problem) => ({ code: 'AppMisconfigured', message: problem }) as const,
  );
  const http: HttpHandler = (_request, context) => {
    context.error(message, { problems });
    return toErrorResponse(new ResetError('AppMisconfigured', message, { details }));
  };
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
