import type { StorageQueueHandler } from '@azure/functions';
import type { createCountPoisoned } from '../password-reset/count-poisoned.js';
import { log } from '../platform/log.js';
import { sliceMessage, wakeUpMessage } from './schemas.js';

export interface CountPoisonedHandlerDependencies {
  readonly countPoisoned: ReturnType<typeof createCountPoisoned>;
}

/** Wake-ups of single resets that failed again and again: each counts as an attempt at its row. */
export function createCountPoisonedResetHandler({
  countPoisoned,
}: CountPoisonedHandlerDependencies): StorageQueueHandler {
  return async (message, context) => {
    const pointer = wakeUpMessage.safeParse(message);
    if (!pointer.success) {
      log(context, 'error', 'poisoned message points at no password reset');
      return;
    }
    const { resetId } = pointer.data;
    const state = await countPoisoned(resetId);
    log(context, 'error', 'password reset poisoned', { resetId, state });
  };
}

/** Wake-ups of slices that failed again and again. The rows count for themselves, and are woken again. */
export function createCountPoisonedSliceHandler(): StorageQueueHandler {
  return (message, context) => {
    const pointer = sliceMessage.safeParse(message);
    if (!pointer.success) {
      log(context, 'error', 'poisoned message points at no slice');
      return;
    }
    const { bulkResetId, slice } = pointer.data;
    log(context, 'error', 'slice poisoned', { bulkResetId, slice });
  };
}
