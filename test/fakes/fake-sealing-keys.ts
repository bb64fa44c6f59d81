import { randomBytes } from 'node:crypto';
import type { SealingKey, SealingKeys } from '../../shared/delivery/envelopes.js';

/** Sealing keys made on the spot: no key lies in a file. */
export class FakeSealingKeys implements SealingKeys {
  readonly #keys: SealingKey[] = [];

  constructor() {
    this.rotate();
  }

  /** Adds a version, which is the newest from then on. */
  rotate(): void {
    const version = `version-${this.#keys.length + 1}`;
    this.#keys.push({ version, key: Uint8Array.from(randomBytes(32)) });
  }

  newest(): Promise<SealingKey> {
    const newest = this.#keys.at(-1);
    return newest ? Promise.resolve(newest) : Promise.reject(new Error('There is no key'));
  }

  byVersion(version: string): Promise<SealingKey | undefined> {
    return Promise.resolve(this.#keys.find((key) => key.version === version));
  }
}
