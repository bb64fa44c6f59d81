import { beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { createApiClient, sendBulkJob } from '../../infra/local/api-client.js';
import { eventually } from './eventually.js';
import { aPlainPerson } from './people.js';
import type { TestStack } from './start-test-stack.js';
import { putRow, queueOf, rowOf, takeAll } from './storage-behind-the-app.js';
import { waitForBulkReset } from './wait-for-bulk-reset.js';

const dayMs = 24 * 3_600_000;
const user = '66666666-7777-4888-8999-aaaaaaaaaaaa';
const order = {
  delivery: 'none',
  customer: '11111111-2222-4333-8444-555555555555',
  rows: [{ user }],
};
const encode = (content: string | Uint8Array) => Buffer.from(content).toString('base64');
const inJson = (content: unknown) => encode(JSON.stringify(content));

/** Was taken and given back so often before the host started that it is to be tried no more. */
// eslint-disable-next-line jest/no-export -- all of bad input goes to one stack
export const wornOut = inJson({ ...order, reference: 'worn out' });

/** What is no order: each is recorded as a job that was refused, under the id of the message. */
const noOrders: readonly (readonly [string, string])[] = [
  ['an empty one', encode('')],
  ['one of bytes that are no text', encode(Uint8Array.of(0, 255, 254, 128, 193))],
  ['one of half a JSON text', encode('{"delivery":')],
  ['one of a JSON array', inJson([order])],
  ['one of arrays in arrays', encode('['.repeat(500) + ']'.repeat(500))],
  ['null', encode('null')],
  ['one without rows', inJson({ ...order, rows: undefined })],
  ['one with an unknown field', inJson({ ...order, extra: 1 })],
  [
    'one with a field named __proto__',
    encode(`{"__proto__":{"a":1},${JSON.stringify(order).slice(1)}`),
  ],
  ['one with a password', inJson({ ...order, rows: [{ user, password: 'Correct-Horse-7' }] })],
  [
    'one of 48 KiB, with no room for an id',
    inJson({ ...order, rows: [{ user: 'x'.repeat(49_050) }] }),
  ],
];

/** What wakes nobody: pointers carry nothing that could be lost. */
const noPointers: readonly (readonly [string, string])[] = [
  ['an empty one', encode('')],
  ['one of bytes that are no text', encode(Uint8Array.of(0, 255, 254, 128, 193))],
  ['one of a JSON array', inJson([{ resetId: randomUUID(), slice: 0 }])],
  ['one without fields', inJson({})],
  [
    'one that points at nothing',
    inJson({ resetId: `20260101-${randomUUID()}`, bulkResetId: randomUUID(), slice: 0 }),
  ],
  ['one that points at a path', inJson({ resetId: '../bulkresets', bulkResetId: '..', slice: -1 })],
  ['one that points at row 0 of a job', inJson({ resetId: `${randomUUID()}-0000000` })],
];
const pointerQueues = ['password-resets', 'bulk-reset-slices'].flatMap((name) => [
  name,
  `${name}-poison`,
]);

// eslint-disable-next-line jest/no-export -- all of bad input goes to one stack
export function describeBadMessages(theStack: () => TestStack): void {
  const storage = () => theStack().facts.storageConnectionString;
  const send = (queue: string, text: string) => queueOf(storage(), queue).sendMessage(text);
  const drained = (queue: string) =>
    eventually(async () => {
      const { approximateMessagesCount } = await queueOf(storage(), queue).getProperties();
      return approximateMessagesCount === 0 ? true : undefined;
    });
  const isLogged = (text: string) =>
    theStack().lines.some((line) => line.includes(text)) || undefined;
  const resets = () =>
    theStack().partnerCenter.requests.filter(({ operation }) => operation === 'resetPassword');

  describe('a message on bulk-reset-jobs', () => {
    let ids: ReadonlyMap<string, string>;

    beforeAll(async () => {
      theStack().partnerCenter.clearRequests();
      const sent = noOrders.map(async ([name, text]) => {
        const { messageId } = await send('bulk-reset-jobs', text);
        return [name, messageId.toLowerCase()] as const;
      });
      await send('bulk-reset-jobs', 'not base64!');
      await send('bulk-reset-jobs', inJson({ bulkResetId: randomUUID() }));
      ids = new Map(await Promise.all(sent));
    });

    it.each(noOrders)('is recorded as refused: %s', async (name) => {
      const job = await waitForBulkReset(theStack().facts, ids.get(name) ?? '');

      expect(job.status).toBe('Failed');
      expect(job.error?.code).toMatch(/^(?:InvalidRequest|RequestTooLarge)$/);
    });

    it('is put aside, and none is lost', async () => {
      await drained('bulk-reset-jobs');

      const aside = await takeAll(storage(), 'bulk-reset-jobs-poison');

      const asideIds = aside.map((text) => idIn(text));
      expect([...ids.values()].filter((id) => !asideIds.includes(id))).toEqual([]);
      expect(aside).toContain('not base64!');
      expect(aside).toContain(wornOut);
      expect(resets()).toEqual([]);
    });

    it('is refused by the storage itself when it has 48 KiB and a byte', async () => {
      await expect(send('bulk-reset-jobs', encode('x'.repeat(49_153)))).rejects.toMatchObject({
        statusCode: 413,
      });
    });

    it('makes no second job of a hundred', async () => {
      const { facts } = theStack();
      const bulkResetId = randomUUID();
      const { customer } = aPlainPerson(theStack(), 3);
      const message = { ...order, customer: customer.tenantId, bulkResetId };

      await Promise.all(Array.from({ length: 100 }, () => sendBulkJob(facts, message)));
      await drained('bulk-reset-jobs');
      const job = await waitForBulkReset(facts, bulkResetId);

      expect(job).toMatchObject({ progress: { failed: 1 }, failures: { UserNotFound: 1 } });
      expect(resets()).toEqual([]);
    });

    it('stays on its queue when it is nested too deep for the library that hands it over', async () => {
      await send('bulk-reset-jobs', encode('['.repeat(20_000) + ']'.repeat(20_000)));

      await eventually(() => Promise.resolve(isLogged('Maximum call stack size exceeded')));

      const { approximateMessagesCount } = await queueOf(
        storage(),
        'bulk-reset-jobs',
      ).getProperties();
      expect(approximateMessagesCount).toBe(1);
    });
  });

  describe('a pointer', () => {
    it.each(pointerQueues)('that is none wakes nobody on %s', async (queue) => {
      theStack().partnerCenter.clearRequests();

      await Promise.all(noPointers.map(([, text]) => send(queue, text)));
      await drained(queue);

      expect(theStack().partnerCenter.requests).toEqual([]);
    });

    it('to a final row changes nothing, though it comes a hundred times', async () => {
      const { customer, user: someone } = aPlainPerson(theStack(), 4);
      theStack().partnerCenter.clearRequests();
      const { body } = await createApiClient(theStack().facts, 'helpdesk').post(
        '/password-resets',
        {
          customer: customer.tenantId,
          user: someone.id,
          delivery: 'none',
        },
      );
      const { id } = body as { id: string };
      const before = await rowOf(storage(), id);

      await Promise.all(
        Array.from({ length: 100 }, () => send('password-resets', inJson({ resetId: id }))),
      );
      await drained('password-resets');

      expect(resets()).toHaveLength(1);
      expect(await rowOf(storage(), id)).toEqual(before);
    });

    it.each(['password-resets', 'password-resets-poison'])(
      'to a row that was purged 30 days ago changes nothing on %s',
      async (queue) => {
        const settledAt = new Date(Date.now() - 30 * dayMs);
        const id = await putRow(theStack(), { state: 'applied', settledAt, acceptedAt: settledAt });
        const before = await rowOf(storage(), id);
        theStack().partnerCenter.clearRequests();

        await send(queue, inJson({ resetId: id }));
        await drained(queue);

        expect(await rowOf(storage(), id)).toEqual(before);
        expect(theStack().partnerCenter.requests).toEqual([]);
      },
    );

    it('to a row with a broken seal has a person look, and sends nothing', async () => {
      const id = await putRow(theStack(), {
        state: 'queued',
        notBefore: new Date(),
        seal: 'broken',
      });
      theStack().partnerCenter.clearRequests();

      await send('password-resets', inJson({ resetId: id }));
      await drained('password-resets');

      expect(await rowOf(storage(), id)).toMatchObject({
        state: 'attention',
        code: 'OutcomeUnknown',
      });
      expect(theStack().partnerCenter.requests).toEqual([]);
    });

    it('to a row that a later version wrote stays, and so does the row', async () => {
      const id = await putRow(theStack(), {
        state: 'queued',
        notBefore: new Date(),
        seal: 'of another kind',
        schemaVersion: 99,
      });
      const before = await rowOf(storage(), id);
      theStack().partnerCenter.clearRequests();

      await send('password-resets', inJson({ resetId: id }));
      await eventually(() => Promise.resolve(isLogged('an entity of schema version 99')));

      const { approximateMessagesCount } = await queueOf(
        storage(),
        'password-resets',
      ).getProperties();
      expect(approximateMessagesCount).toBe(1);
      expect(await rowOf(storage(), id)).toEqual(before);
      expect(theStack().partnerCenter.requests).toEqual([]);
    });
  });
}

/** Of a message that was put aside. */
function idIn(text: string): unknown {
  try {
    return (JSON.parse(Buffer.from(text, 'base64').toString()) as { bulkResetId?: unknown })
      .bulkResetId;
  } catch {
    return undefined;
  }
}
