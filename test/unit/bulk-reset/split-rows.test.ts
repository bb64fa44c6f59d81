import { describe, expect, it } from '@jest/globals';
import type { CheckedRow } from '../../../shared/bulk-reset/bulk-rows.js';
import { createSplitRows } from '../../../shared/bulk-reset/split-rows.js';
import type { UserPrincipalName } from '../../../shared/password-reset/ids.js';
import type { SealedRequest } from '../../../shared/password-reset/ports.js';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import type { ResetRow } from '../../../shared/password-reset/reset-row.js';
import { Secret } from '../../../shared/platform/secret.js';
import { aBulkResetRow, bulkResetId } from '../../builders/a-bulk-reset.js';
import { acceptedAtMs, customerTenantId } from '../../builders/a-reset-row.js';
import { FakeResetStore } from '../../fakes/fake-reset-store.js';
import { FakeWakeUps } from '../../fakes/fake-wake-ups.js';

const signal = new AbortController().signal;
const job = { ...aBulkResetRow(undefined, { delivery: 'none' }), splitRows: 0 };

describe('createSplitRows()', () => {
  it('makes a password reset of a row', async () => {
    const { splitRows, resets, requests } = aSplit();
    const row = { ...aCheckedRow(7), forceChangePassword: false, reference: 'INC-7' };

    await splitRows(job, streamOf([row]), signal);

    expect(resets.rows).toEqual([
      {
        resetId: `${bulkResetId}-0000007`,
        caller: 'helpdesk',
        customerTenantId,
        delivery: 'none',
        forceChangePassword: false,
        reference: 'INC-7',
        acceptedAtMs,
        attempts: 0,
        definiteAnswers: 0,
        state: 'queued',
        seal: `seal of ${bulkResetId}-0000007`,
        notBeforeMs: acceptedAtMs,
      },
    ]);
    expect(requests).toEqual([
      {
        caller: 'helpdesk',
        permission: 'bulkReset',
        delivery: 'none',
        customerTenantId,
        user: row.user,
        passwordProfile: { password: expect.any(Secret), forceChangePassword: false },
        isChosen: false,
      },
    ]);
  });

  it('gives every row a password of its own', async () => {
    const { splitRows, requests } = aSplit();

    await splitRows(job, streamOf(rowsFrom(1, 3)), signal);

    const passwords = requests.map(({ passwordProfile }) => passwordProfile.password.reveal());
    expect(new Set(passwords).size).toBe(3);
  });

  it('leaves rows with a fault out', async () => {
    const { splitRows, resets } = aSplit();
    const fault = { row: 2, code: 'InvalidRows', message: 'user must be …' } as const;

    await splitRows(job, streamOf([aCheckedRow(1), { fault }, aCheckedRow(3)]), signal);

    expect(resets.rows.map(({ resetId }) => resetId)).toEqual([
      `${bulkResetId}-0000001`,
      `${bulkResetId}-0000003`,
    ]);
  });

  it.each([
    ['exactly one transaction', rowsFrom(1, 100), [[1, 100]]],
    ['one row more', rowsFrom(1, 101), [[1, 100], [101]]],
    [
      'the end of a shard',
      rowsFrom(990, 1_010),
      [
        [990, 1_000],
        [1_001, 1_010],
      ],
    ],
    [
      'a gap at the end of a transaction',
      [...rowsFrom(99, 99), ...rowsFrom(101, 101)],
      [[99], [101]],
    ],
    [
      'a gap at the end of a shard',
      [...rowsFrom(998, 999), ...rowsFrom(1_002, 1_002)],
      [[998, 999], [1_002]],
    ],
    [
      'a gap longer than a shard',
      [...rowsFrom(5, 6), ...rowsFrom(2_006, 2_006)],
      [[5, 6], [2_006]],
    ],
    ['no row', [], []],
  ])('makes transactions that never cross a hundred or a shard: %s', async (_, rows, expected) => {
    const { splitRows, resets } = aSplit();

    await splitRows(job, streamOf(rows), signal);

    const bounds = resets.transactions.map((made) => [...new Set([made.at(0), made.at(-1)])]);
    expect(bounds).toEqual(expected);
  });

  it.each([
    ['a thousand rows', rowsFrom(1, 1_000), [1_000]],
    ['a row less', rowsFrom(1, 999), []],
    ['two thousand and one', rowsFrom(1, 2_001), [1_000, 2_000]],
    ['rows with a gap', [...rowsFrom(1, 950), ...rowsFrom(1_001, 1_100)], [1_100]],
  ])('says how far it is: %s', async (_, rows, expected) => {
    const { splitRows } = aSplit();

    expect(await splitRows(job, streamOf(rows), signal)).toEqual(expected);
  });

  it('goes on after the rows that are made', async () => {
    const { splitRows, resets } = aSplit();

    await splitRows({ ...job, splitRows: 150 }, streamOf(rowsFrom(1, 201)), signal);

    expect(resets.transactions.map((made) => made.at(0))).toEqual([151, 201]);
  });

  it('says how far it is once the time is over', async () => {
    const { split, wakeUps } = aSplit();
    const time = new AbortController();
    wakeUps.onSend = () => {
      time.abort();
    };

    const rows = split(job, streamOf(rowsFrom(1, 300)), time.signal);

    expect(await rows.next()).toEqual({ done: false, value: 100 });
  });

  it('wakes a worker up for each row, once the rows are there', async () => {
    const { splitRows, resets, wakeUps } = aSplit();
    const rowsAtWakeUp: number[] = [];
    wakeUps.onSend = () => rowsAtWakeUp.push(resets.rows.length);

    await splitRows(job, streamOf(rowsFrom(1, 201)), signal);

    expect(wakeUps.sent.map(({ resetId }) => resetId).sort()).toEqual(
      resets.rows.map(({ resetId }) => resetId),
    );
    expect(new Set(wakeUps.sent.map(({ delayMs }) => delayMs))).toEqual(new Set([0]));
    expect(rowsAtWakeUp.slice(0, 100)).toEqual(Array.from({ length: 100 }, () => 100));
  });

  it('leaves rows that are there as they are, and wakes up for them again', async () => {
    const { splitRows, resets, wakeUps } = aSplit();
    await splitRows(job, streamOf(rowsFrom(1, 150)), signal);
    const before = resets.rows;

    await splitRows(job, streamOf(rowsFrom(1, 150)), signal);

    expect(resets.rows).toEqual(before);
    expect(wakeUps.sent).toHaveLength(300);
  });

  it.each([
    ['the rows cannot be stored', 'createMany'],
    ['a wake-up cannot be sent', 'wakeUp'],
    ['a seal cannot be made', 'seal'],
    ['the rows cannot be read on', 'reading'],
  ])('rejects when %s', async (_, what) => {
    const failure = new ResetError('StorageUnavailable', 'is away');
    const { splitRows, resets, wakeUps } = aSplit(what === 'seal' ? failure : undefined);
    if (what === 'createMany') resets.failures.createMany = failure;
    if (what === 'wakeUp') wakeUps.failure = failure;
    const rows = streamOf(rowsFrom(1, 3), what === 'reading' ? failure : undefined);

    await expect(splitRows(job, rows, signal)).rejects.toBe(failure);
  });
});

/** Also remembers which rows came in which transaction. */
class WatchedResetStore extends FakeResetStore {
  readonly transactions: number[][] = [];

  override createMany(rows: readonly ResetRow[]): Promise<void> {
    this.transactions.push(rows.map(({ resetId }) => Number(resetId.slice(-7))));
    return super.createMany(rows);
  }
}

class WatchedWakeUps extends FakeWakeUps {
  onSend: () => void = () => undefined;

  override send(resetId: string, delayMs: number): Promise<void> {
    this.onSend();
    return super.send(resetId, delayMs);
  }
}

function aSplit(sealFailure?: Error) {
  const resets = new WatchedResetStore();
  const wakeUps = new WatchedWakeUps();
  const requests: SealedRequest[] = [];
  let passwords = 0;
  const split = createSplitRows({
    resets,
    wakeUps,
    seals: {
      seal: (resetId, request) => {
        requests.push(request);
        return sealFailure ? Promise.reject(sealFailure) : Promise.resolve(`seal of ${resetId}`);
      },
    },
    newPassword: () => {
      passwords += 1;
      return new Secret(`password ${passwords}`);
    },
    now: () => acceptedAtMs,
  });
  const splitRows = async (...of: Parameters<typeof split>) => {
    const done: number[] = [];
    for await (const row of split(...of)) done.push(row);
    return done;
  };
  return { splitRows, split, resets, wakeUps, requests };
}

function aCheckedRow(row: number) {
  const userPrincipalName = `user-${row}@contoso.com` as UserPrincipalName;
  const user = { kind: 'signInName', userPrincipalName } as const;
  return { row, customerTenantId, user, forceChangePassword: true };
}

function rowsFrom(first: number, last: number) {
  return Array.from({ length: last - first + 1 }, (_, index) => aCheckedRow(first + index));
}

async function* streamOf(rows: readonly CheckedRow[], failure?: Error): AsyncGenerator<CheckedRow> {
  for (const row of rows) yield await Promise.resolve(row);
  if (failure !== undefined) throw failure;
}
