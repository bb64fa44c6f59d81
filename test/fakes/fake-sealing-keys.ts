import { randomBytes } from 'node:crypto';
import type { SealingKey, SealingKeys } from '../../shared/delivery/seal.js';

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
    return this.#lookUp(this.#keys.at(-1));
  }

  byVersion(version: string): Promise<SealingKey> {
    return this.#lookUp(this.#keys.find((key) => key.version === version));
  }

  #lookUp(key: SealingKey | undefined): Promise<SealingKey> {
    return key ? Promise.resolve(key) : Promise.reject(new Error('There is no such version'));
  }
}
