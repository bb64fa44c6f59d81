import { describe, expect, it } from '@jest/globals';
import type { BulkResetOrder, BulkResetRow } from '../../../shared/bulk-reset/bulk-reset.js';
import type { Caller, Permission } from '../../../shared/callers/caller.js';
import { createProcessBulkResetHandler } from '../../../shared/handlers/process-bulk-reset-handler.js';
import { ResetError, type ResetErrorCode } from '../../../shared/password-reset/reset-error.js';
import { aBulkResetRow, bulkResetId } from '../../builders/a-bulk-reset.js';
import { aCaller } from '../../builders/a-caller.js';
import { customerTenantId, userId } from '../../builders/a-reset-row.js';
import { anInvocation } from './invocation.js';

const messageId = '77777777-0b1e-4d7a-8a37-5e0f6b2d9c21';
const sha256 = 'AB'.repeat(32);
const rows = [{ customer: customerTenantId, user: userId }];
const order = { delivery: 'none', rows };
const canary = 'canary-7f3a';
const counts = { valid: 1, invalid: 0, lastRow: 1 };

describe('createProcessBulkResetHandler()', () => {
  it('hands an order with rows on, as the caller of the queue', async () => {
    const { orders, logged, aside } = await receive({
      bulkResetId: bulkResetId.toUpperCase(),
      delivery: 'response',
      customer: 'Contoso.com',
      forceChangePassword: false,
      onInvalidRows: 'skip',
      reference: 'INC-7',
      rows,
    });

    expect(orders).toEqual([
      {
        bulkResetId,
        caller: 'bulk-queue',
        delivery: 'response',
        customer: { kind: 'domain', domain: 'contoso.com' },
        forceChangePassword: false,
        onInvalidRows: 'skip',
        reference: 'INC-7',
        source: { kind: 'rows', rows },
      },
    ]);
    expect(aside).toEqual([]);
    expect(logged).toEqual([
      {
        level: 'information',
        args: [
          'bulk reset processed',
          { bulkResetId, state: 'split', valid: 1, invalid: 0, lastRow: 1 },
        ],
      },
    ]);
  });

  it('hands an order with a file on, and asks for the careful choices unless told', async () => {
    const { orders } = await receive({ delivery: 'none', blob: { name: 'a/b.csv', sha256 } });

    expect(orders).toEqual([
      {
        bulkResetId: messageId,
        caller: 'bulk-queue',
        delivery: 'none',
        forceChangePassword: true,
        onInvalidRows: 'refuse',
        source: { kind: 'blob', name: 'a/b.csv', sha256: sha256.toLowerCase() },
      },
    ]);
  });

  it('looks past what the libraries of senders stamp on messages', async () => {
    expect((await receive({ ...order, $AzureWebJobsParentId: 'x' })).orders).toHaveLength(1);
  });

  describe('the id of the job', () => {
    it.each<[string, unknown, unknown, unknown]>([
      ['the one in the message', bulkResetId, messageId, bulkResetId],
      ['in lower case', bulkResetId.toUpperCase(), messageId, bulkResetId],
      ['the one of the message', undefined, messageId, messageId],
      ['a new one at worst', undefined, undefined, expect.stringMatching(/^[0-9a-f-]{36}$/)],
    ])('is %s', async (_, own, ofMessage, expected) => {
      const message = { ...order, ...(own !== undefined && { bulkResetId: own }) };

      const { orders } = await receive(message, { id: ofMessage });

      expect(orders).toEqual([expect.objectContaining({ bulkResetId: expected })]);
    });

    it('is the one of the message when the one in it is no GUID, so that it can be refused', async () => {
      const { refused } = await receive({ ...order, bulkResetId: '../x' });

      expect(refused).toMatchObject([{ bulkResetId: messageId, code: 'InvalidRequest' }]);
    });
  });

  describe('puts aside, records and never retries', () => {
    it.each<[string, unknown]>([
      ['nothing', undefined],
      ['null', null],
      ['an empty text', ''],
      ['text', 'aGVsbG8='],
      ['a number', 7],
      ['a list', [order]],
      ['an empty object', {}],
      ['no delivery', { rows }],
      ['an unknown delivery', { ...order, delivery: canary }],
      ['neither rows nor file', { delivery: 'none' }],
      ['both rows and file', { ...order, blob: { name: 'a.csv', sha256 } }],
      ['no rows', { ...order, rows: [] }],
      ['rows that are no list', { ...order, rows: { 0: rows[0] } }],
      ['a row that is text', { ...order, rows: [`${userId},${canary}`] }],
      ['a row without user', { ...order, rows: [{ customer: customerTenantId }] }],
      ['a row with a password', { ...order, rows: [{ user: userId, password: canary }] }],
      [
        'a row with a flag as text',
        { ...order, rows: [{ user: userId, forceChangePassword: 'true' }] },
      ],
      ['an unknown field', { ...order, callers: canary }],
      ['a caller of its own choice', { ...order, caller: 'helpdesk' }],
      ['a field __proto__', JSON.parse(`{"__proto__":{"a":1},${JSON.stringify(order).slice(1)}`)],
      ['a file without hash', { delivery: 'none', blob: { name: 'a.csv' } }],
      ['a file with half a hash', { delivery: 'none', blob: { name: 'a.csv', sha256: 'AB' } }],
      ['a file without name', { delivery: 'none', blob: { name: '', sha256 } }],
      ['a file in another place', { delivery: 'none', blob: { name: '../x/a.csv', sha256 } }],
      ['a file in a place inside', { delivery: 'none', blob: { name: 'a/../../b.csv', sha256 } }],
      ['a file .', { delivery: 'none', blob: { name: '.', sha256 } }],
      ['a file with a long name', { delivery: 'none', blob: { name: 'x'.repeat(1_025), sha256 } }],
      ['a customer that is no customer', { ...order, customer: canary }],
      ['a reference of 101 characters', { ...order, reference: 'x'.repeat(101) }],
      ['onInvalidRows in other words', { ...order, onInvalidRows: 'ignore' }],
    ])('a message with %s', async (_, message) => {
      const { orders, refused, aside, logged } = await receive(message);

      expect(orders).toEqual([]);
      expect(refused).toEqual([
        {
          bulkResetId: messageId,
          caller: 'bulk-queue',
          code: 'InvalidRequest',
          message: expect.any(String),
        },
      ]);
      expect(aside).toEqual([
        { message: expect.objectContaining({ bulkResetId: messageId }), delayMs: 0 },
      ]);
      expect(logged).toEqual([
        {
          level: 'error',
          args: ['bulk reset refused', { bulkResetId: messageId, code: 'InvalidRequest' }],
        },
      ]);
      expect(JSON.stringify([refused, logged])).not.toContain(canary);
    });

    it.each<[string, Caller | undefined, object]>([
      ['while the door is closed', undefined, order],
      ['from a queue that may not reset in bulk', theQueue('reset', 'readPassword'), order],
      [
        'that wants passwords a queue may not read',
        theQueue('bulkReset'),
        { ...order, delivery: 'response' },
      ],
    ])('a message %s', async (_, caller, message) => {
      const { orders, refused, aside } = await receive(message, { caller });

      expect(orders).toEqual([]);
      expect(refused).toMatchObject([{ bulkResetId: messageId, code: 'PermissionDenied' }]);
      expect(aside).toMatchObject([{ message }]);
    });

    it.each<ResetErrorCode>(['BulkResetConflict', 'InvalidRequest', 'ReconsentRequired'])(
      'a job that fails with %s',
      async (code) => {
        const { refused, aside } = await receive(order, { result: new ResetError(code, 'why') });

        expect(refused).toMatchObject([{ bulkResetId: messageId, code, message: 'why' }]);
        expect(aside).toMatchObject([{ message: order }]);
      },
    );
  });

  it.each([
    aBulkResetRow({ state: 'refused', code: 'InvalidRows', message: 'Nothing …' }),
    aBulkResetRow({ state: 'stopped', code: 'InvalidRows', message: '', counts, splitRows: 1 }),
  ])('puts the message of a $state job aside; the job itself says why', async (result) => {
    const { refused, aside, logged } = await receive(order, { result });

    expect(refused).toEqual([]);
    expect(aside).toEqual([{ message: { ...order, bulkResetId: messageId }, delayMs: 0 }]);
    expect(logged).toMatchObject([
      { level: 'information' },
      {
        level: 'error',
        args: ['bulk reset refused', { bulkResetId: messageId, code: 'InvalidRows' }],
      },
    ]);
  });

  it('puts no more than the id aside when the message has no room for it', async () => {
    const { aside, refused } = await receive({ ...order, rows: [{ user: 'x'.repeat(49_090) }] });

    expect(refused).toMatchObject([{ code: 'RequestTooLarge' }]);
    expect(aside).toEqual([{ message: { bulkResetId: messageId }, delayMs: 0 }]);
  });

  it('sends a job on that needs another invocation', async () => {
    const result = aBulkResetRow({ state: 'splitting', counts, checkedSha256: '', splitRows: 1 });

    const { again, aside } = await receive({ ...order, $stamp: 'x' }, { result });

    expect(again).toEqual([{ message: { ...order, bulkResetId: messageId }, delayMs: 0 }]);
    expect(aside).toEqual([]);
  });

  it.each([
    ['as long as it is told', 90_000, 90_000],
    ['half a minute when told nothing', undefined, 30_000],
    ['a quarter of an hour at most', 900_001, 900_000],
  ])('sends what may pass again and waits %s', async (_, retryAfterMs, delayMs) => {
    const failure = new ResetError('Throttled', 'is away', { retryAfterMs });

    const { again, aside, refused, logged } = await receive(order, { result: failure });

    expect(again).toEqual([{ message: { ...order, bulkResetId: messageId }, delayMs }]);
    expect([...aside, ...refused]).toEqual([]);
    expect(logged).toEqual([
      {
        level: 'warning',
        args: ['bulk reset waits', { bulkResetId: messageId, code: 'Throttled' }],
      },
    ]);
  });

  it.each([
    ['an unknown outcome', new ResetError('OutcomeUnknown', 'who knows')],
    ['a bug', new TypeError('is not a function')],
  ])('hands the message back after %s', async (_, failure) => {
    const { deliver, refused, aside, again } = aQueue({ result: failure });

    await expect(deliver(order)).rejects.toBe(failure);

    expect([...refused, ...aside, ...again]).toEqual([]);
  });

  it('waits while the callers cannot be read', async () => {
    const callersFailure = new ResetError('KeyVaultUnavailable', 'is away');

    const { orders, again } = await receive(order, { callersFailure });

    expect(orders).toEqual([]);
    expect(again).toMatchObject([{ message: order }]);
  });

  it('refuses an unknown field though the callers cannot be read, for it is lost on the way', async () => {
    const callersFailure = new ResetError('KeyVaultUnavailable', 'is away');

    const { refused, again } = await receive({ ...order, extra: 1 }, { callersFailure });

    expect(refused).toMatchObject([{ code: 'InvalidRequest' }]);
    expect(again).toEqual([]);
  });

  it('hands the message back when it cannot be put aside', async () => {
    const failure = new ResetError('StorageUnavailable', 'is away');
    const { deliver } = aQueue({ asideFailure: failure });

    await expect(deliver('text')).rejects.toBe(failure);
  });
});

interface QueueValues {
  readonly id?: unknown;
  readonly caller?: Caller | undefined;
  readonly result?: BulkResetRow | Error;
  readonly callersFailure?: Error;
  readonly asideFailure?: Error;
}

async function receive(message: unknown, values: QueueValues = {}) {
  const { deliver, ...seen } = aQueue(values);
  await deliver(message);
  return seen;
}

function aQueue(values: QueueValues) {
  const { result = aBulkResetRow(), callersFailure, asideFailure } = values;
  const caller = 'caller' in values ? values.caller : theQueue('bulkReset', 'readPassword');
  const orders: BulkResetOrder[] = [];
  const refused: object[] = [];
  const aside: { readonly message: object; readonly delayMs: number }[] = [];
  const again: typeof aside = [];
  const { context, logged } = anInvocation({ id: 'id' in values ? values.id : messageId });
  const handler = createProcessBulkResetHandler({
    readCallerList: () =>
      callersFailure
        ? Promise.reject(callersFailure)
        : Promise.resolve({
            findByApiKey: () => undefined,
            findByName: (name) => (name === caller?.name ? caller : undefined),
          }),
    processBulkReset: (taken) => {
      orders.push(taken);
      return result instanceof Error ? Promise.reject(result) : Promise.resolve(result);
    },
    refuseBulkReset: (job, { code, message }) => {
      refused.push({ ...job, code, message });
      return Promise.resolve();
    },
    putAside: (message, delayMs) => {
      if (asideFailure) return Promise.reject(asideFailure);
      aside.push({ message, delayMs });
      return Promise.resolve();
    },
    sendAgain: (message, delayMs) => {
      again.push({ message, delayMs });
      return Promise.resolve();
    },
    timeoutMs: 280_000,
  });
  const deliver = async (message: unknown) => {
    await handler(message, context);
  };
  return { deliver, orders, refused, aside, again, logged };
}

function theQueue(...permissions: readonly Permission[]): Caller {
  return aCaller({ name: 'bulk-queue', permissions: new Set(permissions) });
}
