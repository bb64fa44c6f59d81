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
import { ResetError, type ResetErrorCode } from '../password-reset/reset-error.js';
import { fitsIntoMessage, toResendable } from './resendable-message.js';
import { bulkResetMessage, parseRequest } from './schemas.js';

export interface ProcessBulkResetDependencies {
  readonly readCallerList: ReadCallerList;
  readonly processBulkReset: ReturnType<typeof createProcessBulkReset>;
  readonly refuseBulkReset: ReturnType<typeof createRefuseBulkReset>;
  /** Keeps a message that cannot be carried out, so that it can be mended and sent again. */
  readonly putAside: (message: object, delayMs: number) => Promise<void>;
  /** Sends a message to the queue that it came from. */
  readonly sendAgain: (message: object, delayMs: number) => Promise<void>;
  readonly timeoutMs: number;
}

const defaultDelayMs = 30_000;
/** The longest wish of the other side that is granted. */
const maxDelayMs = 900_000;

/**
 * The door of the bulk queue. Whoever may write to the queue acts as the caller `bulk-queue`; where
 * there is none, the door is closed. The id of the message is the id of the job, unless the message
 * brings one. A job that must wait or needs another invocation is sent again: the few attempts that the
 * host makes at a message are for bugs.
 */
export function createProcessBulkResetHandler(
  dependencies: ProcessBulkResetDependencies,
): StorageQueueHandler {
  const { readCallerList, processBulkReset, refuseBulkReset, timeoutMs } = dependencies;
  const { putAside, sendAgain } = dependencies;
  const caller = bulkQueueCallerName;

  return async (message, context) => {
    const bulkResetId = bulkResetIdOf(message, context);
    const resendable = toResendable(message, bulkResetId);
    const refuse = async (code: ResetErrorCode) => {
      context.error('bulk reset refused', { bulkResetId, code });
      await putAside(fitsIntoMessage(resendable) ? resendable : { bulkResetId }, 0);
    };
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      if (!fitsIntoMessage(resendable)) throw tooLarge();
      const order = await toOrder(message, bulkResetId, signal);
      const job = await processBulkReset(order, signal);
      const counts = 'counts' in job ? job.counts : undefined;
      context.info('bulk reset processed', { bulkResetId, state: job.state, ...counts });
      if (job.state === 'splitting') await sendAgain(resendable, 0);
      if ('code' in job) await refuse(job.code);
    } catch (error) {
      if (!(error instanceof ResetError) || error.recovery === 'unknown') throw error;
      const { code, recovery, retryAfterMs = defaultDelayMs } = error;
      if (recovery === 'later') {
        context.warn('bulk reset waits', { bulkResetId, code });
        await sendAgain(resendable, Math.min(retryAfterMs, maxDelayMs));
        return;
      }
      await refuseBulkReset({ bulkResetId, caller }, error);
      await refuse(code);
    }
  };

  async function toOrder(
    message: unknown,
    bulkResetId: string,
    signal: AbortSignal,
  ): Promise<BulkResetOrder> {
    // First of all: what is sent again has lost its unknown fields, and must not pass without them.
    const parsed = parseRequest(bulkResetMessage, withoutStamps(message));
    const door = (await readCallerList(signal)).findByName(caller);
    if (door === undefined) {
      throw new ResetError(
        'PermissionDenied',
        `The bulk queue is closed: no caller named ${caller} is listed`,
      );
    }
    requirePermission(door, 'bulkReset');
    if (parsed.delivery === 'response') requirePermission(door, 'readPassword');
    return { ...parsed, bulkResetId, caller };
  }
}

/** Only a message without id that fills its last bytes. */
function tooLarge(): ResetError {
  return new ResetError('RequestTooLarge', 'The message leaves no room for a bulkResetId');
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
