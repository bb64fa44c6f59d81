import type {
  UserKey,
  UserLock,
  UserLockEntry,
  UserLocks,
} from '../../shared/password-reset/ports.js';

/** Entries in memory; every write gives the entry another ETag, as the table does. */
export class FakeUserLocks implements UserLocks {
  /** What every operation rejects with. */
  failure: Error | undefined;
  readonly #locks = new Map<string, UserLock>();
  #writes = 0;

  /** As somebody else's write. */
  overwrite(user: UserKey, resetId: string): void {
    this.#write(user, { resetId });
  }

  createOrRead(user: UserKey, resetId: string): Promise<UserLock> {
    return this.#answer(() => this.#locks.get(keyOf(user)) ?? this.#write(user, { resetId }));
  }

  read(user: UserKey): Promise<UserLock | undefined> {
    return this.#answer(() => this.#locks.get(keyOf(user)));
  }

  replace(user: UserKey, entry: UserLockEntry, etag: string): Promise<UserLock | 'conflict'> {
    return this.#answer(() => {
      const current = this.#locks.get(keyOf(user));
      if (current?.etag === etag) return this.#write(user, entry);
      return current?.resetId === entry.resetId ? current : 'conflict';
    });
  }

  #answer<Answer>(answer: () => Answer): Promise<Answer> {
    return this.failure ? Promise.reject(this.failure) : Promise.resolve(answer());
  }

  #write(user: UserKey, entry: UserLockEntry): UserLock {
    this.#writes += 1;
    const lock = { ...entry, etag: `"${this.#writes}"` };
    this.#locks.set(keyOf(user), lock);
    return lock;
  }
}

function keyOf({ customerTenantId, userId }: UserKey): string {
  return `${customerTenantId}|${userId}`;
}
