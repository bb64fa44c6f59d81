import type { Sleep } from '../../shared/platform/retry.js';

/** Time that passes only when told, or when somebody sleeps. */
export class FakeClock {
  nowMs: number;
  readonly sleptMs: number[] = [];

  constructor(nowMs = Date.UTC(2026, 0, 1)) {
    this.nowMs = nowMs;
  }

  readonly now = (): number => this.nowMs;

  readonly sleep: Sleep = (ms, signal) => {
    signal.throwIfAborted();
    this.sleptMs.push(ms);
    this.nowMs += ms;
    return Promise.resolve();
  };

  pass(ms: number): void {
    this.nowMs += ms;
  }
}
