import { ResetError } from '../password-reset/reset-error.js';
import { log } from '../platform/log.js';
import type { Handlers } from './handlers.js';
import type { Answer, HttpDoor } from './http-door.js';

const message = 'The settings of the app cannot be used';

export interface MisconfiguredDependencies {
  readonly door: HttpDoor;
  /** For people, who are told no more than that it does not work. */
  readonly pageDoor: HttpDoor;
}

/** What every function does when the settings cannot be used: it names them, and carries out nothing. */
export function createMisconfiguredHandlers(
  problems: readonly string[],
  { door, pageDoor }: MisconfiguredDependencies,
): Handlers {
  const details = problems.map(
    (problem) => ({ code: 'AppMisconfigured', message: problem }) as const,
  );
  const refuse: Answer = (_request, _signal, context) => {
    log(context, 'error', message, { problems });
    throw new ResetError('AppMisconfigured', message, { details });
  };
  const http = door(refuse);
  /** Fails, so that a message stays on its queue. */
  const fail = () => {
    throw new ResetError('AppMisconfigured', `${message}: ${problems.join('; ')}`);
  };
  return {
    resetPassword: http,
    receiveWebhook: http,
    getPasswordReset: http,
    getPasswordResetResult: http,
    revokePassword: http,
    revealPassword: pageDoor(refuse),
    submitBulkReset: http,
    getBulkReset: http,
    getBulkResetResult: http,
    getBulkResetRows: http,
    cancelBulkReset: http,
    acknowledgeBulkReset: http,
    approveBulkReset: http,
    getAudit: http,
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
