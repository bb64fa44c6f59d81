import { describe, expect, it } from '@jest/globals';
import { fakeEncryptForRecipient, fakeRecipientKeyIdOf } from '../../fakes/fake-recipient.js';
import { allowEverything } from '../../fakes/allow-everything.js';
import fc from 'fast-check';
import { createAttempt } from '../../../shared/password-reset/attempt-password-reset.js';
import { createCountPoisoned } from '../../../shared/password-reset/count-poisoned.js';
import type {
  CustomerUsers,
  EncryptedPassword,
  SealedRequest,
  Seals,
} from '../../../shared/password-reset/ports.js';
import { createProcessRow } from '../../../shared/password-reset/process-password-reset.js';
import { createIsSuperseded } from '../../../shared/password-reset/is-superseded.js';
import {
  createReadPassword,
  readableForMs,
} from '../../../shared/password-reset/read-password-reset.js';
import {
  recoveryByCode,
  ResetError,
  type ResetErrorCode,
} from '../../../shared/password-reset/reset-error.js';
import {
  cancel,
  claimableAtMs,
  defaultLimits,
  isSettled,
  newResetRow,
  type ResetRow,
  shadowEndsAtMs,
} from '../../../shared/password-reset/reset-row.js';
import { createTakeUser } from '../../../shared/password-reset/take-user.js';
import { Secret } from '../../../shared/platform/secret.js';
import { acceptedAtMs, customerTenantId, userId } from '../../builders/a-reset-row.js';
import { aSealedRequest } from '../../builders/a-sealed-request.js';
import { FakeClock } from '../../fakes/fake-clock.js';
import { FakeResetStore } from '../../fakes/fake-reset-store.js';
import { fakeRevealLinks } from '../../fakes/fake-reveal-links.js';
import { FakeUserLocks } from '../../fakes/fake-user-locks.js';
import { noAudit } from '../../fakes/fake-audit.js';

const { signal } = new AbortController();
/** Few attempts, so that many rows come to their last one. */
const limits = { ...defaultLimits, maxAttempts: 4 };
const { leaseMs, settleMs, maxAttempts, maxPasswords } = limits;

/** Three resets of one user: one at the door, one in a job, one with a chosen password. */
const requests: readonly SealedRequest[] = [
  aSealedRequest({ acceptedAtMs }),
  aSealedRequest({ acceptedAtMs: acceptedAtMs + 1_000, permission: 'bulkReset' }),
  aSealedRequest({ acceptedAtMs: acceptedAtMs + 2_000, isChosen: true }),
];

describe('the rows of one user, whatever happens to them', () => {
  it('keep to the rules, and come to their end', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anEvent(), { minLength: 10, maxLength: 60, size: 'max' }),
        async (events) => {
          const world = aWorld();
          for (const event of events) {
            await world.meet(event);
            expect(world.broken).toEqual([]);
            expect(await world.deadPasswordsShown()).toEqual([]);
          }
          await world.calmDown();
          expect(world.openRows()).toEqual([]);
          expect(world.broken).toEqual([]);
          expect(await world.deadPasswordsShown()).toEqual([]);
        },
      ),
      { numRuns: 300 },
    );
  }, 60_000);
});

/** What becomes of one request to reset. `dies` and `unknown` may be carried out now, later or never. */
type Answer =
  | { readonly kind: 'applied' }
  | { readonly kind: 'refused'; readonly code: ResetErrorCode }
  | { readonly kind: 'unknown' | 'dies'; readonly arrivesAfterMs: number | undefined };

type StorageFault = { readonly at: 'claim' | 'record'; readonly how: 'fails' | 'lost' } | undefined;

interface Try {
  readonly row: number;
  readonly isDue: boolean;
  readonly checkTakesMs: number;
  readonly checkFails: ResetErrorCode | 'dies' | undefined;
  readonly sendTakesMs: number;
  readonly answer: Answer;
  readonly fault: StorageFault;
}

type Event =
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'try'; readonly tries: readonly Try[] }
  | { readonly kind: 'poison' | 'cancel' | 'forge'; readonly row: number };

const codes = Object.keys(recoveryByCode) as ResetErrorCode[];
const certainCodes = codes.filter((code) => recoveryByCode[code] !== 'unknown');

function anEvent(): fc.Arbitrary<Event> {
  const row = fc.nat({ max: requests.length - 1 });
  const ms = fc.oneof(
    fc.nat({ max: 20_000 }),
    fc.nat({ max: settleMs + leaseMs }),
    fc.nat({ max: limits.maxAgeMs }),
  );
  return fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms }) },
    {
      weight: 16,
      arbitrary: fc.record({
        kind: fc.constant('try' as const),
        tries: fc.array(aTry(row), { minLength: 1, maxLength: 2 }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('poison' as const), row }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constantFrom('cancel' as const, 'forge'), row }),
    },
  );
}

function aTry(row: fc.Arbitrary<number>): fc.Arbitrary<Try> {
  const arrivesAfterMs = fc.oneof(
    fc.constant(0),
    fc.nat({ max: settleMs - 1 }),
    fc.constant(undefined),
  );
  const refusals = fc.constantFrom<ResetErrorCode>('PasswordRejected', 'Throttled');
  return fc.record<Try>({
    row,
    isDue: mostly(true, fc.constant(false)),
    checkTakesMs: mostly(0, fc.nat({ max: leaseMs })),
    checkFails: mostly(
      undefined,
      fc.constantFrom<ResetErrorCode | 'dies'>('dies', ...certainCodes),
    ),
    sendTakesMs: fc.nat({ max: 30_000 }),
    answer: fc.oneof<fc.Arbitrary<Answer>[]>(
      fc.record({ kind: fc.constant('applied' as const) }),
      fc.record({ kind: fc.constant('refused' as const), code: refusals }),
      fc.record({ kind: fc.constant('refused' as const), code: fc.constantFrom(...certainCodes) }),
      fc.record({ kind: fc.constantFrom('unknown' as const, 'dies'), arrivesAfterMs }),
      fc.record({ kind: fc.constantFrom('unknown' as const, 'dies'), arrivesAfterMs }),
    ),
    fault: mostly(
      undefined,
      fc.record({
        at: fc.constantFrom('claim' as const, 'record'),
        how: fc.constantFrom('fails' as const, 'lost'),
      }),
    ),
  });
}

function mostly<Usual, Other>(usual: Usual, other: fc.Arbitrary<Other>) {
  return fc.oneof({ weight: 5, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: other });
}

/** The host went down; nothing of the kind is foreseen by the code. */
const died = new Error('the host went down');

function aWorld() {
  const clock = new FakeClock(acceptedAtMs + 2_000);
  const { now } = clock;
  const resets = new WatchedResets(now);
  const locks = new FakeUserLocks();
  const directory = aDirectory(now);
  const seals = fakeSeals();
  let attemptNumber = 0;
  requests.forEach((request, index) => {
    const { caller, delivery, passwordProfile } = request;
    const facts = {
      ...{ resetId: idOf(index), caller, customerTenantId, delivery },
      forceChangePassword: passwordProfile.forceChangePassword,
      acceptedAtMs: request.acceptedAtMs,
    };
    resets.overwrite(newResetRow(facts, seals.put(idOf(index), request)));
  });
  const readPassword = createReadPassword({
    seals,
    isSuperseded: createIsSuperseded({ locks, resets }),
    links: fakeRevealLinks,
    recipientKeyIdOf: fakeRecipientKeyIdOf,
    settleMs,
    linkExpiresMs: readableForMs,
    now,
  });
  const countPoisoned = createCountPoisoned({ ...noAudit, resets, seals, limits, now });

  async function attempt(attempted: Try): Promise<void> {
    const stored = await resets.read(idOf(attempted.row));
    if (stored === undefined) return;
    const { checkFails, checkTakesMs, fault } = attempted;
    if (fault?.at === 'claim') resets.break(fault.how);
    const send: CustomerUsers['resetPassword'] = async ({ passwordProfile }) => {
      resets.noteSend(stored.row);
      clock.pass(attempted.sendTakesMs);
      resets.noteSent(stored.row);
      if (fault?.at === 'record') resets.break(fault.how);
      await Promise.resolve();
      directory.carryOut(idOf(attempted.row), passwordProfile.password, attempted.answer);
    };
    const processRow = createProcessRow({
      ...noAudit,
      ...{ resets, seals, limits, now },
      brakes: { check: () => Promise.resolve(undefined) },
      authorize: allowEverything,
      async checkUser() {
        clock.pass(checkTakesMs);
        await Promise.resolve();
        if (checkFails === 'dies') throw died;
        if (checkFails !== undefined) throw new ResetError(checkFails, checkFails);
        return userId;
      },
      attempt: createAttempt({
        ...noAudit,
        encryptForRecipient: fakeEncryptForRecipient,
        ...{ resets, seals, limits, now },
        users: { resetPassword: send },
        takeUser: createTakeUser({ locks, resets, settleMs, now }),
        brakes: {
          check: () => Promise.resolve(undefined),
          succeeded: () => undefined,
          failed: () => Promise.resolve(),
        },
        newPassword: directory.newPassword,
        sendTimeoutMs: 30_000,
        random: () => 0.5,
      }),
      newAttemptId: () => `attempt-${attemptNumber++}`,
    });
    try {
      await processRow(stored, signal);
    } catch (error) {
      if (error !== died) throw error;
    }
  }

  async function tryAll(tries: readonly Try[]): Promise<void> {
    for (const { row, isDue } of tries) if (isDue) waitFor(resets.row(idOf(row)));
    directory.arrive();
    await Promise.all(tries.map(attempt));
    resets.mend();
    directory.arrive();
  }

  function waitFor(row: ResetRow): void {
    if (!isSettled(row)) clock.pass(Math.max(0, claimableAtMs(row, limits) - now()));
  }

  return {
    broken: resets.broken,

    async meet(event: Event): Promise<void> {
      if (event.kind === 'wait') {
        clock.pass(event.ms);
        directory.arrive();
      } else if (event.kind === 'try') {
        await tryAll(event.tries);
      } else if (event.kind === 'poison') {
        await countPoisoned(idOf(event.row));
      } else {
        await tamper(event.kind, idOf(event.row));
      }
      directory.checkSettled(resets);
    },

    /** From now on nothing fails any more. */
    async calmDown(): Promise<void> {
      for (let round = 0; round < 12; round += 1) {
        for (const row of requests.keys()) await tryAll([aCalmTry(row)]);
      }
      directory.checkSettled(resets);
    },

    openRows: () => resets.rows.filter((row) => !isSettled(row)),

    /** Passwords that are shown and do not work, or not for sure. */
    async deadPasswordsShown(): Promise<string[]> {
      const reader = {
        name: 'helpdesk',
        mayReceive: () => true,
        hasRecipientKey: () => true,
        maySee: () => true,
      };
      const dead: string[] = [];
      for (const row of resets.rows) {
        const readable = await readPassword(row, reader, signal);
        if (readable.kind === 'password' && !directory.isCertain(readable.password)) {
          dead.push(row.resetId);
        }
      }
      return dead;
    },
  };

  async function tamper(kind: 'cancel' | 'forge', resetId: string): Promise<void> {
    const stored = await resets.read(resetId);
    if (stored === undefined || isSettled(stored.row)) return;
    if (kind === 'forge') {
      resets.overwrite({ ...stored.row, seal: 'a forged seal' });
    } else if (stored.row.state === 'queued' && stored.row.attemptId === undefined) {
      await resets.replace(cancel(stored.row, now()), stored.etag);
    }
  }
}

function aCalmTry(row: number): Try {
  return {
    ...{ row, isDue: true, checkTakesMs: 0, checkFails: undefined, sendTakesMs: 100 },
    ...{ answer: { kind: 'applied' }, fault: undefined },
  };
}

/** Says of every write and every send which rule it breaks. */
class WatchedResets extends FakeResetStore {
  readonly broken: string[] = [];
  readonly #sent = new Set<string>();
  readonly #now: () => number;

  constructor(now: () => number) {
    super();
    this.#now = now;
  }

  override async replace<Row extends ResetRow>(next: Row, etag: string) {
    const before = this.row(next.resetId);
    const atMs = this.#now();
    const isMade = (await this.read(next.resetId))?.etag === etag && !this.failures.replace;
    if (isMade) this.#compare(before, next, atMs);
    return super.replace(next, etag);
  }

  break(how: 'fails' | 'lost'): void {
    const error = new ResetError('StorageUnavailable', 'Storage does not answer');
    if (how === 'fails') this.failures.replace = error;
    else this.lostAnswers = { replace: error };
  }

  mend(): void {
    delete this.failures.replace;
    this.lostAnswers = {};
  }

  noteSend({ resetId, acceptedAtMs: sinceMs }: ResetRow): void {
    for (const row of this.rows) {
      this.#require(
        shadowEndsAtMs(row, limits) <= this.#now(),
        `${resetId} was sent inside the shadow of ${row.resetId}`,
      );
      this.#require(
        row.acceptedAtMs <= sinceMs || !this.#sent.has(row.resetId) || !mayHaveChanged(row),
        `${resetId} was sent after ${row.resetId}, which is newer`,
      );
    }
    this.#sent.add(resetId);
  }

  noteSent({ resetId }: ResetRow): void {
    const row = this.row(resetId);
    const endsAtMs = row.state === 'claimed' ? row.leaseExpiresAtMs : 0;
    this.#require(this.#now() < endsAtMs, `${resetId} was under way when its lease was over`);
  }

  #compare(before: ResetRow, next: ResetRow, atMs: number): void {
    const { resetId } = next;
    this.#require(!isSettled(before), `${resetId} left ${before.state}`);
    this.#require(next.attempts <= maxAttempts + 1, `${resetId} made ${next.attempts} attempts`);
    this.#require(
      (next.unknownAtMs ?? 0) >= (before.unknownAtMs ?? 0),
      `${resetId} forgot when its outcome was unknown`,
    );
    this.#require(
      next.state !== 'rejected' || next.unknownAtMs === undefined,
      `${resetId} is rejected although an outcome was unknown`,
    );
    this.#require(
      next.definiteAnswers >= before.definiteAnswers,
      `${resetId} forgot a definite answer`,
    );
    this.#require(next.refusedPasswords < maxPasswords, `${resetId} has had too many passwords`);
    if ('seal' in next && 'seal' in before && next.seal !== before.seal) {
      this.#require(
        shadowEndsAtMs(before, limits) <= atMs,
        `${resetId} got a new password inside its shadow`,
      );
      this.#require(
        next.refusedPasswords === before.refusedPasswords + 1,
        `${resetId} got a new password that was not counted`,
      );
    }
  }

  #require(isKept: boolean, broken: string): void {
    if (!isKept) this.broken.push(broken);
  }
}

/** One user's password, and the requests that are still on their way to it. */
function aDirectory(now: () => number) {
  let current: string | undefined;
  let travelling: { resetId: string; password: string; atMs: number }[] = [];
  const changedBy = new Set<string>();
  let passwordNumber = 0;

  function apply({ resetId, password }: { resetId: string; password: string }): void {
    current = password;
    changedBy.add(resetId);
  }

  return {
    newPassword: () => new Secret(`password-${passwordNumber++}`),

    carryOut(resetId: string, secret: Secret, answer: Answer): void {
      const password = secret.reveal();
      if (answer.kind === 'applied') {
        apply({ resetId, password });
      } else if (answer.kind === 'refused') {
        throw new ResetError(answer.code, answer.code);
      } else {
        const { arrivesAfterMs } = answer;
        if (arrivesAfterMs !== undefined) {
          travelling.push({ resetId, password, atMs: now() + arrivesAfterMs });
        }
        throw answer.kind === 'dies' ? died : new ResetError('OutcomeUnknown', 'No answer');
      }
    },

    /** Lets through what has arrived by now. */
    arrive(): void {
      const arrived = travelling.filter(({ atMs }) => atMs <= now());
      travelling = travelling.filter(({ atMs }) => atMs > now());
      arrived.sort((one, other) => one.atMs - other.atMs).forEach(apply);
    },

    isCertain: (password: Secret) => password.reveal() === current && travelling.length === 0,

    /** A row that says that nothing was changed must have changed nothing, and never will. */
    checkSettled({ rows, broken }: WatchedResets): void {
      for (const { resetId, state } of rows) {
        const isDenied = state === 'rejected' || state === 'cancelled';
        const mayChange = travelling.some((request) => request.resetId === resetId);
        if (isDenied && (changedBy.has(resetId) || mayChange)) {
          broken.push(`${resetId} is ${state} although it changed the password`);
        }
      }
    },
  };
}

/** Seals that are numbers in a list. */
function fakeSeals() {
  const requests = fakeSealing<SealedRequest>('seal');
  const passwords = fakeSealing<EncryptedPassword>('encrypted');
  return {
    put: requests.put,
    seal: (resetId, request) => Promise.resolve(requests.put(resetId, request)),
    open: (resetId, seal) => Promise.resolve(requests.get(resetId, seal)),
    sealEncrypted: (resetId, password) => Promise.resolve(passwords.put(resetId, password)),
    openEncrypted: (resetId, seal) => Promise.resolve(passwords.get(resetId, seal)),
  } satisfies Seals & { put: unknown };
}

function fakeSealing<Content>(kind: string) {
  const sealed = new Map<string, { resetId: string; content: Content }>();
  return {
    put: (resetId: string, content: Content): string => {
      const seal = `${kind}-${sealed.size}`;
      sealed.set(seal, { resetId, content });
      return seal;
    },
    get: (resetId: string, seal: string): Content | undefined => {
      const found = sealed.get(seal);
      return found?.resetId === resetId ? found.content : undefined;
    },
  };
}

function mayHaveChanged({ state }: ResetRow): boolean {
  return state === 'applied' || state === 'attention';
}

function idOf(index: number): string {
  return `reset-${index}`;
}
