import { randomUUID } from 'node:crypto';
import type { TableClient } from '@azure/data-tables';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createTableControl } from '../../shared/azure/table-control.js';
import type { Control } from '../../shared/password-reset/ports.js';
import { anotherCustomerTenantId, customerTenantId } from '../builders/a-reset-row.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { FakeControl } from '../fakes/fake-control.js';
import { describeControl } from './control.contract.js';
import { startStorage, type StorageHarness } from './storage-harness.js';

const { signal } = new AbortController();
let storage: StorageHarness;

beforeAll(async () => {
  storage = await startStorage();
});

afterAll(() => storage.stop());

describeControl('FakeControl', () => Promise.resolve(new FakeControl()));
describeControl('createTableControl()', async (now) =>
  createTableControl({ table: await openTable(), now }),
);

describe('createTableControl()', () => {
  let table: TableClient;
  let clock: FakeClock;
  /** Two instances of the app. */
  let ours: Control;
  let theirs: Control;

  beforeEach(async () => {
    table = await openTable();
    clock = new FakeClock();
    ours = createTableControl({ table, now: clock.now });
    theirs = createTableControl({ table, now: clock.now });
  });

  it.each([
    ['is set', { isHalted: true }, true],
    ['is not set', { isHalted: false }, false],
    ['is set as a text', { isHalted: 'True' }, true],
    ['is let go as a text', { isHalted: 'False' }, false],
    ['is set in words', { isHalted: 'yes' }, true],
    ['names no column', {}, true],
  ])('obeys a stop switch that %s, made with any tool', async (_how, columns, isHalted) => {
    await table.createEntity({ partitionKey: 'control', rowKey: 'halt', ...columns });

    expect((await ours.read(signal)).isHalted).toBe(isHalted);
  });

  it('notices within two seconds, and asks no sooner', async () => {
    await ours.read(signal);
    await table.createEntity({ partitionKey: 'control', rowKey: 'halt', isHalted: true });

    clock.pass(1_999);
    expect((await ours.read(signal)).isHalted).toBe(false);
    clock.pass(1);
    expect((await ours.read(signal)).isHalted).toBe(true);
  });

  it('asks once for many who want to know at the same time', async () => {
    const before = storage.tables.seen.length;

    await Promise.all(Array.from({ length: 100 }, () => ours.read(signal)));

    expect(storage.tables.seen).toHaveLength(before + 1);
  });

  it('brakes all instances', async () => {
    await ours.brake(customerTenantId, clock.nowMs + 60_000);

    const { brakedUntilMs } = await theirs.read(signal);

    expect([...brakedUntilMs]).toEqual([[customerTenantId, clock.nowMs + 60_000]]);
  });

  it.each([
    ['a later brake of another instance stays', 90_000, 60_000],
    ['an earlier brake of another instance gives way', 60_000, 90_000],
  ])('%s', async (_what, theirMs, ourMs) => {
    const startMs = clock.nowMs;
    await theirs.brake('partner', startMs + theirMs);
    await ours.brake('partner', startMs + ourMs);

    const third = createTableControl({ table, now: clock.now });
    const { brakedUntilMs } = await third.read(signal);

    expect(brakedUntilMs.get('partner')).toBe(startMs + 90_000);
  });

  it('keeps the longest brake that instances set at the same time', async () => {
    const untilMs = Array.from({ length: 8 }, (_, at) => clock.nowMs + 10_000 + at * 1_000);
    const instances = untilMs.map(() => createTableControl({ table, now: clock.now }));

    await Promise.all(instances.map((one, at) => one.brake('partner', untilMs[at] ?? 0)));

    const { brakedUntilMs } = await ours.read(signal);
    expect(brakedUntilMs.get('partner')).toBe(untilMs.at(-1));
  });

  it.each([
    ['a quarter of an hour', 900_000, 900_000],
    ['a little more', 900_001, 900_000],
    ['a year', 365 * 24 * 3_600_000, 900_000],
  ])('never brakes for more than a quarter of an hour: %s', async (_wish, wishMs, expectedMs) => {
    await ours.brake('partner', clock.nowMs + wishMs);

    for (const control of [ours, theirs]) {
      const { brakedUntilMs } = await control.read(signal);
      expect(brakedUntilMs.get('partner')).toBe(clock.nowMs + expectedMs);
    }
  });

  it('sets a brake once when the answer is lost', async () => {
    storage.tables.loseNextAnswer('POST');
    await ours.brake('partner', clock.nowMs + 60_000);
    storage.tables.loseNextAnswer('PUT');
    await ours.brake('partner', clock.nowMs + 90_000);

    const { brakedUntilMs } = await theirs.read(signal);

    expect(brakedUntilMs.get('partner')).toBe(clock.nowMs + 90_000);
  });

  it('overlooks what is not its own', async () => {
    const at = { partitionKey: 'control', blockedUntil: new Date(clock.nowMs + 60_000) };
    await table.createEntity({ ...at, rowKey: 'brake-somebody' });
    await table.createEntity({ ...at, rowKey: 'policy' });
    await table.createEntity({ ...at, rowKey: 'brake-partner', blockedUntil: 'tomorrow' });
    await table.createEntity({ ...at, partitionKey: 'other', rowKey: 'halt' });

    const { isHalted, brakedUntilMs } = await ours.read(signal);

    expect(isHalted).toBe(false);
    expect([...brakedUntilMs]).toEqual([['partner', 0]]);
  });

  it('replaces a brake that cannot be understood', async () => {
    const key = { partitionKey: 'control', rowKey: 'brake-partner' };
    await table.createEntity({ ...key, blockedUntil: 'tomorrow' });

    await ours.brake('partner', clock.nowMs + 60_000);

    expect((await theirs.read(signal)).brakedUntilMs.get('partner')).toBe(clock.nowMs + 60_000);
  });

  describe('while the table does not answer', () => {
    it.each([
      ['goes on with what it knows, for a minute', 59_999, true],
      ['does not after a minute', 60_000, undefined],
    ])('%s', async (_what, passedMs, isHalted) => {
      await table.createEntity({ partitionKey: 'control', rowKey: 'halt', isHalted: true });
      await ours.read(signal);
      await table.deleteTable();

      clock.pass(passedMs);

      const state = await ours.read(signal).catch(() => undefined);
      expect(state?.isHalted).toBe(isHalted);
    });

    it('says so when it knows nothing', async () => {
      await table.deleteTable();

      await expect(ours.read(signal)).rejects.toMatchObject({ code: 'StorageUnavailable' });
    });

    it('brakes this instance at least', async () => {
      await ours.read(signal);
      await table.deleteTable();

      const braking = ours.brake(anotherCustomerTenantId, clock.nowMs + 60_000);

      await expect(braking).rejects.toMatchObject({ code: 'StorageUnavailable' });
      const { brakedUntilMs } = await ours.read(signal);
      expect([...brakedUntilMs]).toEqual([[anotherCustomerTenantId, clock.nowMs + 60_000]]);
    });
  });
});

async function openTable(): Promise<TableClient> {
  const table = storage.clients.table(`t${randomUUID().replaceAll('-', '')}`);
  await table.createTable();
  return table;
}
