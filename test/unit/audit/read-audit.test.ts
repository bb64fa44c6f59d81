import { describe, expect, it } from '@jest/globals';
import { appendTo } from '../../../shared/audit/chain.js';
import { aTrail, anEvent, auditChain, auditDay } from '../../builders/an-audit.js';
import { anotherCustomerTenantId } from '../../builders/a-reset-row.js';
import { FakeAuditLog } from '../../fakes/fake-audit-log.js';
import { FakeSealingKeys } from '../../fakes/fake-sealing-keys.js';

describe('createReadAudit()', () => {
  it('finds nothing, and nothing wrong, on a day without events', async () => {
    expect(await aTrail(new FakeAuditLog()).read()).toEqual({ count: 0, records: [] });
  });

  it('shows the events of the customer and the day, in order', async () => {
    const { audit, read, clock } = aTrail(new FakeAuditLog());
    await audit([anEvent({ action: 'reset.accepted' }), anEvent({ action: 'reset.sent' })]);
    await audit([anEvent({ customerTenantId: anotherCustomerTenantId }), anEvent()]);
    clock.pass(24 * 3_600_000);
    await audit([anEvent({ action: 'password.revealed' })]);

    const { records, problem } = await read();

    expect(problem).toBeUndefined();
    expect(records).toMatchObject([
      { seq: 1, action: 'reset.accepted' },
      { seq: 2, action: 'reset.sent' },
      { seq: 3, action: 'reset.applied' },
    ]);
    expect((await read({ day: '2026-01-02' })).records).toMatchObject([
      { seq: 1, action: 'password.revealed' },
    ]);
  });

  it.each([
    ['the first page', 0, [1, 2], 2],
    ['a page in the middle', 2, [3, 4], 4],
    ['the last page', 4, [5], undefined],
    ['nothing after the end', 5, [], undefined],
  ])('shows %s, and verifies the whole day', async (_, afterSeq, seqs, nextAfterSeq) => {
    const log = new FakeAuditLog();
    const { audit, read } = aTrail(log);
    await audit(Array.from({ length: 5 }, () => anEvent()));

    const page = await read({ afterSeq, limit: 2 });
    log.tamper(auditChain, log.lines(auditChain).slice(0, 4));
    const shortened = await read({ afterSeq: 0, limit: 1 });

    expect(page.records.map(({ seq }) => seq)).toEqual(seqs);
    expect(page.nextAfterSeq).toBe(nextAfterSeq);
    expect(page).not.toHaveProperty('problem');
    expect(page.count).toBe(5);
    expect(shortened.problem).toEqual({ seq: 5, kind: 'truncated' });
  });

  it.each([
    ['a line separator', 'T-1\u2028'],
    ['a paragraph separator', '\u2029T-1'],
    ['line ends', 'T\r\n1\v\f\u0085'],
    ['NUL', '\0'],
    ['half of a surrogate pair', '\ud83d'],
    ['a byte order mark', '\ufeff'],
    ['what looks like the end of a record', `","hash":"${'a'.repeat(43)}"}`],
  ])('reads a text with %s as it was written', async (_, reference) => {
    const { audit, aProcess, read } = aTrail(new FakeAuditLog());
    await audit([anEvent({ reference })]);
    await aProcess()([anEvent({ reference })]);

    const { records, problem } = await read();

    expect(problem).toBeUndefined();
    expect(records).toMatchObject([
      { seq: 1, reference },
      { seq: 2, reference },
    ]);
  });

  it('verifies records under older keys', async () => {
    const keys = new FakeSealingKeys();
    const { audit, read } = aTrail(new FakeAuditLog(), keys);
    await audit([anEvent()]);
    keys.rotate();
    await audit([anEvent()]);

    const { records, problem } = await read();

    expect(records.map(({ key }) => key)).toEqual(['version-1', 'version-2']);
    expect(problem).toBeUndefined();
  });

  it('looks a key up once, however many records are under it', async () => {
    const keys = new FakeSealingKeys();
    const { audit, read } = aTrail(new FakeAuditLog(), keys);
    await audit([anEvent(), anEvent(), anEvent()]);
    const looked: string[] = [];
    const byVersion = keys.byVersion.bind(keys);
    keys.byVersion = (version) => {
      looked.push(version);
      return byVersion(version);
    };

    await read();

    expect(looked).toEqual(['version-1']);
  });

  it('counts and shows records alone', async () => {
    const log = new FakeAuditLog();
    const { audit, read } = aTrail(log);
    await audit([anEvent(), anEvent()]);
    log.tamper(auditChain, log.lines(auditChain).toSpliced(1, 0, 'garbage'));

    const { count, records } = await read();

    expect(count).toBe(2);
    expect(records.map(({ seq }) => seq)).toEqual([1, 2]);
  });

  it('does not believe a record under a key that there is not, or that is not ours', async () => {
    const log = new FakeAuditLog();
    const { audit, read } = aTrail(log);
    await audit([anEvent()]);
    const [genuine = ''] = log.lines(auditChain);
    const { hash } = JSON.parse(genuine) as { hash: string };
    const theirs = await new FakeSealingKeys().newest();
    const entries = [{ id: 'x', at: `${auditDay}T10:00:00.000Z`, event: anEvent() }];

    for (const version of ['version-1', 'version-9']) {
      const forged = appendTo(auditChain, { seq: 1, hash }, entries, { ...theirs, version });
      log.tamper(auditChain, [genuine, forged.text.trimEnd()]);
      expect((await read()).problem).toEqual({ seq: 2, kind: 'altered' });
    }
  });

  it('does not believe a chain that was copied from another customer', async () => {
    const log = new FakeAuditLog();
    const { audit, read } = aTrail(log);
    await audit([anEvent({ customerTenantId: anotherCustomerTenantId })]);
    log.tamper(auditChain, log.lines(`${anotherCustomerTenantId}/${auditDay}`));

    expect((await read()).problem).toEqual({ seq: 1, kind: 'altered' });
  });
});
