import { describe, expect, it } from '@jest/globals';
import { bulkRowResetId, type BulkResetRow } from '../../../shared/bulk-reset/bulk-reset.js';
import { createReadBulkReset } from '../../../shared/bulk-reset/read-bulk-reset.js';
import type { Caller, Permission } from '../../../shared/callers/caller.js';
import {
  createGetBulkResetHandler,
  createGetBulkResetRowsHandler,
} from '../../../shared/handlers/get-bulk-reset-handlers.js';
import { createHttpDoor } from '../../../shared/handlers/http-door.js';
import { createReadPassword } from '../../../shared/password-reset/read-password-reset.js';
import type { ResetRow } from '../../../shared/password-reset/reset-row.js';
import { Secret } from '../../../shared/platform/secret.js';
import { aBulkResetRow, bulkResetId } from '../../builders/a-bulk-reset.js';
import { aCaller } from '../../builders/a-caller.js';
import { aResetRow } from '../../builders/a-reset-row.js';
import { aSealedRequest } from '../../builders/a-sealed-request.js';
import { FakeBulkResetStore } from '../../fakes/fake-bulk-reset-store.js';
import { FakeResetStore } from '../../fakes/fake-reset-store.js';
import { FakeRowFaults } from '../../fakes/fake-row-faults.js';
import { call, expectRefusal } from './invocation.js';

const canary = ['canary', '7f3a'].join('-');
const address = `https://resets.example/api/bulk-resets/${bulkResetId}`;

describe('createGetBulkResetHandler()', () => {
  it('shows how a job stands', async () => {
    const fault = { line: 4, row: 3, code: 'InvalidRows', message: 'user must be …' } as const;
    const job = aBulkResetRow(
      { state: 'split', counts: { valid: 3, invalid: 1, lastRow: 4 } },
      { reference: 'INC-7' },
    );
    const { monitor, rowFaults } = aDoor({
      job,
      rows: [aRow(1, 'applied'), aRow(2, 'rejected'), aRow(4)],
    });
    await rowFaults.write(bulkResetId, [fault]);

    const answer = await monitor();

    expect(answer).toMatchObject({ status: 200, headers: { 'retry-after': '5' } });
    expect(answer.body).toEqual({
      id: bulkResetId,
      status: 'Running',
      delivery: 'response',
      reference: 'INC-7',
      createdAt: '2026-01-01T00:00:00.000Z',
      rows: { total: 4, invalid: 1 },
      progress: { succeeded: 1, failed: 1, open: 1 },
      failures: { UserNotFound: 1 },
      invalidRows: [fault],
    });
  });

  it.each<[string, BulkResetRow, readonly ResetRow[], boolean]>([
    ['NotStarted', aBulkResetRow({ state: 'validating' }), [], true],
    ['Running', aSplittingJob(), [], true],
    ['Running', aSplittingJob(), [aRow(1, 'applied')], true],
    ['Running', aSplitJob(2), [aRow(1, 'applied'), aRow(2)], true],
    ['Succeeded', aSplitJob(2), [aRow(1, 'applied'), aRow(2, 'applied')], false],
    ['PartiallySucceeded', aSplitJob(2), [aRow(1, 'applied'), aRow(2, 'attention')], false],
    ['Running', aStoppedJob(), [aRow(1, 'applied'), aRow(2)], true],
    ['PartiallySucceeded', aStoppedJob(), [aRow(1, 'applied')], false],
    ['Failed', aStoppedJob(), [aRow(1, 'rejected')], false],
    ['Failed', aStoppedJob(), [], false],
    ['Failed', aSplitJob(2), [aRow(1, 'rejected'), aRow(2, 'cancelled')], false],
  ])('says %s: case %#', async (status, job, rows, isPolled) => {
    const { headers, body } = await aDoor({ job, rows }).monitor();

    expect(body).toMatchObject({ status });
    expect('retry-after' in headers).toBe(isPolled);
  });

  it('says why a job was refused', async () => {
    const job = aBulkResetRow({ state: 'refused', code: 'InvalidRows', message: 'Nothing was …' });

    const answer = await aDoor({ job }).monitor();

    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      id: bulkResetId,
      status: 'Failed',
      delivery: 'response',
      createdAt: '2026-01-01T00:00:00.000Z',
      progress: { succeeded: 0, failed: 0, open: 0 },
      failures: {},
      error: { code: 'InvalidRows', message: 'Nothing was …' },
    });
  });

  it('says why a job was stopped, whatever its rows have come to', async () => {
    const answer = await aDoor({ job: aStoppedJob(), rows: [aRow(1, 'applied')] }).monitor();

    expect(answer.body).toMatchObject({
      rows: { total: 9, invalid: 0 },
      progress: { succeeded: 1, failed: 0, open: 0 },
      error: { code: 'AppMisconfigured', message: 'No key' },
    });
  });

  it('takes the id in capitals', async () => {
    expect((await aDoor({ id: bulkResetId.toUpperCase() }).monitor()).status).toBe(200);
  });
});

describe('createGetBulkResetRowsHandler()', () => {
  const rows = [1, 2, 1_000, 1_001].map((row) => aRow(row, 'applied', { seal: 'a seal' }));
  const job = aSplitJob(1_001);

  it('gives the rows with their numbers and passwords, and the way to the next page', async () => {
    const answer = await aDoor({ job, rows }).page({ limit: '2' });

    expect(answer).toMatchObject({
      status: 200,
      headers: { 'cache-control': 'no-store' },
      body: {
        items: [
          { row: 1, id: bulkRowResetId(bulkResetId, 1), status: 'Succeeded', password: canary },
          { row: 2, id: bulkRowResetId(bulkResetId, 2), status: 'Succeeded', password: canary },
        ],
        nextLink: `${address}/rows?afterRow=2&limit=2`,
      },
    });
    expect(JSON.stringify(answer.logged)).not.toContain(canary);
  });

  it('leads over every page to the end', async () => {
    const { page } = aDoor({ job, rows });
    const seen: number[] = [];
    let query: Record<string, string> | undefined = {};
    while (query !== undefined) {
      const { items, nextLink } = (await page(query)).body as {
        items: { row: number }[];
        nextLink?: string;
      };
      seen.push(...items.map(({ row }) => row));
      query =
        nextLink === undefined ? undefined : Object.fromEntries(new URL(nextLink).searchParams);
    }

    expect(seen).toEqual([1, 2, 1_000, 1_001]);
  });

  it('gives an empty page, and no next one, after the last row', async () => {
    expect((await aDoor({ job, rows }).page({ afterRow: '1001' })).body).toEqual({ items: [] });
  });

  it.each<[string, Asked]>([
    ['the caller may not read them', { permissions: ['bulkReset'] }],
    ['they are not to be delivered', { delivery: 'none' }],
    ['the customer is out of scope by now', { customers: new Set() }],
  ])('gives no passwords when %s', async (_, values) => {
    const answer = await aDoor({ job, rows, ...values }).page();

    expect(answer.body).toMatchObject({ items: [{ row: 1 }, { row: 2 }, { row: 1_000 }] });
    expect(answer.text).not.toContain('password');
  });

  it('gives a hundred rows unless asked for more', async () => {
    const many = Array.from({ length: 150 }, (_, index) => aRow(index + 1));
    const { page } = aDoor({ job: aSplitJob(150), rows: many });

    expect((await page()).body).toMatchObject({ items: { length: 100 } });
    expect((await page({ limit: '1000' })).body).toMatchObject({ items: { length: 150 } });
  });

  it.each([
    ['limit', '0'],
    ['limit', '1001'],
    ['limit', '-1'],
    ['limit', '1.5'],
    ['limit', '1e2'],
    ['limit', ' 5'],
    ['limit', ''],
    ['limit', '5,5'],
    ['afterRow', '-1'],
    ['afterRow', '10000000'],
    ['afterRow', 'x'],
    ['afterRow', "0' or '1' eq '1"],
  ])('refuses %s=%s', async (name, value) => {
    const answer = await aDoor({ job, rows }).page({ [name]: value });

    expectRefusal(answer, { status: 400, code: 'InvalidRequest', target: name });
    expect(answer.body).toMatchObject({
      error: { message: expect.stringMatching(/^must be a whole number from/) },
    });
  });
});

describe.each(['monitor', 'page'] as const)('a bulk reset, asked for its %s,', (door) => {
  it.each([
    ['an unknown id', '11111111-2222-4333-8444-555555555555'],
    ['no id', ''],
    ['..', '..'],
    ['%2e%2e', '%2e%2e'],
    ['a slash', `${bulkResetId}/x`],
    ['a quote', `${bulkResetId}' or '1' eq '1`],
    ['a NUL', `${bulkResetId}\0`],
    ['10,000 characters', 'a'.repeat(10_000)],
  ])('is not found under %s', async (_, id) => {
    const answer = await aDoor({ id })[door]();

    expectRefusal(answer, {
      status: 404,
      code: 'BulkResetNotFound',
      message: 'There is no such bulk reset',
    });
  });

  it('is not found, byte for byte, by somebody else', async () => {
    const job = aBulkResetRow(undefined, { caller: 'somebody-else' });

    const theirs = await aDoor({ job })[door]();
    const unknown = await aDoor({ id: '11111111-2222-4333-8444-555555555555' })[door]();

    expect(theirs).toEqual(unknown);
    expect(theirs.status).toBe(404);
  });
});

interface Asked {
  readonly job?: BulkResetRow;
  readonly rows?: readonly ResetRow[];
  readonly id?: string;
  readonly permissions?: readonly Permission[];
  readonly delivery?: 'response' | 'none';
  readonly customers?: Caller['customers'];
}

function aDoor(values: Asked = {}) {
  const {
    job = aBulkResetRow(),
    rows = [],
    id = bulkResetId,
    delivery = 'response',
    customers = 'all',
  } = values;
  const permissions = new Set(values.permissions ?? (['bulkReset', 'readPassword'] as const));
  const passwordProfile = { password: new Secret(canary), forceChangePassword: true };
  const rowFaults = new FakeRowFaults();
  const dependencies = {
    door: createHttpDoor({ budgetMs: 25_000 }),
    authenticate: () => Promise.resolve(aCaller({ permissions, customers })),
    readBulkReset: createReadBulkReset({
      bulkResets: new FakeBulkResetStore([job]),
      rows: new FakeResetStore(rows),
      rowFaults,
    }),
    readPassword: createReadPassword({
      seals: { open: () => Promise.resolve(aSealedRequest({ delivery, passwordProfile })) },
    }),
    publicBaseUrl: 'https://resets.example',
  };
  return {
    rowFaults,
    monitor: () => call(createGetBulkResetHandler(dependencies), { params: { id } }),
    page: (query: Record<string, string> = {}) =>
      call(createGetBulkResetRowsHandler(dependencies), { params: { id }, query }),
  };
}

function counted(rows: number) {
  return { valid: rows, invalid: 0, lastRow: rows };
}

function aSplittingJob(): BulkResetRow {
  const counts = counted(1);
  return aBulkResetRow({ state: 'splitting', counts, checkedSha256: '', splitRows: 0 });
}

function aStoppedJob(): BulkResetRow {
  const error = { code: 'AppMisconfigured', message: 'No key' } as const;
  return aBulkResetRow({ state: 'stopped', ...error, counts: counted(9), splitRows: 1 });
}

function aSplitJob(rows: number): BulkResetRow {
  return aBulkResetRow({ state: 'split', counts: counted(rows) });
}

function aRow(row: number, state: ResetRow['state'] = 'queued', values: object = {}): ResetRow {
  return { ...aResetRow({ state }), resetId: bulkRowResetId(bulkResetId, row), ...values };
}
