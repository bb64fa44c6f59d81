import { beforeEach, describe, expect, it } from '@jest/globals';
import { type AuditLog, type LogPosition, logStart } from '../../shared/audit/ports.js';
import { aTrail, anEvent, auditChain } from '../builders/an-audit.js';
import { allOf } from './all-of.js';

const { signal } = new AbortController();

/** What every log of audit chains does, whatever it is made of. */
// eslint-disable-next-line jest/no-export -- one suite runs on the fake and on the adapter
export function describeAuditLog(
  name: string,
  open: (options: { readonly blocksPerPart: number }) => Promise<AuditLog>,
): void {
  describe(`${name} as AuditLog`, () => {
    let log: AuditLog;

    beforeEach(async () => {
      log = await open({ blocksPerPart: 3 });
    });

    const read = (from = logStart, chain = auditChain) => allOf(log.read(chain, from, signal));

    it('begins empty', async () => {
      expect(await log.tail(auditChain)).toEqual({ position: logStart, lines: expect.any(Array) });
      expect(await read()).toEqual([]);
      expect(await log.heads(auditChain, signal)).toEqual([]);
    });

    it('keeps lines in the order in which they came', async () => {
      const second = await append('one\ntwo\n', logStart);
      const third = await append('drei 🔑\n', second);

      expect(await read()).toEqual(['one', 'two', 'drei 🔑']);
      expect(await read(second)).toEqual(['drei 🔑']);
      expect(await read(third)).toEqual([]);
      const { position, lines } = await log.tail(auditChain);
      expect(position).toEqual(third);
      expect(lines.filter(Boolean).at(-1)).toBe('drei 🔑');
    });

    it('adds nothing where the log does not end', async () => {
      const second = await append('one\n', logStart);
      await append('two\n', second);

      expect(await log.append(auditChain, 'other\n', logStart)).toBe('conflict');
      expect(await log.append(auditChain, 'other\n', second)).toBe('conflict');
      const beyond = { part: 1, offset: second.offset + 100 };
      expect(await log.append(auditChain, 'other\n', beyond)).toBe('conflict');
      expect(await read()).toEqual(['one', 'two']);
    });

    it('adds nothing behind the end of a log that is not there', async () => {
      expect(await log.append(auditChain, 'one\n', { part: 1, offset: 4 })).toBe('conflict');
      expect(await read()).toEqual([]);
    });

    it('lets one of several win', async () => {
      const results = await Promise.all(
        Array.from({ length: 5 }, (_, index) => log.append(auditChain, `${index}\n`, logStart)),
      );

      expect(results.filter((result) => result !== 'conflict')).toHaveLength(1);
      expect(await read()).toHaveLength(1);
    });

    it('goes on in another part when one is full', async () => {
      let at = logStart;
      const parts = [];
      for (const line of ['1\n', '2\n', '3\n', '4\n', '5\n', '6\n', '7\n']) {
        parts.push(at.part);
        at = await append(line, at);
      }

      expect(parts).toEqual([1, 1, 1, 2, 2, 2, 3]);
      expect(await read()).toEqual(['1', '2', '3', '4', '5', '6', '7']);
      expect((await log.tail(auditChain)).position).toEqual(at);
    });

    it('tells the last line of a part that is full', async () => {
      let at = logStart;
      for (const line of ['1\n', '2\n', '3\n']) at = await append(line, at);

      const { position, lines } = await log.tail(auditChain);

      expect(position).toEqual({ part: 2, offset: 0 });
      expect(lines.filter(Boolean).at(-1)).toBe('3');
    });

    it('keeps chains apart', async () => {
      await append('one\n', logStart);
      await log.writeHead(auditChain, 'writer', { seq: 1, hash: 'a' });

      expect(await read(logStart, 'other/2026-01-01')).toEqual([]);
      expect(await log.heads('other/2026-01-01', signal)).toEqual([]);
    });

    it('keeps one head for each writer', async () => {
      await log.writeHead(auditChain, 'one', { seq: 1, hash: 'a' });
      await log.writeHead(auditChain, 'other', { seq: 2, hash: 'b' });
      await log.writeHead(auditChain, 'one', { seq: 3, hash: 'c' });

      const heads = await log.heads(auditChain, signal);

      expect(heads.toSorted((one, other) => one.seq - other.seq)).toEqual([
        { seq: 2, hash: 'b' },
        { seq: 3, hash: 'c' },
      ]);
    });

    it('holds one chain of all that several processes write at once', async () => {
      const { aProcess, read: readAudit } = aTrail(log);
      const writers = [aProcess(), aProcess(), aProcess()];
      const write = async (writer: number, resetId: string) => {
        await writers[writer]?.([anEvent({ resetId })]);
      };

      await Promise.all(
        Array.from({ length: 30 }, (_, index) => write(index % 3, `reset-${index}`)),
      );

      const { records, problem } = await readAudit();
      expect(problem).toBeUndefined();
      expect(new Set(records.map(({ resetId }) => resetId)).size).toBe(30);
      expect(records).toHaveLength(30);
    });

    async function append(text: string, at: LogPosition): Promise<LogPosition> {
      const next = await log.append(auditChain, text, at);
      if (next === 'conflict') throw new Error('Somebody else was faster');
      return next;
    }
  });
}
