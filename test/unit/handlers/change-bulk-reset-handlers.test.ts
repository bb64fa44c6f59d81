import { describe, expect, it } from '@jest/globals';
import {
  createAcknowledgeBulkResetHandler,
  createCancelBulkResetHandler,
} from '../../../shared/handlers/change-bulk-reset-handlers.js';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import { aBulkResetRow, bulkResetId } from '../../builders/a-bulk-reset.js';
import { aCaller } from '../../builders/a-caller.js';
import { acceptedAtMs } from '../../builders/a-reset-row.js';
import { aBulkProgress } from './a-bulk-progress.js';
import { aCallerDoor } from './a-caller-door.js';
import { call, expectRefusal } from './invocation.js';

const changes = [
  ['createCancelBulkResetHandler()', 'cancel', 'bulk reset cancelled'],
  ['createAcknowledgeBulkResetHandler()', 'acknowledge', 'bulk reset acknowledged'],
] as const;

describe.each(changes)('%s', (_name, change, phrase) => {
  it('changes the job of the caller, and shows how it stands then', async () => {
    const { ask, changed } = aDoor(change);

    const answer = await ask(bulkResetId.toUpperCase());

    expect(changed).toEqual([[change, bulkResetId, 'helpdesk']]);
    expect(answer).toMatchObject({
      status: 200,
      body: { id: bulkResetId, status: 'Running', canceledAt: '2026-01-01T00:00:00.000Z' },
    });
    expect(answer.logged).toEqual([
      { level: 'information', args: [phrase, { bulkResetId, state: 'split' }] },
    ]);
  });

  it('does not find the job of somebody else, or one that is unknown', async () => {
    const failure = new ResetError('BulkResetNotFound', 'There is no such bulk reset');

    const answer = await aDoor(change, failure).ask(bulkResetId);

    expectRefusal(answer, { status: 404, code: 'BulkResetNotFound' });
  });

  it.each(['', '..', `${bulkResetId}/x`])('does not look for a job %j', async (id) => {
    const { ask, changed } = aDoor(change);

    expectRefusal(await ask(id), { status: 404, code: 'BulkResetNotFound' });
    expect(changed).toEqual([]);
  });
});

function aDoor(change: 'cancel' | 'acknowledge', failure?: Error) {
  const changed: string[][] = [];
  const job = aBulkResetRow(undefined, { cancelledAtMs: acceptedAtMs });
  const carryOut =
    (name: string) =>
    (...asked: string[]) => {
      changed.push([name, ...asked]);
      return failure ? Promise.reject(failure) : Promise.resolve(job);
    };
  const dependencies = {
    door: aCallerDoor(() => Promise.resolve(aCaller())),
    readBulkReset: { progress: () => Promise.resolve(aBulkProgress({ job, open: 1 })) },
    cancelBulkReset: carryOut('cancel'),
    acknowledgeBulkReset: carryOut('acknowledge'),
  };
  const handler =
    change === 'cancel'
      ? createCancelBulkResetHandler(dependencies)
      : createAcknowledgeBulkResetHandler(dependencies);
  const ask = (id: string) => call(handler, { method: 'POST', params: { id } });
  return { ask, changed };
}
