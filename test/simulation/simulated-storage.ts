import type { BulkResetRows } from '../../shared/bulk-reset/ports.js';
import type {
  EncryptedPassword,
  IdempotencyKeys,
  ResetStore,
  SealedRequest,
  Seals,
  SingleResets,
  Stored,
  UserKey,
  UserLocks,
} from '../../shared/password-reset/ports.js';
import { ResetError } from '../../shared/password-reset/reset-error.js';
import { isSettled, type ResetRow } from '../../shared/password-reset/reset-row.js';
import { FakeIdempotencyKeys } from '../fakes/fake-idempotency-keys.js';
import { FakeResetStore } from '../fakes/fake-reset-store.js';
import { FakeUserLocks } from '../fakes/fake-user-locks.js';
import type { HostProcess, Surroundings } from './host-process.js';
import type { StorageView } from './simulated-directory.js';

const write = { isWrite: true };

interface Sealed<Content> {
  readonly resetId: string;
  readonly content: Content;
}

/** The tables and the seals. Each process gets ports of its own, over which anything may befall a call. */
export class SimulatedStorage implements StorageView {
  /** How many rows are not settled. */
  openRows = 0;
  readonly #surroundings: Surroundings;
  readonly #rows = new FakeResetStore();
  readonly #rowsNow = new Map<string, ResetRow>();
  readonly #locks = new FakeUserLocks();
  readonly #locksNow = new Map<string, string>();
  readonly #keys: FakeIdempotencyKeys;
  readonly #requests = new Map<string, Sealed<SealedRequest>>();
  readonly #passwords = new Map<string, Sealed<EncryptedPassword>>();

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.#keys = new FakeIdempotencyKeys({ now: surroundings.scheduler.now });
  }

  get rowsNow(): Iterable<ResetRow> {
    return this.#rowsNow.values();
  }

  /** The rows of jobs, by which nobody writes. */
  get bulkRows(): BulkResetRows {
    return this.#rows;
  }

  rowNow(resetId: string): ResetRow | undefined {
    return this.#rowsNow.get(resetId);
  }

  lockNow(user: UserKey): string | undefined {
    return this.#locksNow.get(nameOf(user));
  }

  resets(process: HostProcess): ResetStore & SingleResets {
    const rows = this.#rows;
    return {
      create: (row) =>
        process.effect(
          `create ${row.resetId}`,
          async () => this.#noted(process, await rows.create(row)),
          write,
        ),
      replace: (row, etag) =>
        process.effect(
          `replace ${row.resetId}`,
          async () => this.#noted(process, await rows.replace(row, etag)),
          { ...write, overtake: () => this.#touch(row.resetId) },
        ),
      read: (resetId) => process.effect(`read ${resetId}`, () => rows.read(resetId)),
      createMany: (many) =>
        process.effect(`create ${nameOfMany(many)}`, () => this.#createMany(process, many), write),
      replaceMany: (many) =>
        process.effect(
          `replace ${nameOfMany(many.map(({ row }) => row))}`,
          () => this.#replaceMany(process, many),
          write,
        ),
      open: (days) => this.#listed(process, 'list open rows', () => rows.open(days)),
      withPassword: (day) =>
        this.#listed(process, 'list rows with password', () => rows.withPassword(day)),
      deleteBefore: (day) => process.effect('delete days', () => rows.deleteBefore(day), write),
    };
  }

  locks(process: HostProcess): UserLocks {
    const locks = this.#locks;
    const noted = <Lock>(user: UserKey, resetId: string, lock: Lock): Lock => {
      const holder = (lock as { readonly resetId?: string }).resetId;
      if (holder === resetId && this.lockNow(user) !== resetId) {
        this.#locksNow.set(nameOf(user), resetId);
        this.#surroundings.history.note(process.name, {
          kind: 'locked',
          user: user.userId,
          resetId,
        });
      }
      return lock;
    };
    return {
      createOrRead: (user, resetId) =>
        process.effect(
          `create lock ${resetId}`,
          async () => noted(user, resetId, await locks.createOrRead(user, resetId)),
          write,
        ),
      read: (user) => process.effect(`read lock ${user.userId}`, () => locks.read(user)),
      replace: (user, entry, etag) =>
        process.effect(
          `replace lock ${entry.resetId}`,
          async () => noted(user, entry.resetId, await locks.replace(user, entry, etag)),
          { ...write, overtake: () => locks.overwrite(user, this.lockNow(user) ?? entry.resetId) },
        ),
    };
  }

  idempotencyKeys(process: HostProcess): IdempotencyKeys {
    return {
      createOrRead: (key, entry) =>
        process.effect(`create key ${key.key}`, () => this.#keys.createOrRead(key, entry), write),
    };
  }

  /** A seal is a name here; what it holds lies beside it. */
  seals(process: HostProcess): Seals {
    const request = this.#sealing(process, this.#requests);
    const password = this.#sealing(process, this.#passwords);
    return {
      seal: request.seal,
      open: request.open,
      sealEncrypted: password.seal,
      openEncrypted: password.open,
    };
  }

  #sealing<Content>(process: HostProcess, sealed: Map<string, Sealed<Content>>) {
    return {
      seal: (resetId: string, content: Content, signal: AbortSignal) => {
        const name = this.#surroundings.numbered('seal');
        sealed.set(name, { resetId, content });
        return process.effect(`seal ${resetId}`, () => name, { signal, failure: vaultFailure });
      },
      open: (resetId: string, seal: string, signal: AbortSignal) =>
        process.effect(
          `open seal ${resetId}`,
          () => {
            const found = sealed.get(seal);
            return found?.resetId === resetId ? found.content : undefined;
          },
          { signal, failure: vaultFailure },
        ),
    };
  }

  async #createMany(process: HostProcess, rows: readonly ResetRow[]): Promise<void> {
    await this.#rows.createMany(rows);
    for (const row of rows) if (!this.#rowsNow.has(row.resetId)) this.#note(process, row);
  }

  async #replaceMany<Row extends ResetRow>(
    process: HostProcess,
    many: readonly Stored<Row>[],
  ): Promise<readonly Row[]> {
    const replaced: Row[] = [];
    for (const { row, etag } of many) {
      const stored = this.#noted(process, await this.#rows.replace(row, etag));
      if (stored !== 'conflict') replaced.push(stored.row);
    }
    return replaced;
  }

  #noted<Row extends ResetRow, Answer extends string>(
    process: HostProcess,
    stored: Stored<Row> | Answer,
  ): Stored<Row> | Answer {
    if (typeof stored === 'string') return stored;
    this.#note(process, stored.row);
    return stored;
  }

  #note(process: HostProcess, row: ResetRow): void {
    const before = this.#rowsNow.get(row.resetId);
    this.#rowsNow.set(row.resetId, row);
    const wasOpen = before !== undefined && !isSettled(before);
    this.openRows += Number(!isSettled(row)) - Number(wasOpen);
    this.#surroundings.history.note(process.name, { kind: 'stored', row, before });
  }

  /** Somebody writes the row as it is, which gives it another ETag. */
  #touch(resetId: string): void {
    const row = this.rowNow(resetId);
    if (row !== undefined) this.#rows.overwrite(row);
  }

  async *#listed<Row extends ResetRow>(
    process: HostProcess,
    name: string,
    list: () => AsyncIterable<Stored<Row>>,
  ): AsyncGenerator<Stored<Row>> {
    yield* await process.effect(name, async () => {
      const listed: Stored<Row>[] = [];
      for await (const stored of list()) listed.push(stored);
      return listed;
    });
  }
}

function nameOfMany(rows: readonly ResetRow[]): string {
  return `${rows.length} rows from ${rows[0]?.resetId ?? 'none'}`;
}

function nameOf({ customerTenantId, userId }: UserKey): string {
  return `${customerTenantId}/${userId}`;
}

function vaultFailure(): Error {
  return new ResetError('KeyVaultUnavailable', 'Key Vault does not answer');
}
