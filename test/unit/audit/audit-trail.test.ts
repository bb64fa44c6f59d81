import { EventEmitter, once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import type { LogPosition, LogTail } from '../../../shared/audit/ports.js';
import { parseLine } from '../../../shared/audit/chain.js';
import { anotherCustomerTenantId } from '../../builders/a-reset-row.js';
import { aTrail, anEvent, auditChain, auditTimeMs } from '../../builders/an-audit.js';
import { FakeAuditLog } from '../../fakes/fake-audit-log.js';
import { FakeSealingKeys } from '../../fakes/fake-sealing-keys.js';
import { SeededRandom } from '../../simulation/random.js';
import { Scheduler } from '../../simulation/scheduler.js';

const away = new ResetError('StorageUnavailable', 'is away');

describe('createAuditTrail()', () => {
  it('does nothing when nothing happened', async () => {
    const log = new FakeAuditLog();

    await aTrail(log).audit([]);

    expect(log.appended).toEqual([]);
  });

  it('puts what comes in during an append together into the next', async () => {
    const log = new FakeAuditLog();
    const { audit, read } = aTrail(log);

    await Promise.all(Array.from({ length: 50 }, () => audit([anEvent()])));

    expect(log.appended).toEqual([1, 49]);
    expect(await read()).toMatchObject({ records: { length: 50 } });
  });

  it('puts no more than a thousand records into one append, unless they came together', async () => {
    const log = new FakeAuditLog();
    const { audit } = aTrail(log);

    await Promise.all([1, 600, 400, 1, 1_200].map((count) => audit(someEvents(count))));

    expect(log.appended).toEqual([1, 1_000, 1, 1_200]);
  });

  it('adds to the chains of different customers at the same time', async () => {
    const log = new FakeAuditLog();
    const { audit, read } = aTrail(log);

    await audit([
      anEvent(),
      anEvent({ customerTenantId: anotherCustomerTenantId }),
      { action: 'job.accepted', caller: 'helpdesk' },
    ]);

    expect(log.appended).toEqual([1, 1, 1]);
    expect((await read({ customerTenantId: anotherCustomerTenantId })).records).toHaveLength(1);
  });

  it('goes on after what others have added meanwhile', async () => {
    const log = new FakeAuditLog();
    const { audit, aProcess, read } = aTrail(log);
    const other = aProcess();
    await audit([anEvent({ resetId: 'a' })]);
    await other([anEvent({ resetId: 'b' })]);
    log.onAppend = () => other([anEvent({ resetId: 'c' })]);
    await audit([anEvent({ resetId: 'd' })]);

    const { records, problem } = await read();

    expect(records.map(({ resetId }) => resetId)).toEqual(['a', 'b', 'c', 'd']);
    expect(problem).toBeUndefined();
  });

  it('rejects when an append fails, and goes on with the next', async () => {
    const log = new FakeAuditLog();
    const { audit, read } = aTrail(log);
    await audit([anEvent({ resetId: 'a' })]);
    log.nextFailure = { error: away, isMade: false };

    await expect(audit([anEvent({ resetId: 'b' })])).rejects.toBe(away);
    await audit([anEvent({ resetId: 'c' })]);

    const { records, problem } = await read();
    expect(records.map(({ resetId }) => resetId)).toEqual(['a', 'c']);
    expect(problem).toBeUndefined();
  });

  it('goes on after an append of which it does not know that it was made', async () => {
    const log = new FakeAuditLog();
    const { audit, read } = aTrail(log);
    log.nextFailure = { error: away, isMade: true };

    await expect(audit([anEvent({ resetId: 'a' })])).rejects.toBe(away);
    await audit([anEvent({ resetId: 'b' })]);

    const { records, problem } = await read();
    expect(records.map(({ resetId }) => resetId)).toEqual(['a', 'b']);
    expect(problem).toBeUndefined();
  });

  it('knows an append again that it met itself, and makes it once', async () => {
    const log = new FakeAuditLog();
    const append = log.append.bind(log);
    log.append = async (...args) => {
      await append(...args);
      return 'conflict';
    };
    const { audit, read } = aTrail(log);

    await audit([anEvent({ resetId: 'a' }), anEvent({ resetId: 'b' })]);
    await audit([anEvent({ resetId: 'c' })]);

    const { records, problem } = await read();
    expect(records.map(({ resetId }) => resetId)).toEqual(['a', 'b', 'c']);
    expect(problem).toBeUndefined();
  });

  it('gives up a log that never ends where it says, after twenty seconds', async () => {
    const log = new FakeAuditLog();
    log.append = () => Promise.resolve('conflict');
    const pauses: number[] = [];
    let random = 1;
    const { audit, clock } = aTrail(log, new FakeSealingKeys(), {
      random: () => (random = 1.5 - random),
      sleep: (ms) => {
        pauses.push(ms);
        clock.pass(ms);
        return Promise.resolve();
      },
    });

    await expect(audit([anEvent()])).rejects.toMatchObject({ code: 'StorageUnavailable' });

    expect(pauses.slice(0, 8)).toEqual([5, 20, 20, 80, 80, 200, 100, 200]);
    expect(clock.nowMs - auditTimeMs).toBeGreaterThanOrEqual(20_000);
    expect(clock.nowMs - auditTimeMs).toBeLessThan(20_200);
  });

  it('writes an append that lost for nearly twenty seconds', async () => {
    const log = new FakeAuditLog();
    const append = log.append.bind(log);
    const { audit, read, clock } = aTrail(log);
    log.append = (...args) => {
      clock.pass(1_000);
      const isLate = clock.nowMs - auditTimeMs >= 20_000;
      return isLate ? append(...args) : Promise.resolve('conflict');
    };

    await audit([anEvent()]);

    expect(await read()).toMatchObject({ count: 1 });
  });

  it('keeps all that forty processes add to one chain at the same time', async () => {
    const scheduler = new Scheduler(auditTimeMs);
    const sleep = (ms: number) => new Promise<void>((go) => scheduler.after(ms, go));
    const log = new FarAwayLog(() => sleep(6));
    const { aProcess } = aTrail(log, new FakeSealingKeys(), {
      ...{ now: scheduler.now, sleep },
      random: new SeededRandom(7).next,
    });

    const writing = Array.from({ length: 40 }, async () => {
      const audit = aProcess();
      for (let count = 0; count < 25; count += 1) await audit([anEvent()]);
    });
    const written = Promise.allSettled(writing);
    await scheduler.runUntil(Infinity);

    expect((await written).filter(({ status }) => status === 'rejected')).toEqual([]);
    expect(log.lines(auditChain).map((line) => parseLine(line)?.seq)).toEqual(
      Array.from({ length: 1_000 }, (_, index) => index + 1),
    );
  });

  it('rejects when there is no key', async () => {
    const keys = new FakeSealingKeys();
    keys.newest = () => Promise.reject(away);

    await expect(aTrail(new FakeAuditLog(), keys).audit([anEvent()])).rejects.toBe(away);
  });

  it('goes on in the next part when one is full, as one chain', async () => {
    const log = new FakeAuditLog({ blocksPerPart: 2 });
    const { audit, aProcess, read } = aTrail(log);
    for (let count = 0; count < 5; count += 1) await audit([anEvent()]);
    await aProcess()([anEvent()]);

    const { records, problem } = await read();

    expect(records.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(problem).toBeUndefined();
  });

  describe('when somebody tampers with the log meanwhile', () => {
    it.each<[string, (lines: readonly string[]) => readonly string[], number]>([
      ['removes the last record', (lines) => lines.slice(0, -1), 3],
      ['removes all', () => [], 1],
      ['adds what is no record', (lines) => [...lines, 'garbage'], 4],
    ])('goes on so that it shows when somebody %s', async (_, change, seq) => {
      const log = new FakeAuditLog();
      const { audit, read } = aTrail(log);
      await audit(someEvents(3));
      log.tamper(auditChain, change(log.lines(auditChain)));

      await audit([anEvent({ resetId: 'later' })]);

      const { records, problem } = await read();
      expect(records.at(-1)).toMatchObject({ resetId: 'later', seq: 4 });
      expect(problem?.seq).toBe(seq);
    });

    it('goes on after the last record, whatever was put behind it, when it is new to the chain', async () => {
      const log = new FakeAuditLog();
      const { audit, aProcess } = aTrail(log);
      await audit(someEvents(3));
      log.tamper(auditChain, [...log.lines(auditChain), 'garbage']);

      await aProcess()([anEvent()]);

      expect(parseLine(log.lines(auditChain).at(-1) ?? '')?.seq).toBe(4);
    });

    it('shows that a chain was begun anew, whoever goes on with it', async () => {
      const log = new FakeAuditLog();
      const { audit, aProcess, read } = aTrail(log);
      await audit(someEvents(3));
      log.tamper(auditChain, []);

      await aProcess()(someEvents(4));

      expect((await read()).problem).toEqual({ seq: 3, kind: 'altered' });
    });
  });

  it('is not held up when the head is not written, and tells', async () => {
    const log = new FakeAuditLog();
    log.headFailure = away;
    const { audit, read, lostHeads } = aTrail(log);

    await audit([anEvent()]);

    const { problem } = await read();
    expect(problem).toBeUndefined();
    expect(lostHeads).toEqual([{ chain: auditChain, error: away }]);
  });

  it('brings the head along once a second, and always the last one', async () => {
    const log = new FakeAuditLog();
    const pauses: { readonly ms: number; readonly end: () => void }[] = [];
    const { audit } = aTrail(log, new FakeSealingKeys(), {
      sleep: (ms) => new Promise((end) => pauses.push({ ms, end })),
    });
    const head = async () => (await log.heads(auditChain)).map(({ seq }) => seq);

    await audit(someEvents(1));
    await flush();
    await audit(someEvents(2));
    await audit(someEvents(3));
    expect(await head()).toEqual([1]);
    pauses[0]?.end();
    await flush();
    expect(await head()).toEqual([6]);
    pauses[1]?.end();
    await flush();
    await audit(someEvents(1));

    expect(await head()).toEqual([7]);
    await flush();
    expect(pauses.map(({ ms }) => ms)).toEqual([1_000, 1_000, 1_000]);
  });

  it('keeps a thousand chains in mind, and forgets the one left behind longest', async () => {
    const log = new FakeAuditLog();
    const looked: string[] = [];
    const tail = log.tail.bind(log);
    log.tail = (chain) => {
      looked.push(chain);
      return tail(chain);
    };
    const { audit } = aTrail(log);
    const one = eventsOf(0);
    for (let count = 0; count < 1_000; count += 1) await audit(eventsOf(count));
    await audit(one);
    expect(looked).toHaveLength(1_000);

    await audit(eventsOf(1_000));
    await audit(one);
    expect(looked).toHaveLength(1_001);
    await audit(eventsOf(1));
    expect(looked).toHaveLength(1_002);
  });

  it('never forgets a chain that it is adding to', async () => {
    const log = new FakeAuditLog();
    const { audit, read } = aTrail(log);
    const held = new EventEmitter();
    log.onAppend = async () => {
      await once(held, 'goOn');
    };
    const first = audit(eventsOf(0));
    await flush();
    for (let count = 1; count <= 1_000; count += 1) await audit(eventsOf(count));
    const next = audit([...eventsOf(0), ...eventsOf(0)]);
    await flush();

    expect(log.appended).toHaveLength(1_000);
    held.emit('goOn');
    await Promise.all([first, next]);
    expect(log.appended.slice(1_000)).toEqual([1, 2]);
    expect(await read({ customerTenantId: customerNumber(0) })).toMatchObject({ count: 3 });
  });

  it('forgets chains that it left behind, and goes on with them all the same', async () => {
    const { audit, read } = aTrail(new FakeAuditLog());
    await audit([anEvent({ resetId: 'a' })]);
    for (let count = 0; count < 1_001; count += 1) {
      await audit(eventsOf(count));
    }

    await audit([anEvent({ resetId: 'b' })]);

    const { records, problem } = await read();
    expect(records.map(({ resetId }) => resetId)).toEqual(['a', 'b']);
    expect(problem).toBeUndefined();
  });
});

/** Each way to it takes its time, and each way back. */
class FarAwayLog extends FakeAuditLog {
  readonly #leg: () => Promise<void>;

  constructor(leg: () => Promise<void>) {
    super();
    this.#leg = leg;
  }

  override async tail(chain: string): Promise<LogTail> {
    await this.#leg();
    const tail = await super.tail(chain);
    await this.#leg();
    return tail;
  }

  override async append(
    chain: string,
    text: string,
    at: LogPosition,
  ): Promise<LogPosition | 'conflict'> {
    await this.#leg();
    const appended = await super.append(chain, text, at);
    await this.#leg();
    return appended;
  }

  override async *read(
    ...args: Parameters<FakeAuditLog['read']>
  ): AsyncGenerator<string, void, undefined> {
    await this.#leg();
    yield* super.read(...args);
    await this.#leg();
  }
}

function someEvents(count: number) {
  return Array.from({ length: count }, () => anEvent());
}

function eventsOf(customer: number) {
  return [anEvent({ customerTenantId: customerNumber(customer) })];
}

function customerNumber(count: number) {
  const id = `00000000-0000-4000-8000-${String(count).padStart(12, '0')}`;
  return id as typeof anotherCustomerTenantId;
}

/** Lets everything run on that does not wait for the test. */
function flush(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
