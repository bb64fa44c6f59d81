import { type HostProcess, type Surroundings } from './host-process.js';

export interface Delivery<Pointer> {
  readonly pointer: Pointer;
  /** It was delivered before, and came back. */
  readonly isRepeated: boolean;
}

export interface Consumer<Pointer> {
  /** Whoever is alive to take a message; undefined when nobody is. */
  readonly process: () => HostProcess | undefined;
  /** Resolving takes the message off the queue. */
  readonly consume: (process: HostProcess, delivery: Delivery<Pointer>) => Promise<unknown>;
  readonly consumePoison: (process: HostProcess, pointer: Pointer) => Promise<unknown>;
}

interface Message<Pointer> {
  readonly pointer: Pointer;
  deliveries: number;
}

/** As in `host.json`, and as the queue extension has it: a dead host's message comes back so late. */
const maxDeliveries = 5;
const comesBackMs = 30_000;
const leaseMs = 600_000;

/** A queue that loses, doubles, delays and reorders, and gives a message back when it was not handled. */
export class SimulatedQueue<Pointer> {
  consumer: Consumer<Pointer> | undefined;
  readonly #surroundings: Surroundings;
  readonly #nameOf: (pointer: Pointer) => string;

  /** @param nameOf what a message is about, for people */
  constructor(surroundings: Surroundings, nameOf: (pointer: Pointer) => string) {
    this.#surroundings = surroundings;
    this.#nameOf = nameOf;
  }

  /** What one process sees of it. */
  sender(process: HostProcess) {
    return {
      send: (pointer: Pointer, delayMs: number): Promise<void> =>
        process.effect(`wake ${this.#nameOf(pointer)}`, () => this.put(pointer, delayMs), {
          isWrite: true,
        }),
    };
  }

  put(pointer: Pointer, delayMs: number): void {
    const { fates, numbered, scheduler } = this.#surroundings;
    for (const lateMs of fates.ofMessage(numbered(`message ${this.#nameOf(pointer)}`))) {
      scheduler.after(delayMs + lateMs, () => this.#deliver({ pointer, deliveries: 0 }));
    }
  }

  #deliver(message: Message<Pointer>): void {
    const { scheduler } = this.#surroundings;
    const again = (delayMs: number) => scheduler.after(delayMs, () => this.#deliver(message));
    const { consumer } = this;
    const process = consumer?.process();
    if (consumer === undefined || process === undefined) {
      again(1_000);
      return;
    }
    let isHandled = false;
    process.onDeath.push(() => {
      if (!isHandled) again(leaseMs);
    });
    const { pointer } = message;
    const isPoison = message.deliveries >= maxDeliveries;
    const delivery = { pointer, isRepeated: message.deliveries > 0 };
    message.deliveries += 1;
    const consumed = isPoison
      ? consumer.consumePoison(process, pointer)
      : consumer.consume(process, delivery);
    const name = `delete message ${this.#nameOf(pointer)}`;
    const handled = consumed.then(() => process.effect(name, () => undefined, { isWrite: true }));
    handled.then(
      () => {
        isHandled = true;
      },
      () => {
        isHandled = true;
        // What fails on the poison queue as well is left to the sweeper.
        if (!isPoison) again(comesBackMs);
      },
    );
  }
}
