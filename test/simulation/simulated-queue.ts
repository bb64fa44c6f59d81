import type { WakeUps } from '../../shared/password-reset/ports.js';
import type { HostProcess, Surroundings } from './host-process.js';

interface Message {
  readonly resetId: string;
  failures: number;
}

export interface Consumer {
  /** Whoever is alive to take a message; undefined when nobody is. */
  readonly process: () => HostProcess | undefined;
  /** Resolving takes the message off the queue. */
  readonly consume: (process: HostProcess, resetId: string) => Promise<unknown>;
  readonly consumePoison: (process: HostProcess, resetId: string) => Promise<unknown>;
}

/** As in `host.json`, and as the queue extension has it: a dead host's message comes back so late. */
const maxFailures = 5;
const comesBackMs = 30_000;
const leaseMs = 600_000;

/** A queue that loses, doubles, delays and reorders, and gives a message back when it was not handled. */
export class SimulatedQueue {
  consumer: Consumer | undefined;
  readonly #surroundings: Surroundings;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  wakeUps(process: HostProcess): WakeUps {
    return {
      send: (resetId, delayMs) =>
        process.effect(`wake ${resetId}`, () => this.put(resetId, delayMs), { isWrite: true }),
    };
  }

  put(resetId: string, delayMs: number): void {
    const { fates, numbered, scheduler } = this.#surroundings;
    for (const lateMs of fates.ofMessage(numbered(`message ${resetId}`))) {
      scheduler.after(delayMs + lateMs, () => this.#deliver({ resetId, failures: 0 }));
    }
  }

  #deliver(message: Message): void {
    const { scheduler } = this.#surroundings;
    const again = (delayMs: number) => scheduler.after(delayMs, () => this.#deliver(message));
    const process = this.consumer?.process();
    if (this.consumer === undefined || process === undefined) {
      again(1_000);
      return;
    }

    let isHandled = false;
    process.onDeath.push(() => {
      if (!isHandled) again(leaseMs);
    });
    const { resetId } = message;
    const isPoison = message.failures >= maxFailures;
    const consume = isPoison ? this.consumer.consumePoison : this.consumer.consume;
    const handled = consume(process, resetId).then(() =>
      process.effect(`delete message ${resetId}`, () => undefined, { isWrite: true }),
    );
    handled.then(
      () => {
        isHandled = true;
      },
      () => {
        isHandled = true;
        // What fails on the poison queue as well is left to the sweeper.
        if (isPoison) return;
        message.failures += 1;
        again(comesBackMs);
      },
    );
  }
}
