import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { aTrail, anEvent, auditChain } from '../../builders/an-audit.js';
import { FakeAuditLog } from '../../fakes/fake-audit-log.js';
import { FakeSealingKeys } from '../../fakes/fake-sealing-keys.js';

/** A day of several writers, appends of several sizes, parts and keys; verified before it is tampered with. */
async function aDay(sizes: readonly number[]) {
  const log = new FakeAuditLog({ blocksPerPart: 3 });
  const keys = new FakeSealingKeys();
  const { aProcess, read } = aTrail(log, keys);
  const processes = [aProcess(), aProcess()];
  for (const [index, size] of sizes.entries()) {
    if (index === 2) keys.rotate();
    await processes[index % 2]?.(Array.from({ length: size }, () => anEvent()));
  }
  return { log, read, lines: log.lines(auditChain) };
}

const sizes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 2, maxLength: 8 });
const place = fc.nat();
const runs = { numRuns: 50 };

/** Where two lists of lines differ first, counted from 1. */
function firstDifference(one: readonly string[], other: readonly string[]): number {
  return one.findIndex((line, index) => line !== other[index]) + 1 || one.length + 1;
}

describe('verifyChain()', () => {
  it('finds nothing wrong with what nobody touched', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, async (several) => {
        const { read, lines } = await aDay(several);
        const { problem, records } = await read();
        expect(problem).toBeUndefined();
        expect(records).toHaveLength(lines.length);
      }),
      runs,
    );
  });

  it.each<[string, (lines: string[], at: number, to: number) => void]>([
    ['is removed', (lines, at) => lines.splice(at, 1)],
    ['is there twice', (lines, at) => lines.splice(at, 0, lines[at] ?? '')],
    ['is copied to another place', (lines, at, to) => lines.splice(to, 0, lines[at] ?? '')],
    ['is moved', (lines, at, to) => lines.splice(to, 0, ...lines.splice(at, 1))],
    [
      'changes places with another',
      (lines, at, to) => ([lines[at], lines[to]] = [lines[to] ?? '', lines[at] ?? '']),
    ],
    ['is cut off with all that follow', (lines, at) => lines.splice(at)],
    ['is removed with all before it', (lines, at) => lines.splice(0, at + 1)],
    ['is followed by something else', (lines, at) => lines.splice(at + 1, 0, '')],
  ])('finds the first place that is not as it was written when a record %s', async (_, change) => {
    await fc.assert(
      fc.asyncProperty(sizes, place, place, async (several, one, other) => {
        const { log, read, lines } = await aDay(several);
        const changed = [...lines];
        change(changed, one % lines.length, other % lines.length);
        fc.pre(changed.join('\n') !== lines.join('\n'));

        log.tamper(auditChain, changed);

        expect((await read()).problem?.seq).toBe(firstDifference(lines, changed));
      }),
      runs,
    );
  });

  it('finds every character of a record that is another', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, place, place, fc.string(), async (several, one, at, other) => {
        const { log, read, lines } = await aDay(several);
        const index = one % lines.length;
        const line = lines[index] ?? '';
        const cut = at % line.length;
        const edited = line.slice(0, cut) + other.replaceAll('\n', ' ') + line.slice(cut + 1);
        fc.pre(edited !== line);

        log.tamper(auditChain, lines.with(index, edited));

        expect((await read()).problem?.seq).toBe(index + 1);
      }),
      runs,
    );
  });
});
