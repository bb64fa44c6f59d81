import { describe, expect, it } from '@jest/globals';
import type { CheckedRow } from '../../../shared/bulk-reset/bulk-rows.js';
import { createSplitRows } from '../../../shared/bulk-reset/split-rows.js';
import type { UserPrincipalName } from '../../../shared/password-reset/ids.js';
import type { SealedRequest } from '../../../shared/password-reset/ports.js';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import type { ResetRow } from '../../../shared/password-reset/reset-row.js';
import { Secret } from '../../../shared/platform/secret.js';
import { aKeptOrder, bulkResetId } from '../../builders/a-bulk-reset.js';
import { acceptedAtMs, customerTenantId } from '../../builders/a-reset-row.js';
import { FakeResetStore } from '../../fakes/fake-reset-store.js';

const signal = new AbortController().signal;
const order = aKeptOrder({ delivery: 'none' });
const job = { order, splitRows: 0 };

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
        refusedPasswords: 0,
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
        reference: 'INC-7',
        acceptedAtMs,
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
    ['twelve thousand', rowsFrom(1, 12_000), [5_000, 10_000, 12_000]],
    ['rows with a gap', [...rowsFrom(1, 4_950), ...rowsFrom(5_901, 7_000)], [4_950, 7_000]],
    ['no row', [], []],
  ])('says how far it is now and then: %s', async (_, rows, expected) => {
    const { splitRows } = aSplit();

    expect(await splitRows(job, streamOf(rows), signal)).toEqual(expected);
  });

  it('begins nothing more once the signal has aborted, and says how far it came', async () => {
    const { splitRows, resets } = aSplit();
    const time = new AbortController();
    resets.beforeCreate = () => {
      if (resets.transactions.length === 12) time.abort();
      return Promise.resolve();
    };

    const done = await splitRows(job, streamOf(rowsFrom(1, 12_000)), time.signal);

    expect(done).toEqual([resets.rows.length]);
    expect(resets.transactions.length).toBeLessThan(12 + 8);
  });

  it('never says to be further than the rows that are there', async () => {
    const { split, resets } = aSplit();

    for await (const done of split(job, streamOf(rowsFrom(1, 12_000)), signal)) {
      const first = resets.rows.slice(0, done).map(({ resetId }) => Number(resetId.slice(-7)));
      expect(first.at(-1)).toBe(done);
    }
  });

  it('goes on after the rows that are made', async () => {
    const { splitRows, resets } = aSplit();

    await splitRows({ ...job, splitRows: 150 }, streamOf(rowsFrom(1, 201)), signal);

    expect(resets.transactions.map((made) => made.at(0))).toEqual([151, 201]);
  });

  it('seals rows while others are stored, and has no more than eight transactions under way', async () => {
    const { splitRows, resets, requests } = aSplit();
    const sealedWhenStored: number[] = [];
    resets.beforeCreate = async () => {
      await new Promise(setImmediate);
      sealedWhenStored.push(requests.length);
    };

    await splitRows(job, streamOf(rowsFrom(1, 2_500)), signal);

    expect(resets.mostAtOnce).toBe(8);
    expect(sealedWhenStored[0]).toBe(800);
  });

  it('has ended all it began when it ends', async () => {
    const { splitRows, resets } = aSplit();
    const failure = new ResetError('StorageUnavailable', 'is away');
    resets.beforeCreate = () => new Promise(setImmediate);

    const splitting = splitRows(job, streamOf(rowsFrom(1, 1_001), failure), signal);

    await expect(splitting).rejects.toBe(failure);
    expect(resets.rows).toHaveLength(1_000);
  });

  it('leaves rows that are there as they are', async () => {
    const { splitRows, resets } = aSplit();
    await splitRows(job, streamOf(rowsFrom(1, 150)), signal);
    const before = resets.rows;

    await splitRows(job, streamOf(rowsFrom(1, 150)), signal);

    expect(resets.rows).toEqual(before);
  });

  it.each([
    ['the rows cannot be stored', 'createMany'],
    ['a seal cannot be made', 'seal'],
    ['the rows cannot be read on', 'reading'],
  ])('rejects when %s', async (_, what) => {
    const failure = new ResetError('StorageUnavailable', 'is away');
    const { splitRows, resets } = aSplit(what === 'seal' ? failure : undefined);
    if (what === 'createMany') resets.failures.createMany = failure;
    const rows = streamOf(rowsFrom(1, 3), what === 'reading' ? failure : undefined);

    await expect(splitRows(job, rows, signal)).rejects.toBe(failure);
  });
});

/** Also remembers which rows came in which transaction, and how many transactions ran at once. */
class WatchedResetStore extends FakeResetStore {
  readonly transactions: number[][] = [];
  mostAtOnce = 0;
  beforeCreate: () => Promise<void> = () => Promise.resolve();
  #running = 0;

  override async createMany(rows: readonly ResetRow[]): Promise<void> {
    this.transactions.push(rows.map(({ resetId }) => Number(resetId.slice(-7))));
    this.#running += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#running);
    await this.beforeCreate();
    await super.createMany(rows);
    this.#running -= 1;
  }
}

function aSplit(sealFailure?: Error) {
  const resets = new WatchedResetStore();
  const requests: SealedRequest[] = [];
  let passwords = 0;
  const split = createSplitRows({
    resets,
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
  });
  const splitRows = async (...of: Parameters<typeof split>) => {
    const done: number[] = [];
    for await (const row of split(...of)) done.push(row);
    return done;
  };
  return { splitRows, split, resets, requests };
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
