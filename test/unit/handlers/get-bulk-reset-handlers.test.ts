import { describe, expect, it } from '@jest/globals';
import type { BulkResetRow } from '../../../shared/bulk-reset/bulk-reset.js';
import type { BulkResetProgress } from '../../../shared/bulk-reset/read-bulk-reset.js';
import { createBulkResetLinks } from '../../../shared/handlers/bulk-reset-view.js';
import {
  createGetBulkResetHandler,
  createGetBulkResetResultHandler,
} from '../../../shared/handlers/get-bulk-reset-handlers.js';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import { aBulkResetRow, bulkResetId } from '../../builders/a-bulk-reset.js';
import { aCaller } from '../../builders/a-caller.js';
import { acceptedAtMs } from '../../builders/a-reset-row.js';
import { aBulkProgress } from './a-bulk-progress.js';
import { aCallerDoor } from './a-caller-door.js';
import { call, expectRefusal } from './invocation.js';

const address = `https://resets.example/api/bulk-resets/${bulkResetId}`;
const fault = { line: 4, row: 3, code: 'InvalidRows', message: 'user must be …' } as const;
const counts = { valid: 3, invalid: 1, lastRow: 4 };

const validating = aBulkResetRow({ state: 'validating' });
const splitting = aBulkResetRow({ state: 'splitting', counts, checkedSha256: '', splitRows: 0 });
const split = aBulkResetRow({ state: 'split', counts });
const stopped = aBulkResetRow({
  state: 'stopped',
  code: 'AppMisconfigured',
  message: 'No key',
  counts,
  splitRows: 1,
});
const refused = aBulkResetRow({ state: 'refused', code: 'InvalidRows', message: 'Nothing was …' });
const cancelled = (job: BulkResetRow) => ({ ...job, cancelledAtMs: acceptedAtMs + 60_000 });

/** A job that was cancelled before all its rows were made. */
function cancelledAs(state: 'stopped' | 'refused'): BulkResetRow {
  const error = { code: 'Cancelled', message: 'The bulk reset was cancelled …' } as const;
  return cancelled(aBulkResetRow({ state, ...error, counts, splitRows: 1 }));
}

describe('createGetBulkResetHandler()', () => {
  it('shows how a job stands', async () => {
    const job = aBulkResetRow(
      { state: 'split', counts },
      {
        reference: 'INC-7',
        cancelledAtMs: acceptedAtMs + 60_000,
        acknowledgedAtMs: acceptedAtMs + 120_000,
      },
    );
    const failures = { UserNotFound: 2, Cancelled: 4 };
    const rows = { settled: 16, succeeded: 10, cancelled: 4, open: 1 };

    const { monitor } = aDoor({ job, ...rows, failures, faults: [fault] });

    expect((await monitor()).body).toEqual({
      id: bulkResetId,
      status: 'Running',
      delivery: 'response',
      reference: 'INC-7',
      createdAt: '2026-01-01T00:00:00.000Z',
      canceledAt: '2026-01-01T00:01:00.000Z',
      acknowledgedAt: '2026-01-01T00:02:00.000Z',
      rows: { total: 4, invalid: 1 },
      progress: { succeeded: 10, failed: 2, cancelled: 4, open: 1 },
      failures,
      invalidRows: [fault],
    });
  });

  it('shows of a job that was refused why, and no more than there is', async () => {
    const answer = await aDoor({ job: refused, settled: 0, succeeded: 0 }).monitor();

    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      id: bulkResetId,
      status: 'Failed',
      delivery: 'response',
      createdAt: '2026-01-01T00:00:00.000Z',
      progress: { succeeded: 0, failed: 0, cancelled: 0, open: 0 },
      failures: {},
      error: { code: 'InvalidRows', message: 'Nothing was …' },
    });
  });

  it('says why a job was stopped, whatever its rows have come to', async () => {
    const answer = await aDoor({ job: stopped }).monitor();

    expect(answer.body).toMatchObject({
      status: 'PartiallySucceeded',
      rows: { total: 4, invalid: 1 },
      progress: { succeeded: 1, failed: 0, open: 0 },
      error: { code: 'AppMisconfigured', message: 'No key' },
    });
  });

  it('takes the id in capitals', async () => {
    const { monitor, asked } = aDoor({}, bulkResetId.toUpperCase());

    await monitor();

    expect(asked).toEqual([[bulkResetId, 'helpdesk']]);
  });
});

describe('the status of a job', () => {
  it.each<[string, Partial<BulkResetProgress>]>([
    ['NotStarted', { job: validating, settled: 0, succeeded: 0 }],
    ['NotStarted', { job: cancelled(validating), settled: 0, succeeded: 0 }],
    ['Running', { job: splitting, settled: 0, succeeded: 0 }],
    ['Running', { job: splitting }],
    ['Running', { job: cancelled(splitting) }],
    ['Running', { job: split, open: 1 }],
    ['Running', { job: cancelled(split), open: 1 }],
    ['Running', { job: stopped, open: 1 }],
  ])('is %s, and lasts: case %#', async (status, values) => {
    const { monitor, result } = aDoor(values);

    const monitored = await monitor();
    expect(monitored).toMatchObject({ status: 200, body: { status } });
    expect(monitored.headers).toMatchObject({ 'retry-after': '5' });
    expect(await result()).toMatchObject({
      status: 202,
      headers: {
        location: `${address}/result`,
        'operation-location': address,
        'retry-after': '5',
      },
      body: { id: bulkResetId, status },
    });
  });

  it.each<[string, number, Partial<BulkResetProgress>]>([
    ['Succeeded', 200, { job: split }],
    ['PartiallySucceeded', 200, { job: split, settled: 2 }],
    ['PartiallySucceeded', 200, { job: stopped }],
    ['Failed', 422, { job: stopped, succeeded: 0 }],
    ['Failed', 422, { job: stopped, succeeded: 0, settled: 0 }],
    ['Failed', 422, { job: refused, succeeded: 0, settled: 0 }],
    ['Failed', 422, { job: split, succeeded: 0, failures: { UserNotFound: 1 } }],
    ['Canceled', 409, { job: cancelled(split), settled: 2, cancelled: 1 }],
    ['Canceled', 409, { job: cancelled(split), succeeded: 0, cancelled: 1 }],
    ['Canceled', 409, { job: cancelledAs('stopped') }],
    ['Canceled', 409, { job: cancelledAs('refused'), settled: 0 }],
    ['Succeeded', 200, { job: cancelled(split) }],
    ['PartiallySucceeded', 200, { job: cancelled(split), settled: 2 }],
    ['Failed', 422, { job: cancelled(refused), succeeded: 0, settled: 0 }],
  ])('is %s for good, and the result is a %d: case %#', async (status, http, values) => {
    const { monitor, result } = aDoor(values);

    const monitored = await monitor();
    expect(monitored).toMatchObject({ status: 200, body: { status } });
    expect(monitored.headers).not.toHaveProperty('retry-after');
    const answer = await result();
    expect(answer).toMatchObject({ status: http, headers: { 'operation-location': address } });
    expect(answer.headers).not.toHaveProperty('retry-after');
    expect(answer.headers).not.toHaveProperty('location');
  });

  it.each([
    [0, '5'],
    [1_000, '5'],
    [1_001, '6'],
    [12_000, '60'],
    [1_000_000, '60'],
  ])('is to be asked for later with %d open rows', async (open, seconds) => {
    const { monitor, result } = aDoor({ job: splitting, open });

    expect((await monitor()).headers).toMatchObject({ 'retry-after': seconds });
    expect((await result()).headers).toMatchObject({ 'retry-after': seconds });
  });
});

describe('createGetBulkResetResultHandler()', () => {
  it('answers the job when a row of it succeeded', async () => {
    const { body } = await aDoor({
      job: split,
      settled: 2,
      failures: { UserNotFound: 1 },
    }).result();

    expect(body).toMatchObject({
      id: bulkResetId,
      status: 'PartiallySucceeded',
      failures: { UserNotFound: 1 },
    });
  });

  it('answers why a job was refused, and every row that is to be mended', async () => {
    const answer = await aDoor({
      job: refused,
      succeeded: 0,
      settled: 0,
      faults: [fault],
    }).result();

    expectRefusal(answer, { status: 422, code: 'InvalidRows', message: 'Nothing was …' });
    expect(answer.body).toEqual({
      error: { code: 'InvalidRows', message: 'Nothing was …', details: [fault] },
    });
  });

  it('answers, when every row failed, with what most of them ended with', async () => {
    const failures = { UserNotFound: 2, UserIsAdmin: 3, cancelled: 9 };

    const answer = await aDoor({ job: split, succeeded: 0, settled: 14, failures }).result();

    expectRefusal(answer, { status: 422, code: 'UserIsAdmin' });
    expect(answer.body).toMatchObject({
      error: {
        message: expect.stringMatching(
          /^Not one of 14 rows succeeded\. Most of all: The user holds/,
        ),
        details: [
          { code: 'UserIsAdmin', message: expect.stringMatching(/^3 rows: The user holds/) },
          { code: 'UserNotFound', message: expect.stringMatching(/^2 rows: The customer has no/) },
        ],
      },
    });
  });

  it.each(['ReconsentRequired', 'TimedOut', 'StorageUnavailable'] as const)(
    'never asks a flow engine to repeat: %s',
    async (code) => {
      const { result } = aDoor({ job: split, succeeded: 0, failures: { [code]: 1 } });

      expectRefusal(await result(), { status: 422, code });
    },
  );

  it('answers that a job was cancelled', async () => {
    const answer = await aDoor({ job: cancelled(split), settled: 2, cancelled: 1 }).result();

    expectRefusal(answer, { status: 409, code: 'Cancelled' });
  });
});

describe.each(['monitor', 'result'] as const)('a bulk reset, asked for its %s,', (door) => {
  it.each([
    ['no id', ''],
    ['..', '..'],
    ['%2e%2e', '%2e%2e'],
    ['a slash', `${bulkResetId}/x`],
    ['a quote', `${bulkResetId}' or '1' eq '1`],
    ['a NUL', `${bulkResetId}\0`],
    ['10,000 characters', 'a'.repeat(10_000)],
  ])('is not found under %s, and not looked for', async (_, id) => {
    const { asked, ...doors } = aDoor({}, id);

    expectRefusal(await doors[door](), {
      status: 404,
      code: 'BulkResetNotFound',
      message: 'There is no such bulk reset',
    });
    expect(asked).toEqual([]);
  });

  it('is not found when it is unknown, or somebody else has asked for it', async () => {
    const failure = new ResetError('BulkResetNotFound', 'There is no such bulk reset');

    const answer = await aDoor(failure)[door]();

    expectRefusal(answer, { status: 404, code: 'BulkResetNotFound' });
  });
});

function aDoor(found: Partial<BulkResetProgress> | Error, id = bulkResetId) {
  const asked: string[][] = [];
  const dependencies = {
    door: aCallerDoor(() => Promise.resolve(aCaller())),
    readBulkReset: {
      progress: (...job: string[]) => {
        asked.push(job);
        return found instanceof Error
          ? Promise.reject(found)
          : Promise.resolve(aBulkProgress(found));
      },
    },
    links: createBulkResetLinks('https://resets.example'),
  };
  return {
    asked,
    monitor: () => call(createGetBulkResetHandler(dependencies), { params: { id } }),
    result: () => call(createGetBulkResetResultHandler(dependencies), { params: { id } }),
  };
}
