import type {
  RefreshTokenStore,
  StoredRefreshToken,
} from '../../shared/entra/keep-refresh-token.js';
import { Secret } from '../../shared/platform/secret.js';

/** A vault with one secret. */
export class FakeRefreshTokenStore implements RefreshTokenStore {
  readonly written: string[] = [];
  reads = 0;
  readFailure: Error | undefined;
  writeFailure: Error | undefined;
  readonly #now: () => number;
  #stored: StoredRefreshToken;

  constructor(value: string, updatedAtMs: number, now: () => number) {
    this.#stored = { value: new Secret(value), updatedAtMs };
    this.#now = now;
  }

  read(): Promise<StoredRefreshToken> {
    this.reads += 1;
    return this.readFailure ? Promise.reject(this.readFailure) : Promise.resolve(this.#stored);
  }

  write(value: Secret): Promise<void> {
    if (this.writeFailure) return Promise.reject(this.writeFailure);
    this.written.push(value.reveal());
    this.replace(value.reveal());
    return Promise.resolve();
  }

  /** As somebody else's write. */
  replace(value: string): void {
    this.#stored = { value: new Secret(value), updatedAtMs: this.#now() };
  }
}
