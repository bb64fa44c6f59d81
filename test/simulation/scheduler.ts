import { nextTick } from 'node:process';

interface Scheduled {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

/**
 * Virtual time: it stands still while anything runs, and jumps to whatever is due next. One thing happens
 * at a time, in an order that is the same in every run.
 */
export class Scheduler {
  nowMs: number;
  #order = 0;
  /** A binary heap: what is due first is at the front. */
  readonly #heap: Scheduled[] = [];

  constructor(nowMs: number) {
    this.nowMs = nowMs;
  }

  readonly now = (): number => this.nowMs;

  after(delayMs: number, run: () => void): void {
    this.#order += 1;
    this.#push({ atMs: this.nowMs + Math.max(0, delayMs), order: this.#order, run });
  }

  at(atMs: number, run: () => void): void {
    this.after(atMs - this.nowMs, run);
  }

  /** Lets time pass until then, or until there is nothing more to do or to wait for. */
  async runUntil(untilMs: number, isOver: () => boolean = () => false): Promise<void> {
    await everythingElse();
    while (!isOver()) {
      const next = this.#heap[0];
      if (next === undefined || next.atMs > untilMs) return;
      this.#pop();
      this.nowMs = next.atMs;
      next.run();
      await everythingElse();
    }
  }

  #push(scheduled: Scheduled): void {
    const heap = this.#heap;
    let index = heap.push(scheduled) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#swapIfEarlier(index, parent)) return;
      index = parent;
    }
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    heap[0] = last;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const right = left + 1;
      const child = right < heap.length && this.#isEarlier(right, left) ? right : left;
      if (child >= heap.length || !this.#swapIfEarlier(child, index)) return;
      index = child;
    }
  }

  #swapIfEarlier(lower: number, upper: number): boolean {
    if (!this.#isEarlier(lower, upper)) return false;
    const [first, second] = [this.#at(lower), this.#at(upper)];
    this.#heap[upper] = first;
    this.#heap[lower] = second;
    return true;
  }

  #at(index: number): Scheduled {
    const scheduled = this.#heap[index];
    if (scheduled === undefined) throw new RangeError(`Nothing is scheduled at ${index}`);
    return scheduled;
  }

  #isEarlier(left: number, right: number): boolean {
    const [first, second] = [this.#at(left), this.#at(right)];
    return first.atMs < second.atMs || (first.atMs === second.atMs && first.order < second.order);
  }
}

/** Node comes to the next tick only when every promise that can go on has gone on. */
function everythingElse(): Promise<void> {
  return new Promise((resolve) => nextTick(resolve));
}
