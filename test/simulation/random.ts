// In a test, Jest looks every global up anew, which would take a fifth of the time of a run.
const { floor, imul, round } = Math;

/** Numbers that follow from a seed alone (mulberry32). */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** In [0, 1). */
  readonly next = (): number => {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + floor(this.next() * (high - low + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(choices: readonly T[]): T {
    if (choices.length === 0) throw new RangeError('There is nothing to pick from');
    return choices[floor(this.next() * choices.length)] as T;
  }

  /** Mostly short, seldom long: every order of magnitude is as likely. */
  spread(low: number, high: number): number {
    return round(low * (high / low) ** this.next());
  }
}

/** The same for the same seed and name, whatever else was drawn before. */
export function randomFor(seed: number, name: string): SeededRandom {
  let hash = (0x811c9dc5 ^ seed) >>> 0;
  for (let index = 0; index < name.length; index += 1) {
    hash = imul(hash ^ name.charCodeAt(index), 0x01000193);
  }
  return new SeededRandom(hash ^ imul(seed, 0x9e3779b1));
}
