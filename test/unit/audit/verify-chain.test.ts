import { describe, expect, it } from '@jest/globals';
import { aTrail, anEvent, auditChain } from '../../builders/an-audit.js';
import { FakeAuditLog } from '../../fakes/fake-audit-log.js';

type Change = (lines: readonly string[]) => readonly string[];

const untouched: Change = (lines) => lines;

describe('verifyChain()', () => {
  it.each<[string, Change, { seq: number; kind: string } | undefined]>([
    ['nothing when nobody touched it', untouched, undefined],
    ['what is no record', (lines) => lines.with(1, 'garbage'), { seq: 2, kind: 'unreadable' }],
    ['that a record is gone', (lines) => lines.toSpliced(1, 1), { seq: 2, kind: 'missing' }],
    ['that the first one is gone', (lines) => lines.slice(1), { seq: 1, kind: 'missing' }],
    ['that one is repeated', repeatSecond, { seq: 3, kind: 'repeated' }],
    ['that one was edited', editSecond, { seq: 2, kind: 'altered' }],
    ['that the last one is gone', (lines) => lines.slice(0, -1), { seq: 3, kind: 'truncated' }],
    ['that all are gone', () => [], { seq: 1, kind: 'truncated' }],
    ['the first of two', (lines) => editSecond(lines).slice(0, -1), { seq: 2, kind: 'altered' }],
  ])('finds %s', async (_, change, problem) => {
    const log = new FakeAuditLog();
    const { audit, read } = aTrail(log);
    await audit([anEvent(), anEvent(), anEvent()]);
    log.tamper(auditChain, change(log.lines(auditChain)));

    expect((await read()).problem).toEqual(problem);
  });
});

function repeatSecond(lines: readonly string[]): readonly string[] {
  return lines.toSpliced(2, 0, lines[1] ?? '');
}

function editSecond(lines: readonly string[]): readonly string[] {
  return lines.with(1, (lines[1] ?? '').replace('reset.applied', 'reset.refused'));
}
