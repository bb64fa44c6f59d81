import type { InvocationContext, StorageQueueHandler } from '@azure/functions';
import { randomUUID } from 'node:crypto';
import type { BulkResetOrder } from '../bulk-reset/bulk-reset.js';
import type { BulkWakeUps } from '../bulk-reset/ports.js';
import type { createProcessBulkReset } from '../bulk-reset/process-bulk-reset.js';
import type { createRefuseBulkReset } from '../bulk-reset/refuse-bulk-reset.js';
import type { KeepBulkReset } from '../bulk-reset/submit-bulk-reset.js';
import { type ReadCallerList, requireDelivery, requirePermission } from '../callers/authorize.js';
import { bulkQueueCallerName } from '../callers/caller.js';
import { isGuid } from '../password-reset/ids.js';
import { ResetError } from '../password-reset/reset-error.js';
import type { Delivery } from '../password-reset/reset-row.js';
import { log } from '../platform/log.js';
import { mayBeChosen } from './bulk-reset-id.js';
import { fitsIntoMessage, toResendable } from './resendable-message.js';
import { bulkResetBody, bulkResetDelivery, bulkWakeUpMessage, parseRequest } from './schemas.js';

export interface ProcessBulkResetDependencies {
  readonly readCallerList: ReadCallerList;
  readonly keepBulkReset: KeepBulkReset;
  readonly processBulkReset: ReturnType<typeof createProcessBulkReset>;
  readonly refuseBulkReset: ReturnType<typeof createRefuseBulkReset>;
  readonly wakeUps: BulkWakeUps;
  /** Keeps a message that cannot be carried out, so that it can be mended and sent again. */
  readonly putAside: (message: object, delayMs: number) => Promise<void>;
  /** Sends a message to the queue that it came from. */
  readonly sendAgain: (message: object, delayMs: number) => Promise<void>;
  readonly now: () => number;
  readonly timeoutMs: number;
}

const usualWaitMs = 30_000;
const longestWaitMs = 900_000;

/**
 * The queue `bulk-reset-jobs`. A message with nothing but the id of a job says that somebody is to go on with
 * it; a job that must wait is left to the sweeper, which comes by every minute. Any other message is an
 * order, and this the door for it: whoever may write to the queue acts as the caller `bulk-queue`; where
 * there is none, the door is closed. The id of the message is the id of the job, unless the message brings
 * one. An order that cannot be taken or checked yet is sent again: the few attempts that the host makes at
 * a message are for bugs.
 */
export function createProcessBulkResetHandler(
  dependencies: ProcessBulkResetDependencies,
): StorageQueueHandler {
  const { readCallerList, keepBulkReset, processBulkReset, refuseBulkReset } = dependencies;
  const { wakeUps, putAside, sendAgain, now, timeoutMs } = dependencies;
  const caller = bulkQueueCallerName;

  return async (message, context) => {
    const plain = withoutStamps(message);
    const wakeUp = bulkWakeUpMessage.safeParse(plain);
    const signal = AbortSignal.timeout(timeoutMs);
    if (wakeUp.success) await goOn(wakeUp.data.bulkResetId, context, signal);
    else await takeOrder(plain, context, signal);
  };

  async function goOn(
    bulkResetId: string,
    context: InvocationContext,
    signal: AbortSignal,
  ): Promise<GoneOn> {
    const { job, dueAtMs } = await processBulkReset(bulkResetId, signal);
    if (job === undefined) {
      log(context, 'warn', 'message points at no bulk reset', { bulkResetId });
      return { isRefused: false };
    }
    const { state } = job;
    const counts = 'counts' in job ? job.counts : undefined;
    log(context, 'info', 'bulk reset processed', { bulkResetId, state, ...counts });
    const isRefused = 'code' in job && job.code !== 'Cancelled';
    if (isRefused) log(context, 'error', 'bulk reset refused', { bulkResetId, code: job.code });

    const waitMs = dueAtMs === undefined ? undefined : dueAtMs - now();
    if (waitMs === undefined || waitMs > 0) {
      return { isRefused, ...(state === 'validating' && { waitMs }) };
    }
    await wakeUps.send(bulkResetId, 0);
    return { isRefused };
  }

  async function takeOrder(
    message: unknown,
    context: InvocationContext,
    signal: AbortSignal,
  ): Promise<void> {
    const bulkResetId = bulkResetIdOf(message, context);
    const resendable = toResendable(message, bulkResetId);
    const fits = fitsIntoMessage(resendable);
    try {
      if (!fits) throw tooLarge();
      await keepBulkReset(await toOrder(message, bulkResetId, signal), signal);
      // At once and by nobody else, while there is the message to be put aside if the job is refused.
      const { isRefused, waitMs } = await goOn(bulkResetId, context, signal);
      if (isRefused) await putAside(resendable, 0);
      if (waitMs !== undefined) await sendAgain(resendable, waitMs);
    } catch (error) {
      if (!(error instanceof ResetError)) throw error;
      const { code, recovery, retryAfterMs = usualWaitMs } = error;
      if (recovery !== 'never') {
        log(context, 'warn', 'bulk reset waits', { bulkResetId, code });
        await sendAgain(resendable, Math.min(retryAfterMs, longestWaitMs));
        return;
      }
      log(context, 'error', 'bulk reset refused', { bulkResetId, code });
      await refuseBulkReset({ bulkResetId, caller, delivery: deliveryIn(message) }, error);
      await putAside(fits ? resendable : { bulkResetId }, 0);
    }
  }

  async function toOrder(
    message: unknown,
    bulkResetId: string,
    signal: AbortSignal,
  ): Promise<BulkResetOrder> {
    const parsed = parseRequest(bulkResetBody, message);
    const door = (await readCallerList(signal)).findByName(caller);
    if (door === undefined) {
      throw new ResetError(
        'PermissionDenied',
        `The bulk queue is closed: no caller named ${caller} is listed`,
      );
    }
    requirePermission(door, 'bulkReset');
    requireDelivery(door, parsed.delivery);
    return { ...parsed, bulkResetId, caller };
  }
}

interface GoneOn {
  readonly isRefused: boolean;
  /** The job could not be checked yet. */
  readonly waitMs?: number | undefined;
}

/** What was ordered, as far as that can be read; nothing was delivered in any case. */
function deliveryIn(message: unknown): Delivery {
  const found = bulkResetDelivery.safeParse(message);
  return found.success ? found.data.delivery : 'none';
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
  const chosen =
    typeof message === 'object' && message !== null && 'bulkResetId' in message
      ? message.bulkResetId
      : undefined;
  if (typeof chosen === 'string' && mayBeChosen(chosen)) return chosen.toLowerCase();
  // The queue's own, whatever its version is.
  const ofMessage = triggerMetadata?.['id'];
  const isId = typeof ofMessage === 'string' && isGuid(ofMessage) && !mayHaveSetId(message);
  return isId ? ofMessage.toLowerCase() : randomUUID();
}

/**
 * The host lets a property of a JSON text stand in for the id of the message, in any letter case, and takes
 * more for JSON than we do. Such a message is refused, but it must not be under the id of somebody's key.
 */
function mayHaveSetId(message: unknown): boolean {
  if (typeof message === 'string') return message.includes('{') && message.includes('}');
  const names = typeof message === 'object' && message !== null ? Object.keys(message) : [];
  return names.some((name) => name.toLowerCase() === 'id');
}
