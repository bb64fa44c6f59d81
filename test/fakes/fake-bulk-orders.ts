import type { KeptOrder } from '../../shared/bulk-reset/bulk-reset.js';
import type { BulkOrders } from '../../shared/bulk-reset/ports.js';

/** Orders in memory, by job. */
export class FakeBulkOrders implements BulkOrders {
  /** What every operation rejects with. */
  failure: Error | undefined;
  readonly #orders = new Map<string, KeptOrder>();

  constructor(orders: readonly KeptOrder[] = []) {
    for (const order of orders) this.#orders.set(order.bulkResetId, structuredClone(order));
  }

  /** Ids of the jobs whose order is there. */
  get bulkResetIds(): readonly string[] {
    return [...this.#orders.keys()];
  }

  write(order: KeptOrder, signal: AbortSignal): Promise<void> {
    return this.#answer(signal, () => {
      this.#orders.set(order.bulkResetId, structuredClone(order));
    });
  }

  read(bulkResetId: string, signal: AbortSignal): Promise<KeptOrder | undefined> {
    return this.#answer(signal, () => this.#orders.get(bulkResetId));
  }

  delete(bulkResetId: string): Promise<void> {
    return this.#answer(undefined, () => void this.#orders.delete(bulkResetId));
  }

  #answer<Answer>(signal: AbortSignal | undefined, answer: () => Answer): Promise<Answer> {
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
    if (this.failure) return Promise.reject(this.failure);
    return Promise.resolve(answer());
  }
}
