import type { DequeuedMessageItem, QueueClient } from '@azure/storage-queue';
import { describeError } from './log.js';

/** A message that was taken off a queue and is hidden from others for as long as it is worked on. */
export interface QueueLease {
  /** Ends the renewals; from then on the lease runs out by itself unless one of these comes in time. */
  end(): Promise<void>;
  /** Takes the message off the queue for good. */
  remove(): Promise<void>;
  /** Shows the message to everyone again after that time. */
  release(visibleInMs: number): Promise<void>;
}

export interface QueueLeaseOptions {
  readonly queue: QueueClient;
  /** How long a renewal hides the message; it comes at half that time. */
  readonly leaseMs: number;
  readonly log: (level: 'debug' | 'warning', message: string) => void;
}

/** Somebody else has the message by now, or it is gone: either way it is not ours to touch. */
const lostCodes: readonly unknown[] = [
  'PopReceiptMismatch',
  'MessageNotFound',
  'QueueNotFound',
  'QueueBeingDeleted',
  'QueueDisabled',
];

export function keepLease(message: DequeuedMessageItem, options: QueueLeaseOptions): QueueLease {
  const { queue, leaseMs, log } = options;
  const { messageId } = message;
  let { popReceipt } = message;
  let renewal: Promise<void> = Promise.resolve();
  let timer = setTimeout(renew, leaseMs / 2);

  function renew(): void {
    renewal = hide(leaseMs).then(
      (isOurs) => {
        if (isOurs) timer = setTimeout(renew, leaseMs / 2);
      },
      (error: unknown) => {
        log('warning', `cannot renew the lease of message ${messageId}: ${describeError(error)}`);
        timer = setTimeout(renew, leaseMs / 10);
      },
    );
  }

  async function hide(forMs: number): Promise<boolean> {
    return unlessLost(async () => {
      const seconds = Math.ceil(forMs / 1000);
      const updated = await queue.updateMessage(messageId, popReceipt, undefined, seconds);
      popReceipt = updated.popReceipt ?? popReceipt;
    });
  }

  async function unlessLost(change: () => Promise<unknown>): Promise<boolean> {
    try {
      await change();
      return true;
    } catch (error) {
      if (!lostCodes.includes((error as { code?: unknown }).code)) throw error;
      log('debug', `message ${messageId} is no longer ours: ${(error as Error).message}`);
      return false;
    }
  }

  return {
    async end() {
      clearTimeout(timer);
      await renewal;
      clearTimeout(timer);
    },
    async remove() {
      await unlessLost(() => queue.deleteMessage(messageId, popReceipt));
    },
    async release(visibleInMs) {
      await hide(visibleInMs);
    },
  };
}
