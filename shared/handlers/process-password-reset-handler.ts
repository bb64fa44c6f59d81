import type { StorageQueueHandler } from '@azure/functions';
import type { createProcessPasswordReset } from '../password-reset/process-password-reset.js';
import { log } from '../platform/log.js';
import { wakeUpMessage } from './schemas.js';

export interface ProcessPasswordResetDependencies {
  readonly processPasswordReset: ReturnType<typeof createProcessPasswordReset>;
  readonly timeoutMs: number;
}

/** Returning takes the message off the queue; throwing hands it back for another attempt. */
export function createProcessPasswordResetHandler({
  processPasswordReset,
  timeoutMs,
}: ProcessPasswordResetDependencies): StorageQueueHandler {
  return async (message, context) => {
    const pointer = wakeUpMessage.safeParse(message);
    if (!pointer.success) {
      // A message is no more than a pointer: one that points nowhere carries nothing that could be lost.
      log(context, 'warn', 'message points at no password reset');
      return;
    }
    const { resetId } = pointer.data;
    const result = await processPasswordReset(resetId, AbortSignal.timeout(timeoutMs));
    log(context, 'info', 'password reset processed', { resetId, result });
  };
}
