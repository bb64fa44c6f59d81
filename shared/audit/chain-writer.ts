import { appendTo, type AuditEntry, parseLine } from './chain.js';
import { ResetError } from '../password-reset/reset-error.js';
import { neverAborted } from '../platform/deadline.js';
import { backoffMs, type Random } from '../platform/retry.js';
import type { AuditLog, ChainEnd, ChainKeys, LogPosition } from './ports.js';

export interface ChainWriterDependencies {
  readonly log: AuditLog;
  readonly keys: Pick<ChainKeys, 'newest'>;
  /** Whose head it is. */
  readonly writer: string;
  readonly onHeadLost: (chain: string, error: unknown) => void;
  readonly now: () => number;
  readonly random: Random;
  readonly sleep: (ms: number) => Promise<void>;
}

export type ChainWriter = ReturnType<typeof createChainWriter>;

/** With all of its fields a record has about 1 KiB; one append holds 4 MiB. */
const maxEntriesPerAppend = 1_000;
const betweenHeadsMs = 1_000;
/** Whenever one loses, another has won; so long a time of losing is no race any more. */
const losesForMs = 20_000;
const pause = { baseMs: 10, capMs: 200 };

/**
 * Adds to one chain, to which other processes add as well. While one append is under way, what comes in waits
 * and goes together in the next. An append is refused unless the log still ends where this writer believes
 * it to end; then it looks where the log ends by now.
 *
 * After an append, at most once a second and without anybody waiting for it, the writer's head is brought along: it tells
 * when the last records are removed, which the chain itself cannot.
 */
export function createChainWriter(chain: string, dependencies: ChainWriterDependencies) {
  const { log, keys, writer, onHeadLost, now, random, sleep } = dependencies;
  const waiting: Waiting[] = [];
  let isAppending = false;
  /** Where the log ends; undefined when that is not known. */
  let position: LogPosition | undefined;
  /** The last record that is known to have been there. */
  let end: ChainEnd | undefined;
  let nextHead: ChainEnd | undefined;
  let isWritingHead = false;

  return {
    isIdle: () => !isAppending && !isWritingHead,

    /** Resolves once the entries are in the chain. */
    write: (entries: readonly AuditEntry[]): Promise<void> =>
      new Promise((resolve, reject) => {
        waiting.push({ entries, resolve, reject });
        if (!isAppending) void appendAll();
      }),
  };

  async function appendAll(): Promise<void> {
    isAppending = true;
    while (waiting.length > 0) {
      const together = takeTogether(waiting);
      try {
        await append(together.flatMap(({ entries }) => entries));
        for (const { resolve } of together) resolve();
      } catch (error) {
        // It may have been written all the same, or still arrive: the next append will meet it.
        for (const { reject } of together) reject(error);
      }
    }
    isAppending = false;
  }

  async function append(entries: readonly AuditEntry[]): Promise<void> {
    // An append is awaited by many.
    const key = await keys.newest(neverAborted);
    let at = position ?? (await findEnd());
    const untilMs = now() + losesForMs;
    for (let tries = 1; now() < untilMs; tries += 1) {
      const appended = appendTo(chain, end, entries, key);
      const next = await log.append(chain, appended.text, at);
      // Somebody else was faster, or this very append met its own first try.
      const isWritten = next !== 'conflict' || (await isFound(entries, at));
      if (isWritten) {
        end = appended.end;
        position = next === 'conflict' ? undefined : next;
        bringHead(end);
        return;
      }
      await sleep(backoffMs(tries, pause, random));
      at = await findEnd();
    }
    throw new ResetError('StorageUnavailable', 'Cannot write the audit: its log never ends here');
  }

  /** What was there once is never forgotten: records go on after it, so that its loss shows. */
  async function findEnd(): Promise<LogPosition> {
    const tail = await log.tail(chain);
    const last = tail.lines.map(parseLine).findLast((line) => line !== undefined);
    if (last !== undefined && last.seq > (end?.seq ?? 0)) end = last;
    return tail.position;
  }

  /** They were written together, so one stands for all. */
  async function isFound([first]: readonly AuditEntry[], from: LogPosition): Promise<boolean> {
    for await (const line of log.read(chain, from, neverAborted)) {
      if (parseLine(line)?.record['id'] === first?.id) return true;
    }
    return false;
  }

  function bringHead(head: ChainEnd): void {
    nextHead = head;
    if (!isWritingHead) void writeHeads();
  }

  async function writeHeads(): Promise<void> {
    isWritingHead = true;
    while (nextHead !== undefined) {
      const head = nextHead;
      nextHead = undefined;
      // The next one covers what this one should have.
      await log.writeHead(chain, writer, head).catch((error: unknown) => onHeadLost(chain, error));
      // A head for each append would double what the trail asks of storage.
      await sleep(betweenHeadsMs);
    }
    isWritingHead = false;
  }
}

interface Waiting {
  readonly entries: readonly AuditEntry[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** At least the first, and as many as go together with it. */
function takeTogether(waiting: Waiting[]): readonly Waiting[] {
  let count = 0;
  const end = waiting.findIndex(({ entries }, index) => {
    count += entries.length;
    return index > 0 && count > maxEntriesPerAppend;
  });
  return waiting.splice(0, end === -1 ? waiting.length : end);
}
