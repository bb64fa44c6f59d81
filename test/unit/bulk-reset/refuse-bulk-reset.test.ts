import { describe, expect, it } from '@jest/globals';
import { createRefuseBulkReset } from '../../../shared/bulk-reset/refuse-bulk-reset.js';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import { aBulkResetRow, bulkResetId } from '../../builders/a-bulk-reset.js';
import { acceptedAtMs } from '../../builders/a-reset-row.js';
import { FakeAudit } from '../../fakes/fake-audit.js';
import { FakeBulkResetStore } from '../../fakes/fake-bulk-reset-store.js';

describe('createRefuseBulkReset()', () => {
  const error = new ResetError('PermissionDenied', 'The bulk queue is closed');

  it('records why an order was not taken', async () => {
    const { refuse, bulkResets } = aRefusal();

    await refuse(error);

    expect(bulkResets.row(bulkResetId)).toEqual({
      bulkResetId,
      caller: 'bulk-queue',
      delivery: 'recipientKey',
      fingerprint: '',
      acceptedAtMs,
      state: 'refused',
      code: 'PermissionDenied',
      message: 'The bulk queue is closed',
    });
  });

  it('says which field of the order it was', async () => {
    const { refuse, bulkResets } = aRefusal();

    await refuse(new ResetError('InvalidRequest', 'No such field', { target: 'rows.3.password' }));

    expect(bulkResets.row(bulkResetId)).toMatchObject({
      message: 'rows.3.password: No such field',
    });
  });

  it('leaves a job alone that has the id already', async () => {
    const running = aBulkResetRow();
    const { refuse, bulkResets } = aRefusal([running]);

    await refuse(error);

    expect(bulkResets.row(bulkResetId)).toEqual(running);
  });

  it('tells the audit', async () => {
    const { refuse, audit } = aRefusal();

    await refuse(error);

    expect(audit.events).toMatchObject([
      { action: 'job.refused', bulkResetId, caller: 'bulk-queue', code: 'PermissionDenied' },
    ]);
  });

  it('refuses all the same when the audit cannot be told', async () => {
    const { refuse, bulkResets, audit } = aRefusal();
    audit.failure = new ResetError('StorageUnavailable', 'is away');

    await refuse(error);

    expect(bulkResets.row(bulkResetId)).toMatchObject({ state: 'refused' });
  });
});

function aRefusal(rows: ConstructorParameters<typeof FakeBulkResetStore>[0] = []) {
  const bulkResets = new FakeBulkResetStore(rows);
  const audit = new FakeAudit();
  const refuse = createRefuseBulkReset({ bulkResets, note: audit.note, now: () => acceptedAtMs });
  return {
    bulkResets,
    audit,
    refuse: (error: ResetError) =>
      refuse({ bulkResetId, caller: 'bulk-queue', delivery: 'recipientKey' }, error),
  };
}
