import { describe, expect, it, jest } from '@jest/globals';
import type { BulkResetOrder, BulkResetState } from '../../../shared/bulk-reset/bulk-reset.js';
import {
  createKeepBulkReset,
  createSubmitBulkReset,
} from '../../../shared/bulk-reset/submit-bulk-reset.js';
import { createFingerprints } from '../../../shared/delivery/fingerprints.js';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import { aBulkResetOrder, bulkResetId, someRows } from '../../builders/a-bulk-reset.js';
import { acceptedAtMs } from '../../builders/a-reset-row.js';
import { FakeBulkOrders } from '../../fakes/fake-bulk-orders.js';
import { FakeBulkResetStore } from '../../fakes/fake-bulk-reset-store.js';
import { FakeBulkWakeUps } from '../../fakes/fake-bulk-wake-ups.js';
import { FakeSealingKeys } from '../../fakes/fake-sealing-keys.js';
import { FakeAudit } from '../../fakes/fake-audit.js';

const signal = new AbortController().signal;
const away = new ResetError('StorageUnavailable', 'is away');
const counts = { valid: 1, invalid: 0, lastRow: 1 };
const order = aBulkResetOrder({ reference: 'INC-7' });

describe('createSubmitBulkReset()', () => {
  it('keeps the job, then its order, and wakes whoever goes on with it', async () => {
    const { submit, bulkResets, orders, wakeUps } = aDoor();

    const job = await submit(order, signal);

    expect(job).toEqual({
      bulkResetId,
      caller: 'helpdesk',
      delivery: 'response',
      reference: 'INC-7',
      fingerprint: expect.stringMatching(/^version-1\.[\w-]{43}$/),
      acceptedAtMs,
      state: 'validating',
    });
    expect(bulkResets.row(bulkResetId)).toEqual(job);
    const { fingerprint } = job;
    const kept = { ...order, fingerprint, acceptedAtMs };
    expect(await orders.read(bulkResetId, signal)).toEqual(kept);
    expect(wakeUps.sent).toEqual([{ bulkResetId, delayMs: 0 }]);
  });

  it('keeps no order from the future, whatever somebody wrote into the row', async () => {
    const { submit, bulkResets, orders } = aDoor();
    const job = await submit(order, signal);
    bulkResets.overwrite({ ...job, acceptedAtMs: Date.parse('2100-01-01') });

    await submit(order, signal);

    expect(await orders.read(bulkResetId, signal)).toMatchObject({ acceptedAtMs });
  });

  it('rejects when the order cannot be kept, and can be repeated then', async () => {
    const { submit, orders, wakeUps } = aDoor();
    orders.failure = away;
    await expect(submit(order, signal)).rejects.toBe(away);
    expect(wakeUps.sent).toEqual([]);
    orders.failure = undefined;

    expect(await submit(order, signal)).toMatchObject({ state: 'validating' });

    expect(orders.bulkResetIds).toEqual([bulkResetId]);
    expect(wakeUps.sent).toHaveLength(1);
  });

  it('takes a job anew that was given up while its order was on the way', async () => {
    const { submit, bulkResets, orders, wakeUps } = aDoor();
    const write = orders.write.bind(orders);
    orders.write = async (...written) => {
      await write(...written);
      const message = 'The order never arrived: send it again';
      const { bulkResetId: id, caller, delivery, fingerprint } = bulkResets.row(bulkResetId);
      const facts = { bulkResetId: id, caller, delivery, fingerprint, acceptedAtMs };
      bulkResets.overwrite({ ...facts, state: 'refused', code: 'InvalidRequest', message });
    };

    expect(await submit(order, signal)).toMatchObject({ state: 'validating' });

    expect(bulkResets.row(bulkResetId)).toMatchObject({ state: 'validating' });
    expect(wakeUps.sent).toHaveLength(1);
  });

  it('lets nobody give a job up who missed its order', async () => {
    const { submit, bulkResets } = aDoor();
    await submit(order, signal);
    const before = await bulkResets.read(bulkResetId);

    await submit(order, signal);

    const late = await bulkResets.replace(bulkResets.row(bulkResetId), before?.etag ?? '');
    expect(late).toBe('conflict');
  });

  it('takes a job though nobody can be woken: the sweeper finds it', async () => {
    const { submit, wakeUps, onNotWoken } = aDoor();
    wakeUps.failure = away;

    expect(await submit(order, signal)).toMatchObject({ state: 'validating' });

    expect(onNotWoken).toHaveBeenCalledWith(away);
  });

  it.each<BulkResetState>([
    { state: 'splitting', counts, checkedSha256: '', splitRows: 0 },
    { state: 'split', counts },
    { state: 'stopped', code: 'InvalidRows', message: '', counts, splitRows: 0 },
    { state: 'refused', code: 'InvalidRows', message: '', counts },
    { state: 'refused', code: 'Cancelled', message: '' },
  ])('finds the same job again under the same order: $state, $code', async (state) => {
    const { submit, bulkResets, orders, wakeUps } = aDoor();
    const job = { ...(await submit(order, signal)), ...state };
    await orders.delete(bulkResetId);
    bulkResets.overwrite(job);

    expect(await submit(order, signal)).toEqual(job);

    expect(bulkResets.row(bulkResetId)).toEqual(job);
    expect(orders.bulkResetIds).toEqual([]);
    expect(wakeUps.sent).toHaveLength(1);
  });

  it('finds the same job again when the sealing key has another version by then', async () => {
    const { submit, bulkResets, keys } = aDoor();
    const job = { ...(await submit(order, signal)), state: 'split', counts } as const;
    bulkResets.overwrite(job);
    keys.rotate();

    expect(await submit(order, signal)).toEqual(job);
  });

  it('keeps an order that is sent again under the fingerprint that its job has', async () => {
    const { submit, orders, keys } = aDoor();
    const { fingerprint } = await submit(order, signal);
    keys.rotate();

    await submit(order, signal);

    expect(await orders.read(bulkResetId, signal)).toMatchObject({ fingerprint });
  });

  it('lets nobody without the key find out by a guess what was ordered', async () => {
    const [one, other] = [await aDoor().submit(order, signal), await aDoor().submit(order, signal)];

    expect(one.fingerprint).not.toBe(other.fingerprint);
  });

  it('takes the same order again where the file was not there, or it never arrived itself', async () => {
    const { submit, bulkResets, orders } = aDoor();
    const job = await submit(order, signal);
    await orders.delete(bulkResetId);
    const refused = { state: 'refused', code: 'InvalidRequest', message: '' } as const;
    bulkResets.overwrite({ ...job, ...refused });

    expect(await submit(order, signal)).toEqual(job);

    expect(orders.bulkResetIds).toEqual([bulkResetId]);
  });

  describe('another order under the same id', () => {
    const mended = aBulkResetOrder({ source: { kind: 'rows', rows: someRows(2) } });

    it('may take the place of a refused one', async () => {
      const { submit, bulkResets, orders } = aDoor();
      const refused = { state: 'refused', code: 'InvalidRows', message: '' } as const;
      bulkResets.overwrite({ ...(await submit(order, signal)), ...refused });

      expect(await submit(mended, signal)).toMatchObject({ state: 'validating' });

      expect(await orders.read(bulkResetId, signal)).toEqual({
        ...mended,
        fingerprint: bulkResets.row(bulkResetId).fingerprint,
        acceptedAtMs,
      });
    });

    it('does not take the place of one that is replaced at the same time', async () => {
      const { submit, bulkResets } = aDoor();
      const refused = { state: 'refused', code: 'InvalidRows', message: '' } as const;
      bulkResets.overwrite({ ...(await submit(order, signal)), ...refused });
      const race = aBulkResetOrder({ delivery: 'none' });

      const results = await Promise.allSettled([submit(mended, signal), submit(race, signal)]);

      expect(results).toMatchObject([
        { status: 'fulfilled' },
        { status: 'rejected', reason: { code: 'StorageUnavailable' } },
      ]);
    });

    it.each<[string, Partial<BulkResetOrder>]>([
      ['other rows', { source: { kind: 'rows', rows: someRows(2) } }],
      ['another delivery', { delivery: 'none' }],
      ['another flag', { forceChangePassword: false }],
      ['another caller', { caller: 'bulk-queue' }],
    ])('is a conflict when it has %s', async (_, other) => {
      const { submit, orders } = aDoor();
      await submit(order, signal);

      const submitting = submit({ ...order, ...other }, signal);

      await expect(submitting).rejects.toMatchObject({ code: 'BulkResetConflict' });
      expect(await orders.read(bulkResetId, signal)).toMatchObject(order);
    });

    it('is a conflict with the refused one of somebody else', async () => {
      const { submit, bulkResets } = aDoor();
      const refused = { state: 'refused', code: 'InvalidRequest', message: '' } as const;
      bulkResets.overwrite({ ...(await submit(order, signal)), ...refused });

      const submitting = submit({ ...mended, caller: 'bulk-queue' }, signal);

      await expect(submitting).rejects.toMatchObject({ code: 'BulkResetConflict' });
    });
  });
});

describe('the audit of a job', () => {
  it('says who gave it', async () => {
    const { submit, audit } = aDoor();

    await submit(aBulkResetOrder({ reference: 'INC-7' }), signal);

    expect(audit.events).toEqual([
      {
        action: 'job.accepted',
        bulkResetId,
        caller: 'helpdesk',
        delivery: 'response',
        reference: 'INC-7',
      },
    ]);
  });

  it('is written before there is anything that could be carried out', async () => {
    const { submit, audit, orders } = aDoor();
    audit.failure = new ResetError('StorageUnavailable', 'is away');

    await expect(submit(aBulkResetOrder(), signal)).rejects.toBe(audit.failure);
    expect(await orders.read(bulkResetId, signal)).toBeUndefined();
  });
});

function aDoor() {
  const bulkResets = new FakeBulkResetStore();
  const orders = new FakeBulkOrders();
  const wakeUps = new FakeBulkWakeUps();
  const audit = new FakeAudit();
  const onNotWoken = jest.fn();
  const now = () => acceptedAtMs;
  const keys = new FakeSealingKeys();
  const fingerprints = createFingerprints({ keys, purpose: 'fingerprint' });
  const keeping = { audit: audit.audit, bulkResets, orders, fingerprints, now };
  const keepBulkReset = createKeepBulkReset(keeping);
  const submit = createSubmitBulkReset({ keepBulkReset, wakeUps, onNotWoken });
  return { submit, audit, keys, bulkResets, orders, wakeUps, onNotWoken };
}
