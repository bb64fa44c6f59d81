import { ResetError } from '../../shared/password-reset/reset-error.js';
import type { Fates } from './fates.js';
import type { History } from './history.js';
import type { Scheduler } from './scheduler.js';

/** What all that is simulated shares. */
export interface Surroundings {
  readonly scheduler: Scheduler;
  readonly fates: Fates;
  readonly history: History;
  /** Tells one occurrence of something from the next. */
  readonly numbered: (what: string) => string;
}

interface EffectOptions {
  readonly isWrite?: boolean;
  readonly signal?: AbortSignal;
  /** What an `error` and a lost answer look like. */
  readonly failure?: () => Error;
  /** What somebody else does to the same row just before. */
  readonly overtake?: () => void;
}

/**
 * One life of a host. When it dies, nothing that it waits for ever happens: its promises stay as they are
 * and its timers are gone.
 */
export class HostProcess {
  readonly name: string;
  isAlive = true;
  /** Called at its death, in order. */
  readonly onDeath: (() => void)[] = [];
  readonly #surroundings: Surroundings;
  readonly #skewMs: number;
  readonly #deadlines = new Map<AbortSignal, number>();

  constructor(name: string, surroundings: Surroundings, skewMs = 0) {
    this.name = name;
    this.#surroundings = surroundings;
    this.#skewMs = skewMs;
  }

  /** The time by its own clock. */
  readonly now = (): number => this.#surroundings.scheduler.nowMs + this.#skewMs;

  /** One call on a port; whatever befalls it is up to the fates. */
  async effect<T>(
    name: string,
    act: () => T | Promise<T>,
    { isWrite = false, signal, failure = unavailable, overtake }: EffectOptions = {},
  ): Promise<T> {
    const { fates, numbered, history, scheduler } = this.#surroundings;
    if (!this.isAlive) return never();
    signal?.throwIfAborted();
    const what = numbered(name);
    const { fault, thereMs, backMs, lateMs = 0 } = fates.of({ name: what, isWrite });
    await this.pause(thereMs, signal);
    if (fault !== undefined) history.note(this.name, { kind: 'fault', what: `${what}: ${fault}` });
    if (fault === 'crash before') return this.#die();
    if (fault === 'error') throw failure();
    if (fault === 'late') {
      scheduler.after(lateMs, () => void act());
      throw failure();
    }
    if (fault === 'overtaken') overtake?.();
    const value = await act();
    if (fault === 'crash after') return this.#die();
    await this.pause(backMs, signal);
    if (fault === 'answer lost') throw failure();
    return value;
  }

  /** Ends early when the signal's budget is over. */
  async pause(delayMs: number, signal?: AbortSignal): Promise<void> {
    if (delayMs === 0) return;
    const leftMs = (signal && this.#deadlines.get(signal)) ?? Infinity;
    const { scheduler } = this.#surroundings;
    await new Promise<void>((resolve) => {
      this.after(Math.min(delayMs, leftMs - scheduler.nowMs), resolve);
    });
    signal?.throwIfAborted();
  }

  after(delayMs: number, run: () => void): void {
    this.#surroundings.scheduler.after(delayMs, () => {
      if (this.isAlive) run();
    });
  }

  /** Runs with a signal that aborts as `AbortSignal.timeout()` does, but in virtual time. */
  async withBudget<T>(budgetMs: number, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    const { signal } = controller;
    this.#deadlines.set(signal, this.#surroundings.scheduler.nowMs + budgetMs);
    let isOver = false;
    this.after(budgetMs, () => {
      if (!isOver) controller.abort(timeIsOver);
    });
    try {
      return await run(signal);
    } finally {
      isOver = true;
      this.#deadlines.delete(signal);
    }
  }

  /** The host gives an invocation so long; one that is not over by then takes the whole process with it. */
  async asInvocation<T>(timeoutMs: number, run: () => Promise<T>): Promise<T> {
    let isOver = false;
    this.after(timeoutMs, () => {
      if (!isOver) this.die();
    });
    try {
      return await run();
    } finally {
      isOver = true;
    }
  }

  die(): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    this.#surroundings.history.note(this.name, { kind: 'crashed' });
    for (const follow of this.onDeath) follow();
  }

  #die(): Promise<never> {
    this.die();
    return never();
  }
}

export function never(): Promise<never> {
  return new Promise(() => undefined);
}

function unavailable(): Error {
  return new ResetError('StorageUnavailable', 'Storage does not answer');
}

/** One for all, since it is costly to make. */
const timeIsOver = new DOMException('time is over', 'TimeoutError');
