import { describe, expect, it } from '@jest/globals';
import { createApprovalProofs } from '../../../shared/bulk-reset/approval-proofs.js';
import { digestOf, toApprovalSubject } from '../../../shared/bulk-reset/approval-subject.js';
import {
  type Approver,
  createApproveBulkReset,
} from '../../../shared/bulk-reset/approve-bulk-reset.js';
import type { BulkResetRow, BulkResetState } from '../../../shared/bulk-reset/bulk-reset.js';
import { createEnvelopes } from '../../../shared/delivery/envelopes.js';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import {
  aKeptOrder,
  aBulkResetRow,
  aCheckedJob,
  bulkResetId,
} from '../../builders/a-bulk-reset.js';
import { acceptedAtMs, anotherCustomerTenantId } from '../../builders/a-reset-row.js';
import { FakeAudit } from '../../fakes/fake-audit.js';
import { FakeBulkOrders } from '../../fakes/fake-bulk-orders.js';
import { FakeBulkResetStore } from '../../fakes/fake-bulk-reset-store.js';
import { FakeBulkWakeUps } from '../../fakes/fake-bulk-wake-ups.js';
import { FakeClock } from '../../fakes/fake-clock.js';
import { FakeSealingKeys } from '../../fakes/fake-sealing-keys.js';

const { signal } = new AbortController();
const checked = aCheckedJob(300);
const awaiting: BulkResetState = { state: 'awaitingApproval', ...checked };
const order = aKeptOrder({
  delivery: 'recipientKey',
  recipientKeyId: 'key-1',
  reference: 'INC-7',
});
const subject = toApprovalSubject(order, checked);
const shown = { bulkResetId, digest: digestOf(subject) };
const approver: Approver = { name: 'supervisor', mayApproveFor: () => Promise.resolve(true) };
const stranger: Approver = { ...approver, mayApproveFor: () => Promise.resolve(false) };
const nowMs = acceptedAtMs + 1_000;
const dayMs = 24 * 3_600_000;

describe('createApproveBulkReset()', () => {
  it('lets the job start, wakes it, and leaves a proof of all that was shown', async () => {
    const { approve, bulkResets, wakeUps, proofs } = jobs(aBulkResetRow(awaiting));

    const approved = await approve(shown, approver, signal);

    const approval = { by: 'supervisor', atMs: nowMs };
    expect(approved).toEqual({ subject, awaitsApproval: false, approval });
    const row = bulkResets.row(bulkResetId);
    const { counts, checkedSha256 } = checked;
    expect(row).toMatchObject({ state: 'splitting', counts, checkedSha256, splitRows: 0 });
    expect(wakeUps.sent).toEqual([{ bulkResetId, delayMs: 0 }]);
    expect(row.approval).toMatchObject(approval);
    const proof = row.approval?.proof ?? '';
    expect(await proofs.agreementIn(proof, row, signal)).toEqual({ ...approval, subject });
  });

  it('tells the audit who agreed, and that the job of the other starts', async () => {
    const { approve, audit } = jobs(aBulkResetRow(awaiting));

    await approve(shown, approver, signal);

    expect(audit.events).toMatchObject([
      { action: 'job.approved', bulkResetId, caller: 'supervisor', rows: 300 },
      { action: 'job.started', bulkResetId, caller: 'helpdesk', rows: 300 },
    ]);
  });

  it('starts nothing that could not be told', async () => {
    const { approve, audit, bulkResets, wakeUps } = jobs(aBulkResetRow(awaiting));
    audit.failure = new ResetError('StorageUnavailable', 'is away');

    await expect(approve(shown, approver, signal)).rejects.toBe(audit.failure);
    expect(bulkResets.row(bulkResetId)).toMatchObject({ state: 'awaitingApproval' });
    expect(wakeUps.sent).toEqual([]);
  });

  it('changes nothing the second time', async () => {
    const { approve, wakeUps } = jobs(aBulkResetRow(awaiting));
    const first = await approve(shown, approver, signal);

    expect(await approve(shown, { ...approver, name: 'another' }, signal)).toEqual(first);
    expect(wakeUps.sent).toHaveLength(1);
  });

  it('approves what somebody else wrote at the same time, and tells of it once', async () => {
    const { approve, bulkResets, audit } = jobs(aBulkResetRow(awaiting));
    bulkResets.conflictOnce();

    expect(await approve(shown, approver, signal)).toMatchObject({ awaitsApproval: false });
    expect(audit.events.map(({ action }) => action)).toEqual(['job.approved', 'job.started']);
  });

  it('shows what was ordered to who may approve it, whatever the row says', async () => {
    const { read } = jobs(aBulkResetRow(awaiting, { delivery: 'none', reference: 'INC-8' }));

    expect(await read(bulkResetId, approver, signal)).toEqual({ subject, awaitsApproval: true });
  });

  it('shows what was agreed to as long as the job is there', async () => {
    const { approve, read, orders } = jobs(aBulkResetRow(awaiting));
    const approved = await approve(shown, approver, signal);
    await orders.delete(bulkResetId);

    expect(await read(bulkResetId, approver, signal)).toEqual(approved);
  });

  it.each<[string, BulkResetRow | undefined, Approver]>([
    ['an unknown job', undefined, approver],
    ['a job that is not theirs to approve', aBulkResetRow(awaiting), stranger],
    ['a job that needs no approval', aBulkResetRow(), approver],
    ['a job that is still checked', aBulkResetRow({ state: 'validating' }), approver],
  ])('does not find %s', async (_what, row, who) => {
    const { approve, read } = jobs(row);

    const asked = [approve(shown, who, signal), read(bulkResetId, who, signal)];

    for (const refused of asked) {
      await expect(refused).rejects.toMatchObject({ code: 'BulkResetNotFound' });
    }
  });

  it.each<[string, BulkResetRow]>([
    ['the order is of somebody else', aBulkResetRow(awaiting, { caller: 'flow' })],
    ['the order had its id before', aBulkResetRow(awaiting, { fingerprint: 'another' })],
    ['the order is for another job', aBulkResetRow(awaiting, { bulkResetId: 'another' })],
    [
      'the approval was not given here',
      aBulkResetRow(awaiting, { approval: { by: 'me', atMs: nowMs, proof: 'a proof' } }),
    ],
  ])('neither shows nor starts a job when %s', async (_what, row) => {
    const { approve, read, bulkResets, audit } = jobs(row);

    const { bulkResetId: id } = row;
    const asked = [
      approve({ ...shown, bulkResetId: id }, approver, signal),
      read(id, approver, signal),
    ];

    for (const refused of asked) {
      await expect(refused).rejects.toMatchObject({
        code: 'BulkResetConflict',
        message: expect.stringContaining('Cannot say what the bulk reset is about'),
      });
    }
    expect(bulkResets.row(row.bulkResetId)).toEqual(row);
    expect(audit.events).toEqual([]);
  });

  it.each<[string, Partial<typeof order>, Partial<BulkResetRow>]>([
    ['another delivery', { delivery: 'link' }, {}],
    ['other rows of other customers', {}, aCheckedJob(300, { checkedSha256: 'others' })],
    ['the same once more, later', { acceptedAtMs: acceptedAtMs + 1 }, {}],
  ])('starts nothing that took the place of what was shown: %s', async (_what, ...successor) => {
    const { approve, orders, bulkResets, wakeUps, audit } = jobs(aBulkResetRow(awaiting));
    const [ordered, row] = successor;
    await orders.write({ ...order, ...ordered }, signal);
    bulkResets.overwrite({ ...aBulkResetRow(awaiting), ...row } as BulkResetRow);

    await expect(approve(shown, approver, signal)).rejects.toMatchObject({
      code: 'BulkResetConflict',
      message: expect.stringContaining('look at it again'),
    });
    expect(bulkResets.row(bulkResetId)).toMatchObject({ state: 'awaitingApproval' });
    expect(wakeUps.sent).toEqual([]);
    expect(audit.events).toEqual([]);
  });

  it('confirms nothing that was not what was agreed to', async () => {
    const { approve } = jobs(aBulkResetRow(awaiting));
    await approve(shown, approver, signal);

    const another = { ...shown, digest: digestOf({ ...subject, rows: 2 }) };

    await expect(approve(another, approver, signal)).rejects.toMatchObject({
      code: 'BulkResetConflict',
    });
  });

  it('starts nothing while the order cannot be read', async () => {
    const { approve, orders, bulkResets } = jobs(aBulkResetRow(awaiting));
    orders.failure = new ResetError('StorageUnavailable', 'is away');

    await expect(approve(shown, approver, signal)).rejects.toBe(orders.failure);
    expect(bulkResets.row(bulkResetId)).toMatchObject({ state: 'awaitingApproval' });
  });

  it.each([
    ['was cancelled', { cancelledAtMs: acceptedAtMs }, 0],
    ['nobody approved within a day', {}, dayMs],
  ])('refuses a job that %s', async (_what, facts, ageMs) => {
    const { approve, bulkResets } = jobs(aBulkResetRow(awaiting, facts), acceptedAtMs + ageMs);

    await expect(approve(shown, approver, signal)).rejects.toMatchObject({
      code: 'BulkResetConflict',
    });
    expect(bulkResets.row(bulkResetId)).toMatchObject({ state: 'awaitingApproval' });
  });
});

describe('toApprovalSubject()', () => {
  it.each([
    { delivery: 'recipientKey', recipientKeyId: 'key-1', reference: 'INC-7' },
    { delivery: 'none' },
  ] as const)('tells all that is ordered and was found, with %j', (asked) => {
    const { bulkResetId: id, caller, forceChangePassword } = aKeptOrder();

    expect(toApprovalSubject(aKeptOrder(asked), checked)).toEqual({
      ...asked,
      bulkResetId: id,
      caller,
      acceptedAtMs,
      forceChangePassword,
      rows: 300,
      customers: 1,
      largestCustomers: checked.largestCustomers,
      checkedSha256: checked.checkedSha256,
    });
  });
});

describe('digestOf()', () => {
  it('is the same, in whatever order the fields come', () => {
    const reversed = Object.fromEntries(Object.entries(subject).reverse()) as typeof subject;

    expect(digestOf(reversed)).toBe(digestOf(subject));
  });

  it.each<Partial<typeof subject>>([
    { bulkResetId: 'another' },
    { caller: 'flow' },
    { acceptedAtMs: acceptedAtMs + 1 },
    { delivery: 'link' },
    { recipientKeyId: 'key-2' },
    { reference: 'INC-8' },
    { forceChangePassword: false },
    { rows: 301 },
    { customers: 2 },
    { largestCustomers: [{ customerTenantId: anotherCustomerTenantId, rows: 300 }] },
    { checkedSha256: 'others' },
  ])('is another one for %j', (change) => {
    expect(digestOf({ ...subject, ...change })).not.toBe(digestOf(subject));
  });
});

describe('createApprovalProofs()', () => {
  const agreement = { by: 'supervisor', atMs: nowMs, subject };

  it('proves nothing about another job', async () => {
    const { proofs } = jobs(undefined);
    const proof = await proofs.prove(agreement, signal);

    expect(await proofs.agreementIn(proof, { bulkResetId }, signal)).toEqual(agreement);
    const another = { bulkResetId: '3c9f5a52-0b1e-4d7a-8a37-000000000000' };
    expect(await proofs.agreementIn(proof, another, signal)).toBeUndefined();
  });

  it('fits into a column of the row with as many customers as are shown', async () => {
    const largestCustomers = Array.from({ length: 100 }, () => ({
      customerTenantId: anotherCustomerTenantId,
      rows: 1_000_000,
    }));
    const large = { ...agreement, subject: { ...subject, largestCustomers } };
    const { proofs } = jobs(undefined);

    const proof = await proofs.prove(large, signal);

    expect(proof.length).toBeLessThan(16_000);
    expect(await proofs.agreementIn(proof, { bulkResetId }, signal)).toEqual(large);
  });

  it('takes neither a text nor what another release agreed to for a proof', async () => {
    const { proofs, envelopes } = jobs(undefined);
    const content = new TextEncoder().encode('{"by":"supervisor"}');
    const other = await envelopes.seal(`bulk-approval/${bulkResetId}`, content, signal);

    for (const proof of ['supervisor', other]) {
      expect(await proofs.agreementIn(proof, { bulkResetId }, signal)).toBeUndefined();
    }
  });
});

function jobs(row: BulkResetRow | undefined, atMs = nowMs) {
  const bulkResets = new ContestedBulkResetStore();
  if (row !== undefined) bulkResets.overwrite(row);
  const orders = new FakeBulkOrders([order]);
  const wakeUps = new FakeBulkWakeUps();
  const audit = new FakeAudit();
  const envelopes = createEnvelopes({ keys: new FakeSealingKeys() });
  const proofs = createApprovalProofs({ envelopes });
  const { now } = new FakeClock(atMs);
  return {
    ...createApproveBulkReset({ audit: audit.audit, bulkResets, orders, proofs, wakeUps, now }),
    ...{ bulkResets, orders, wakeUps, proofs, envelopes, audit },
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
