import type { InvocationContext, StorageQueueHandler } from '@azure/functions';
import { randomUUID } from 'node:crypto';
import type { BulkResetOrder } from '../bulk-reset/bulk-reset.js';
import type {
  createProcessBulkReset,
  createRefuseBulkReset,
} from '../bulk-reset/process-bulk-reset.js';
import { type ReadCallerList, requirePermission } from '../callers/authorize.js';
import { bulkQueueCallerName } from '../callers/caller.js';
import { isGuid } from '../password-reset/ids.js';
import { ResetError } from '../password-reset/reset-error.js';
import { bulkResetMessage, parseRequest } from './schemas.js';

export interface ProcessBulkResetDependencies {
  readonly readCallerList: ReadCallerList;
  readonly processBulkReset: ReturnType<typeof createProcessBulkReset>;
  readonly refuseBulkReset: ReturnType<typeof createRefuseBulkReset>;
  /** Keeps a message that cannot be carried out, so that it can be mended and sent again. */
  readonly putAside: (message: object, delayMs: number) => Promise<void>;
  readonly timeoutMs: number;
}

/**
 * The door of the bulk queue. Whoever may write to the queue acts as the caller `bulk-queue`; where
 * there is none, the door is closed. The id of the message is the id of the job, unless the message
 * brings one.
 */
export function createProcessBulkResetHandler(
  dependencies: ProcessBulkResetDependencies,
): StorageQueueHandler {
  const { readCallerList, processBulkReset, refuseBulkReset, putAside, timeoutMs } = dependencies;
  const caller = bulkQueueCallerName;

  return async (message, context) => {
    const bulkResetId = bulkResetIdOf(message, context);
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      const order = await toOrder(message, bulkResetId, signal);
      const job = await processBulkReset(order, signal);
      const counts = 'counts' in job ? job.counts : undefined;
      context.info('bulk reset processed', { bulkResetId, state: job.state, ...counts });
      if (job.state === 'refused') await putAside({ bulkResetId, code: job.code, message }, 0);
    } catch (error) {
      if (!(error instanceof ResetError) || error.recovery !== 'never') throw error;
      context.error('bulk reset refused', { bulkResetId, code: error.code });
      await refuseBulkReset({ bulkResetId, caller }, error);
      await putAside({ bulkResetId, code: error.code, message }, 0);
    }
  };

  async function toOrder(
    message: unknown,
    bulkResetId: string,
    signal: AbortSignal,
  ): Promise<BulkResetOrder> {
    const door = (await readCallerList(signal)).findByName(caller);
    if (door === undefined) {
      throw new ResetError(
        'PermissionDenied',
        `The bulk queue is closed: no caller named ${caller} is listed`,
      );
    }
    requirePermission(door, 'bulkReset');
    const parsed = parseRequest(bulkResetMessage, withoutStamps(message));
    if (parsed.delivery === 'response') requirePermission(door, 'readPassword');
    return { ...parsed, bulkResetId, caller };
  }
}

/** Some senders' libraries stamp messages with properties such as `$AzureWebJobsParentId`. */
function withoutStamps(message: unknown): unknown {
  if (typeof message !== 'object' || message === null || Array.isArray(message)) return message;
  return Object.fromEntries(Object.entries(message).filter(([name]) => !name.startsWith('$')));
}

function bulkResetIdOf(message: unknown, { triggerMetadata }: InvocationContext): string {
  const own =
    typeof message === 'object' && message !== null && 'bulkResetId' in message
      ? message.bulkResetId
      : undefined;
  const id = [own, triggerMetadata?.['id']].find(
    (candidate): candidate is string => typeof candidate === 'string' && isGuid(candidate),
  );
  return id?.toLowerCase() ?? randomUUID();
}
