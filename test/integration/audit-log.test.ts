import type { TableClient } from '@azure/data-tables';
import type { ContainerClient } from '@azure/storage-blob';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { logStart } from '../../shared/audit/ports.js';
import { createAppendBlobAuditLog } from '../../shared/azure/append-blob-audit-log.js';
import { aTrail, anEvent, auditChain } from '../builders/an-audit.js';
import { FakeAuditLog } from '../fakes/fake-audit-log.js';
import { allOf } from './all-of.js';
import { describeAuditLog } from './audit-log.contract.js';
import { startStorage, type StorageHarness } from './storage-harness.js';

const { signal } = new AbortController();
let storage: StorageHarness;

beforeAll(async () => {
  storage = await startStorage();
});

afterAll(() => storage.stop());

describeAuditLog('FakeAuditLog', (options) => Promise.resolve(new FakeAuditLog(options)));
describeAuditLog('createAppendBlobAuditLog()', async (options) =>
  createAppendBlobAuditLog({ ...(await openPlaces()), ...options }),
);

describe('createAppendBlobAuditLog()', () => {
  let container: ContainerClient;
  let headTable: TableClient;

  beforeEach(async () => {
    ({ container, headTable } = await openPlaces());
  });

  const open = (blocksPerPart = 40_000) =>
    createAppendBlobAuditLog({ container, headTable, blocksPerPart });

  it('names the blobs after customer and day', async () => {
    const { audit } = aTrail(open(1));

    await audit([anEvent()]);
    await audit([anEvent(), { action: 'job.accepted' }]);

    const blobs = await allOf(container.listBlobsFlat());
    expect(blobs.map(({ name }) => name)).toEqual([
      `${auditChain}.2.ndjson`,
      `${auditChain}.ndjson`,
      'no-customer/2026-01-01.ndjson',
    ]);
  });

  it('writes a record once although the answer is lost', async () => {
    const { audit, read } = aTrail(open());
    await audit([anEvent({ resetId: 'a' })]);

    storage.blobs.loseNextAnswer('PUT');
    await audit([anEvent({ resetId: 'b' })]);
    await audit([anEvent({ resetId: 'c' })]);

    const { records, problem } = await read();
    expect(records.map(({ resetId }) => resetId)).toEqual(['a', 'b', 'c']);
    expect(problem).toBeUndefined();
  });

  it('writes a record once although somebody else writes after the answer was lost', async () => {
    const { audit, aProcess, read } = aTrail(open());
    const other = aProcess();
    await audit([anEvent({ resetId: 'a' })]);
    await other([anEvent({ resetId: 'b' })]);

    storage.blobs.loseNextAnswer('PUT');
    await Promise.all([audit([anEvent({ resetId: 'c' })]), other([anEvent({ resetId: 'd' })])]);

    const { records, problem } = await read();
    expect(records.map(({ resetId }) => resetId).toSorted()).toEqual(['a', 'b', 'c', 'd']);
    expect(problem).toBeUndefined();
  });

  it('goes on when the whole log is gone, so that it shows', async () => {
    const { audit, read } = aTrail(open());
    await audit([anEvent()]);
    await container.getBlobClient(`${auditChain}.ndjson`).delete();

    await audit([anEvent()]);

    expect((await read()).problem).toEqual({ seq: 1, kind: 'missing' });
  });

  it('finds the last record of a long log without reading it all', async () => {
    const { audit, aProcess, read } = aTrail(open());
    await audit(Array.from({ length: 500 }, () => anEvent({ reference: 'ä'.repeat(100) })));

    await aProcess()([anEvent()]);

    const { problem } = await read();
    expect(problem).toBeUndefined();
  });

  it('reads lines that are cut anywhere by the network', async () => {
    const lines = Array.from({ length: 20_000 }, (_, index) => `ä🔑 ${index}`);
    const log = open();
    await log.append(auditChain, lines.map((line) => `${line}\n`).join(''), logStart);

    expect(await allOf(log.read(auditChain, logStart, signal))).toEqual(lines);
  });

  it('shows a last line that somebody cut off', async () => {
    const log = open();
    await log.append(auditChain, 'one\ntw', logStart);

    expect(await allOf(log.read(auditChain, logStart, signal))).toEqual(['one', 'tw']);
  });

  it('says when somebody else has a lease on the log', async () => {
    const log = open();
    await log.append(auditChain, 'one\n', logStart);
    await container
      .getBlobClient(`${auditChain}.ndjson`)
      .getBlobLeaseClient('lease')
      .acquireLease(-1);

    await expect(aTrail(log).audit([anEvent()])).rejects.toMatchObject({
      code: 'StorageUnavailable',
    });
  });

  it('says when the storage refuses, rather than take it for an empty log', async () => {
    await Promise.all([container.delete(), headTable.deleteTable()]);
    const log = open();
    const away = { code: 'StorageUnavailable' };

    await expect(log.append(auditChain, 'one\n', logStart)).rejects.toMatchObject(away);
    await expect(log.append(auditChain, 'one\n', { part: 1, offset: 4 })).rejects.toMatchObject(
      away,
    );
    await expect(allOf(log.read(auditChain, logStart, signal))).rejects.toMatchObject(away);
    await expect(log.heads(auditChain, signal)).rejects.toMatchObject(away);
    await expect(log.writeHead(auditChain, 'writer', { seq: 1, hash: 'a' })).rejects.toMatchObject(
      away,
    );
  });
});

async function openPlaces() {
  const container = storage.clients.container(`c-${randomUUID()}`);
  const headTable = storage.clients.table(`t${randomUUID().replaceAll('-', '')}`);
  await Promise.all([container.create(), headTable.createTable()]);
  return { container, headTable };
}
