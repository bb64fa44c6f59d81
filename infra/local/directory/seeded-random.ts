/** A number in [0, 1), like `Math.random`, but the same sequence for the same seed. */
export type SeededRandom = () => number;

/** mulberry32: 32 bits of state, good enough for made-up data, never for secrets. */
export function createSeededRandom(seed: number): SeededRandom {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A whole number in [0, `below`). */
export function randomInteger(random: SeededRandom, below: number): number {
  return Math.floor(random() * below);
}

/** @throws {RangeError} when there is nothing to choose from */
export function pick<T>(random: SeededRandom, choices: readonly T[]): T {
  const index = randomInteger(random, choices.length);
  if (!(index in choices)) throw new RangeError('there is nothing to choose from');
  return choices[index] as T;
}

/** A version 4 GUID, in lower case. */
export function randomGuid(random: SeededRandom): string {
  const hex = (digits: number) =>
    randomInteger(random, 16 ** digits)
      .toString(16)
      .padStart(digits, '0');
  const variant = pick(random, ['8', '9', 'a', 'b']);
  return `${hex(8)}-${hex(4)}-4${hex(3)}-${variant}${hex(3)}-${hex(6)}${hex(6)}`;
}
