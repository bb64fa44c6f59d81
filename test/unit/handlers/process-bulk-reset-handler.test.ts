import { describe, expect, it } from '@jest/globals';
import { aCallerList } from '../../builders/a-caller-list.js';
import type { BulkResetOrder, BulkResetRow } from '../../../shared/bulk-reset/bulk-reset.js';
import type { ProcessedBulkReset } from '../../../shared/bulk-reset/process-bulk-reset.js';
import type { Caller, Permission } from '../../../shared/callers/caller.js';
import { createProcessBulkResetHandler } from '../../../shared/handlers/process-bulk-reset-handler.js';
import { ResetError, type ResetErrorCode } from '../../../shared/password-reset/reset-error.js';
import { bulkResetIdOfKey } from '../../../shared/handlers/bulk-reset-id.js';
import { aBulkResetRow, bulkResetId } from '../../builders/a-bulk-reset.js';
import { aCaller } from '../../builders/a-caller.js';
import { acceptedAtMs, customerTenantId, userId } from '../../builders/a-reset-row.js';
import { FakeBulkWakeUps } from '../../fakes/fake-bulk-wake-ups.js';
import { anInvocation } from './invocation.js';

const version5 = '77777777-0b1e-5d7a-8a37-5e0f6b2d9c21';
const messageId = '77777777-0b1e-4d7a-8a37-5e0f6b2d9c21';
const sha256 = 'AB'.repeat(32);
const rows = [{ customer: customerTenantId, user: userId }];
const order = { delivery: 'none', rows };
const canary = 'canary-7f3a';
const counts = { valid: 1, invalid: 0, lastRow: 1 };
const nowMs = acceptedAtMs;
const aSplitting = aBulkResetRow({
  state: 'splitting',
  counts,
  checkedSha256: '',
  splitRows: 1,
});

describe('createProcessBulkResetHandler()', () => {
  it('takes an order with rows as the caller of the queue, and goes on with it at once', async () => {
    const { orders, processed, logged, aside } = await receive({
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
    expect(processed).toEqual([bulkResetId]);
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

  it('takes an order with a file, and asks for the careful choices unless told', async () => {
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

  it('takes an order that runs the failed rows of another job again', async () => {
    const { orders } = await receive({ delivery: 'none', retryOf: bulkResetId.toUpperCase() });

    expect(orders).toMatchObject([{ source: { kind: 'failedRows', of: bulkResetId } }]);
  });

  it('looks past what the libraries of senders stamp on messages', async () => {
    expect((await receive({ ...order, $AzureWebJobsParentId: 'x' })).orders).toHaveLength(1);
  });

  describe('the id of the job', () => {
    it.each<[string, unknown, unknown, unknown]>([
      ['the one in the message', bulkResetId, messageId, bulkResetId],
      ['in lower case', bulkResetId.toUpperCase(), messageId, bulkResetId],
      ['the one of the message', undefined, messageId, messageId],
      ['the one of the message, whatever its version', undefined, version5, version5],
      ['a new one at worst', undefined, undefined, expect.stringMatching(/^[0-9a-f-]{36}$/)],
    ])('is %s', async (_, own, ofMessage, expected) => {
      const message = { ...order, ...(own !== undefined && { bulkResetId: own }) };

      const { orders } = await receive(message, { id: ofMessage });

      expect(orders).toEqual([expect.objectContaining({ bulkResetId: expected })]);
    });

    it.each([
      ['no GUID', '../x'],
      ["computed from somebody's idempotency key", bulkResetIdOfKey('helpdesk', 'monday')],
    ])(
      'is the one of the message when the one in it is %s, so that it can be refused',
      async (_, own) => {
        const { refused } = await receive({ ...order, bulkResetId: own });

        expect(refused).toMatchObject([{ bulkResetId: messageId, code: 'InvalidRequest' }]);
      },
    );
  });

  describe('the id of the job, when the host has taken it for the one of the message from its text,', () => {
    const id = bulkResetIdOfKey('helpdesk', 'monday');

    it.each<[string, unknown]>([
      ['a field', { ...order, id }],
      ['a field in capitals', { ...order, ID: id }],
      ['a field beside an id that may not be chosen', { ...order, Id: id, bulkResetId: id }],
      ['what only the host takes for JSON', `{'id':'${id}'} // monday`],
    ])('is a new one, under which it is refused: %s', async (_, message) => {
      const { orders, refused, aside } = await receive(message, { id });

      expect(orders).toEqual([]);
      expect(refused).toMatchObject([
        { bulkResetId: expect.not.stringContaining(id), code: 'InvalidRequest' },
      ]);
      expect(JSON.stringify(aside)).not.toContain(id);
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
      ['a recipient that is not named', { ...order, delivery: 'recipientKey' }],
      ['a recipient for another delivery', { ...order, recipientKeyId: '2026' }],
      ['an unknown delivery', { ...order, delivery: canary }],
      ['neither rows nor file', { delivery: 'none' }],
      ['both rows and another job', { ...order, retryOf: bulkResetId }],
      ['another job that is no GUID', { delivery: 'none', retryOf: canary }],
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
          delivery: expect.any(String),
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

    it.each<[string, unknown, object]>([
      ['response', 'response', { ...order, delivery: 'response', extra: 1 }],
      ['link', 'nothing', { extra: 1 }],
      ['none', 'what there is not', { ...order, delivery: 'pigeon' }],
    ])('under the delivery %s an order that says %s', async (delivery, _says, message) => {
      const { refused } = await receive(message);

      expect(refused).toMatchObject([{ delivery, code: 'InvalidRequest' }]);
    });

    it.each<ResetErrorCode>(['BulkResetConflict', 'InvalidRequest'])(
      'an order that is refused with %s',
      async (code) => {
        const { refused, aside } = await receive(order, { submitted: new ResetError(code, 'why') });

        expect(refused).toMatchObject([{ bulkResetId: messageId, code, message: 'why' }]);
        expect(aside).toMatchObject([{ message: order }]);
      },
    );
  });

  it.each([
    aBulkResetRow({ state: 'refused', code: 'InvalidRows', message: 'Nothing …' }),
    aBulkResetRow({ state: 'stopped', code: 'InvalidRows', message: '', counts, splitRows: 1 }),
  ])('puts the message of a $state job aside; the job itself says why', async (job) => {
    const { refused, aside, logged } = await receive(order, { processed: { job } });

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

  it('puts nothing aside for a job that was cancelled, and calls it no error', async () => {
    const job = aBulkResetRow({ state: 'refused', code: 'Cancelled', message: '' });

    const { aside, logged } = await receive(order, { processed: { job } });

    expect(aside).toEqual([]);
    expect(logged).toMatchObject([{ level: 'information' }]);
  });

  it.each<BulkResetRow>([aBulkResetRow({ state: 'validating' }), aSplitting])(
    'wakes somebody to go on with a job whose time was over: $state',
    async (job) => {
      const { wakeUps, again, aside } = await receive(order, {
        processed: { job, dueAtMs: nowMs },
      });

      expect(wakeUps.sent).toEqual([{ bulkResetId: messageId, delayMs: 0 }]);
      expect([...again, ...aside]).toEqual([]);
    },
  );

  it('sends an order again that cannot be checked yet, so that it can be put aside', async () => {
    const job = aBulkResetRow({ state: 'validating' });

    const { again, wakeUps } = await receive(
      { ...order, $stamp: 'x' },
      { processed: { job, dueAtMs: nowMs + 90_000 } },
    );

    expect(again).toEqual([{ message: { ...order, bulkResetId: messageId }, delayMs: 90_000 }]);
    expect(wakeUps.sent).toEqual([]);
  });

  it('leaves a job to the sweeper whose rows cannot be made yet', async () => {
    const processed = { job: aSplitting, dueAtMs: nowMs + 30_000 };

    const { again, wakeUps } = await receive(order, { processed });

    expect([...again, ...wakeUps.sent]).toEqual([]);
  });

  describe('a message with nothing but the id of a job', () => {
    const pointer = { bulkResetId: bulkResetId.toUpperCase(), $AzureWebJobsParentId: 'x' };

    it('says that somebody is to go on with it, whoever wrote it', async () => {
      const { processed, orders, logged } = await receive(pointer, { caller: undefined });

      expect(processed).toEqual([bulkResetId]);
      expect(orders).toEqual([]);
      expect(logged).toMatchObject([
        { level: 'information', args: ['bulk reset processed', { bulkResetId, state: 'split' }] },
      ]);
    });

    it('is followed by another while the job is not through', async () => {
      const processed = { job: aSplitting, dueAtMs: nowMs - 1 };

      const { wakeUps } = await receive(pointer, { processed });

      expect(wakeUps.sent).toEqual([{ bulkResetId, delayMs: 0 }]);
    });

    it('has no successor while the job waits: the sweeper sends one each minute', async () => {
      const job = aBulkResetRow({ state: 'validating' });

      const { wakeUps, again } = await receive(pointer, {
        processed: { job, dueAtMs: nowMs + 30_000 },
      });

      expect([...wakeUps.sent, ...again]).toEqual([]);
    });

    it('tells of a refusal, and puts nothing aside', async () => {
      const job = aBulkResetRow({ state: 'refused', code: 'InvalidRows', message: '' });

      const { logged, aside } = await receive(pointer, { processed: { job } });

      expect(logged).toMatchObject([
        { level: 'information' },
        { level: 'error', args: ['bulk reset refused', { bulkResetId, code: 'InvalidRows' }] },
      ]);
      expect(aside).toEqual([]);
    });

    it('is dropped with a warning when there is no such job', async () => {
      const { logged } = await receive(pointer, { processed: {} });

      expect(logged).toEqual([
        { level: 'warning', args: ['message points at no bulk reset', { bulkResetId }] },
      ]);
    });

    it('is handed back after a bug', async () => {
      const failure = new TypeError('is not a function');
      const { deliver } = aQueue({ processed: failure });

      await expect(deliver(pointer)).rejects.toBe(failure);
    });
  });

  it.each([
    ['as long as it is told', 90_000, 90_000],
    ['half a minute when told nothing', undefined, 30_000],
    ['a quarter of an hour at most', 900_001, 900_000],
  ])('sends an order that cannot be kept again and waits %s', async (_, retryAfterMs, delayMs) => {
    const submitted = new ResetError('StorageUnavailable', 'is away', { retryAfterMs });

    const { again, aside, refused, logged } = await receive(order, { submitted });

    expect(again).toEqual([{ message: { ...order, bulkResetId: messageId }, delayMs }]);
    expect([...aside, ...refused]).toEqual([]);
    expect(logged).toEqual([
      {
        level: 'warning',
        args: ['bulk reset waits', { bulkResetId: messageId, code: 'StorageUnavailable' }],
      },
    ]);
  });

  it.each(['submitted', 'processed'] as const)(
    'hands the message back after a bug in what is %s',
    async (what) => {
      const failure = new TypeError('is not a function');
      const { deliver, refused, aside, again } = aQueue({ [what]: failure });

      await expect(deliver(order)).rejects.toBe(failure);

      expect([...refused, ...aside, ...again]).toEqual([]);
    },
  );

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
  readonly submitted?: Error;
  readonly processed?: ProcessedBulkReset | Error;
  readonly callersFailure?: Error;
  readonly asideFailure?: Error;
}

async function receive(message: unknown, values: QueueValues = {}) {
  const { deliver, ...seen } = aQueue(values);
  await deliver(message);
  return seen;
}

function aQueue(values: QueueValues) {
  const { submitted, callersFailure, asideFailure } = values;
  const { processed: result = { job: aBulkResetRow() } } = values;
  const caller = 'caller' in values ? values.caller : theQueue('bulkReset', 'readPassword');
  const orders: BulkResetOrder[] = [];
  const processed: string[] = [];
  const wakeUps = new FakeBulkWakeUps();
  const refused: object[] = [];
  const aside: { readonly message: object; readonly delayMs: number }[] = [];
  const again: typeof aside = [];
  const { context, logged } = anInvocation({ id: 'id' in values ? values.id : messageId });
  const handler = createProcessBulkResetHandler({
    readCallerList: () =>
      callersFailure
        ? Promise.reject(callersFailure)
        : Promise.resolve(aCallerList(caller ? [caller] : [])),
    keepBulkReset: (taken) => {
      orders.push(taken);
      return submitted ? Promise.reject(submitted) : Promise.resolve(aBulkResetRow());
    },
    processBulkReset: (id) => {
      processed.push(id);
      return result instanceof Error ? Promise.reject(result) : Promise.resolve(result);
    },
    wakeUps,
    now: () => nowMs,
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
  return { deliver, orders, processed, wakeUps, refused, aside, again, logged };
}

function theQueue(...permissions: readonly Permission[]): Caller {
  return aCaller({ name: 'bulk-queue', permissions: new Set(permissions) });
}
