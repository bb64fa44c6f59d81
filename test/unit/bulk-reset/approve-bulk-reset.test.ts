import { describe, expect, it } from '@jest/globals';
import {
  type Approver,
  createApproveBulkReset,
} from '../../../shared/bulk-reset/approve-bulk-reset.js';
import type { BulkResetRow, BulkResetState } from '../../../shared/bulk-reset/bulk-reset.js';
import { createApprovalProofs } from '../../../shared/bulk-reset/approval-proofs.js';
import { createEnvelopes } from '../../../shared/delivery/envelopes.js';
import { aBulkResetRow, bulkResetId } from '../../builders/a-bulk-reset.js';
import { acceptedAtMs } from '../../builders/a-reset-row.js';
import { FakeBulkResetStore } from '../../fakes/fake-bulk-reset-store.js';
import { FakeBulkWakeUps } from '../../fakes/fake-bulk-wake-ups.js';
import { FakeClock } from '../../fakes/fake-clock.js';
import { FakeSealingKeys } from '../../fakes/fake-sealing-keys.js';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import { FakeAudit } from '../../fakes/fake-audit.js';

const { signal } = new AbortController();
const counts = { valid: 300, invalid: 0, lastRow: 300 };
const checkedSha256 = 'the rows as they were checked';
const awaiting: BulkResetState = { state: 'awaitingApproval', counts, checkedSha256 };
const approver: Approver = { name: 'supervisor', mayApproveFor: () => Promise.resolve(true) };
const stranger: Approver = { ...approver, mayApproveFor: () => Promise.resolve(false) };
const dayMs = 24 * 3_600_000;

describe('createApproveBulkReset()', () => {
  it('lets the job start, wakes it, and leaves a proof that storage cannot forge', async () => {
    const { approve, bulkResets, wakeUps, proofs } = jobs(aBulkResetRow(awaiting));

    const approved = await approve(bulkResetId, approver, signal);

    expect(approved).toMatchObject({ state: 'splitting', counts, checkedSha256, splitRows: 0 });
    expect(bulkResets.row(bulkResetId)).toEqual(approved);
    expect(wakeUps.sent).toEqual([{ bulkResetId, delayMs: 0 }]);
    const { proof = '', by } = approved.approval ?? {};
    const job = { bulkResetId, caller: 'helpdesk', checkedSha256 };
    expect(by).toBe('supervisor');
    expect(await proofs.approverOf(job, proof, signal)).toBe('supervisor');
  });

  it('tells the audit who agreed, and that the job of the other starts', async () => {
    const { approve, audit } = jobs(aBulkResetRow(awaiting));

    await approve(bulkResetId, approver, signal);

    expect(audit.events).toMatchObject([
      { action: 'job.approved', bulkResetId, caller: 'supervisor', rows: 300 },
      { action: 'job.started', bulkResetId, caller: 'helpdesk', rows: 300 },
    ]);
  });

  it('starts nothing that could not be told', async () => {
    const { approve, audit, bulkResets, wakeUps } = jobs(aBulkResetRow(awaiting));
    audit.failure = new ResetError('StorageUnavailable', 'is away');

    await expect(approve(bulkResetId, approver, signal)).rejects.toBe(audit.failure);
    expect(bulkResets.row(bulkResetId)).toMatchObject({ state: 'awaitingApproval' });
    expect(wakeUps.sent).toEqual([]);
  });

  it('changes nothing the second time', async () => {
    const { approve, wakeUps } = jobs(aBulkResetRow(awaiting));
    const first = await approve(bulkResetId, approver, signal);

    expect(await approve(bulkResetId, { ...approver, name: 'another' }, signal)).toEqual(first);
    expect(wakeUps.sent).toHaveLength(1);
  });

  it('approves once more what somebody else changed at the same time', async () => {
    const { approve, bulkResets } = jobs(aBulkResetRow(awaiting));
    bulkResets.conflictOnce();

    expect(await approve(bulkResetId, approver, signal)).toMatchObject({ state: 'splitting' });
  });

  it('shows the job to who may approve it', async () => {
    const { read } = jobs(aBulkResetRow(awaiting));

    expect(await read(bulkResetId, approver, signal)).toEqual(aBulkResetRow(awaiting));
  });

  it.each<[string, BulkResetRow | undefined, Approver]>([
    ['an unknown job', undefined, approver],
    ['a job that is not theirs to approve', aBulkResetRow(awaiting), stranger],
    ['a job that needs no approval', aBulkResetRow(), approver],
    ['a job that is still checked', aBulkResetRow({ state: 'validating' }), approver],
  ])('does not find %s', async (_what, row, who) => {
    const { approve, read } = jobs(row);

    for (const ask of [approve, read]) {
      await expect(ask(bulkResetId, who, signal)).rejects.toMatchObject({
        code: 'BulkResetNotFound',
      });
    }
  });

  it.each([
    ['was cancelled', { cancelledAtMs: acceptedAtMs }, 0],
    ['nobody approved within a day', {}, dayMs],
  ])('refuses a job that %s', async (_what, facts, ageMs) => {
    const { approve, bulkResets } = jobs(aBulkResetRow(awaiting, facts), acceptedAtMs + ageMs);

    await expect(approve(bulkResetId, approver, signal)).rejects.toMatchObject({
      code: 'BulkResetConflict',
    });
    expect(bulkResets.row(bulkResetId)).toMatchObject({ state: 'awaitingApproval' });
  });
});

describe('createApprovalProofs()', () => {
  const job = { bulkResetId, caller: 'helpdesk', checkedSha256 };

  it.each([
    ['another job', { bulkResetId: '3c9f5a52-0b1e-4d7a-8a37-000000000000' }],
    ['another caller', { caller: 'flow' }],
    ['other rows', { checkedSha256: 'others' }],
  ])('proves nothing about %s', async (_what, values) => {
    const { proofs } = jobs(undefined);
    const proof = await proofs.prove(job, 'supervisor', signal);

    expect(await proofs.approverOf(job, proof, signal)).toBe('supervisor');
    expect(await proofs.approverOf({ ...job, ...values }, proof, signal)).toBeUndefined();
  });

  it('takes no text for a proof', async () => {
    expect(await jobs(undefined).proofs.approverOf(job, 'supervisor', signal)).toBeUndefined();
  });
});

function jobs(row: BulkResetRow | undefined, nowMs = acceptedAtMs + 1_000) {
  const bulkResets = new ContestedBulkResetStore();
  if (row !== undefined) bulkResets.overwrite(row);
  const wakeUps = new FakeBulkWakeUps();
  const audit = new FakeAudit();
  const envelopes = createEnvelopes({ keys: new FakeSealingKeys() });
  const proofs = createApprovalProofs({ envelopes });
  const { now } = new FakeClock(nowMs);
  return {
    ...createApproveBulkReset({ audit: audit.audit, bulkResets, proofs, wakeUps, now }),
    bulkResets,
    wakeUps,
    proofs,
    audit,
  };
}

class ContestedBulkResetStore extends FakeBulkResetStore {
  #isContested = false;

  conflictOnce(): void {
    this.#isContested = true;
  }

  override replace(
    ...[row, etag]: Parameters<FakeBulkResetStore['replace']>
  ): ReturnType<FakeBulkResetStore['replace']> {
    if (!this.#isContested) return super.replace(row, etag);
    this.#isContested = false;
    return Promise.resolve('conflict');
  }
}
