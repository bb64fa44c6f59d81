import type { WakeUps } from '../../shared/password-reset/ports.js';

/** A queue that delivers nothing, and remembers what it was given. */
export class FakeWakeUps implements WakeUps {
  readonly sent: { readonly resetId: string; readonly delayMs: number }[] = [];
  failure: Error | undefined;

  send(resetId: string, delayMs: number): Promise<void> {
    if (this.failure) return Promise.reject(this.failure);
    this.sent.push({ resetId, delayMs });
    return Promise.resolve();
  }
}
