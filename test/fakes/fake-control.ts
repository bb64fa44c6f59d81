import type { BrakeScope, Control, ControlState } from '../../shared/password-reset/ports.js';

/** The stop switch and the brakes in memory, seen by everybody at once. */
export class FakeControl implements Control {
  isHalted = false;
  readonly brakedUntilMs = new Map<BrakeScope, number>();
  /** What every operation rejects with. */
  failure: Error | undefined;

  read(signal: AbortSignal): Promise<ControlState> {
    if (signal.aborted) return Promise.reject(signal.reason as Error);
    if (this.failure) return Promise.reject(this.failure);
    const { isHalted, brakedUntilMs } = this;
    return Promise.resolve({ isHalted, brakedUntilMs: new Map(brakedUntilMs) });
  }

  brake(scope: BrakeScope, untilMs: number): Promise<void> {
    if (this.failure) return Promise.reject(this.failure);
    const current = this.brakedUntilMs.get(scope) ?? 0;
    this.brakedUntilMs.set(scope, Math.max(current, untilMs));
    return Promise.resolve();
  }
}
