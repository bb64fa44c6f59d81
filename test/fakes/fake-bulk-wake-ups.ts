import type { BulkWakeUps, SliceWakeUp, SliceWakeUps } from '../../shared/bulk-reset/ports.js';

/** A queue that delivers nothing, and remembers what it was given. */
export class FakeBulkWakeUps implements BulkWakeUps {
  readonly sent: { readonly bulkResetId: string; readonly delayMs: number }[] = [];
  failure: Error | undefined;

  send(bulkResetId: string, delayMs: number): Promise<void> {
    if (this.failure) return Promise.reject(this.failure);
    this.sent.push({ bulkResetId, delayMs });
    return Promise.resolve();
  }
}

/** The same for slices. */
export class FakeSliceWakeUps implements SliceWakeUps {
  readonly sent: (SliceWakeUp & { readonly delayMs: number })[] = [];
  failure: Error | undefined;

  /** In the order in which they were woken. */
  get slices(): readonly number[] {
    return this.sent.map(({ slice }) => slice);
  }

  send(wakeUp: SliceWakeUp, delayMs: number): Promise<void> {
    if (this.failure) return Promise.reject(this.failure);
    this.sent.push({ ...wakeUp, delayMs });
    return Promise.resolve();
  }
}
