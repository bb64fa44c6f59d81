import type { StorageQueueHandler } from '@azure/functions';
import type { createProcessSlice } from '../bulk-reset/process-slice.js';
import { log } from '../platform/log.js';
import { sliceMessage } from './schemas.js';

export interface ProcessBulkSliceDependencies {
  readonly processSlice: ReturnType<typeof createProcessSlice>;
  readonly timeoutMs: number;
}

/** Returning takes the message off the queue; throwing hands it back for another attempt. */
export function createProcessBulkSliceHandler({
  processSlice,
  timeoutMs,
}: ProcessBulkSliceDependencies): StorageQueueHandler {
  return async (message, context) => {
    const pointer = sliceMessage.safeParse(message);
    if (!pointer.success) {
      // A message is no more than a pointer: one that points nowhere carries nothing that could be lost.
      log(context, 'warn', 'message points at no slice');
      return;
    }
    const { bulkResetId, slice } = pointer.data;
    const isRepeated = Number(context.triggerMetadata?.['dequeueCount'] ?? 1) > 1;
    const signal = AbortSignal.timeout(timeoutMs);
    const processed = await processSlice(pointer.data, { isRepeated }, signal);
    log(context, 'info', 'slice processed', { bulkResetId, slice, ...processed });
  };
}
