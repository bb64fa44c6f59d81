import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { QueueServiceClient } from '@azure/storage-queue';
import { randomUUID } from 'node:crypto';
import { passwordWorks, sendBulkJob, uploadCsv } from '../../infra/local/api-client.js';
import { isPlain } from '../../infra/local/directory/plain-user.js';
import { eventually } from './eventually.js';
import { findPeople, type Person } from './people.js';
import { startTestStack, type TestStack } from './start-test-stack.js';
import { readBulkRows, waitForBulkReset } from './wait-for-bulk-reset.js';

describe('process-bulk-reset', () => {
  let stack: TestStack;
  let people: Person[];

  beforeAll(async () => {
    stack = await startTestStack();
    people = findPeople(stack, isPlain);
  });

  afterAll(async () => {
    await stack.stop();
  });

  /** Nobody whom another test resets. */
  const take = (count: number) => people.splice(0, count);
  const csvOf = (persons: readonly Person[], ...more: string[]) =>
    [
      'customer,user',
      ...persons.map(({ customer, user }) => `${customer.domain},${user.userPrincipalName}`),
      ...more,
      '',
    ].join('\n');
  const resetsOf = ({ user }: Person) =>
    stack.partnerCenter.requests.filter(
      ({ operation, userId }) => operation === 'resetPassword' && userId === user.id,
    );

  it('resets everybody in a file, and hands out passwords that work', async () => {
    const persons = take(20);
    const unknown = 'contoso.com,11111111-2222-4333-8444-555555555555';
    const blob = await uploadCsv(stack.facts, 'all.csv', csvOf(persons, unknown));

    const id = await sendBulkJob(stack.facts, { delivery: 'response', blob });
    const job = await waitForBulkReset(stack.facts, id);
    const rows = await readBulkRows(stack.facts, id);

    expect(job).toMatchObject({
      status: 'PartiallySucceeded',
      rows: { total: 21, invalid: 0 },
      progress: { succeeded: 20, failed: 1, open: 0 },
      failures: { UserNotFound: 1 },
    });
    expect(rows.map(({ row }) => row)).toEqual(Array.from({ length: 21 }, (_, index) => index + 1));
    const working = await Promise.all(
      persons.map(({ customer, user }, index) =>
        passwordWorks(stack.facts, {
          tenant: customer.tenantId,
          userPrincipalName: user.userPrincipalName,
          password: rows[index]?.password ?? '',
        }),
      ),
    );
    expect(working).toEqual(persons.map(() => true));
  });

  it('works off rows that are in the message itself', async () => {
    const [person] = take(1) as [Person];

    const id = await sendBulkJob(stack.facts, {
      delivery: 'none',
      customer: person.customer.tenantId,
      rows: [{ user: person.user.id, reference: 'ticket 2' }],
    });
    const job = await waitForBulkReset(stack.facts, id);
    const rows = await readBulkRows(stack.facts, id);

    expect(job.status).toBe('Succeeded');
    expect(rows).toEqual([expect.objectContaining({ status: 'Succeeded', reference: 'ticket 2' })]);
    expect(rows[0]).not.toHaveProperty('password');
    expect(resetsOf(person)).toHaveLength(1);
  });

  it('starts nothing when one line is bad, names the line, and keeps the message', async () => {
    const [person] = take(1) as [Person];
    const csv = csvOf([person], 'contoso.com,not a user', 'contoso.com,one,too,many');
    const blob = await uploadCsv(stack.facts, 'bad.csv', csv);

    const id = await sendBulkJob(stack.facts, { delivery: 'none', blob });
    const job = await waitForBulkReset(stack.facts, id);
    const kept = await eventually(() => findPutAside(stack, id));

    expect(job).toMatchObject({
      status: 'Failed',
      error: { code: 'InvalidRows' },
      invalidRows: [
        { line: 3, row: 2, code: 'InvalidRows', target: 'user' },
        { line: 4, row: 3, code: 'InvalidRows' },
      ],
    });
    expect(kept).toEqual({ bulkResetId: id, delivery: 'none', blob });
    expect(resetsOf(person)).toEqual([]);
  });

  it('runs the good rows when the bad ones are to be skipped', async () => {
    const persons = take(2);
    const blob = await uploadCsv(stack.facts, 'skip.csv', csvOf(persons, 'contoso.com,not a user'));

    const id = await sendBulkJob(stack.facts, { delivery: 'none', onInvalidRows: 'skip', blob });
    const job = await waitForBulkReset(stack.facts, id);

    expect(job).toMatchObject({
      status: 'Succeeded',
      rows: { total: 3, invalid: 1 },
      invalidRows: [{ line: 4 }],
    });
  });

  it.each([
    ['a file that is not there', { blob: { name: 'none.csv', sha256: '0'.repeat(64) } }],
    [
      'rows and a file',
      { rows: [{ user: 'a@b.com' }], blob: { name: 'a', sha256: '0'.repeat(64) } },
    ],
    ['an unknown field', { rows: [{ user: 'a@b.com' }], extra: true }],
    ['no rows at all', { rows: [] }],
    ['a password', { rows: [{ user: 'a@b.com', password: 'Correct-Horse-7' }] }],
  ])('refuses %s and says so', async (_, content) => {
    const id = await sendBulkJob(stack.facts, { delivery: 'none', ...content });
    const job = await waitForBulkReset(stack.facts, id);

    expect(job).toMatchObject({ status: 'Failed', error: { code: 'InvalidRequest' } });
  });

  it('refuses a file whose content is not the one that was meant', async () => {
    const { name } = await uploadCsv(stack.facts, 'changed.csv', csvOf(take(1)));

    const id = await sendBulkJob(stack.facts, {
      delivery: 'none',
      blob: { name, sha256: '0'.repeat(64) },
    });
    const job = await waitForBulkReset(stack.facts, id);

    expect(job).toMatchObject({ status: 'Failed', error: { code: 'InvalidRequest' } });
  });

  it('resets nobody twice when the same job is sent twice under its id', async () => {
    const persons = take(3);
    const blob = await uploadCsv(stack.facts, 'twice.csv', csvOf(persons));
    const bulkResetId = randomUUID();
    const message = { bulkResetId, delivery: 'response', blob };

    await sendBulkJob(stack.facts, message);
    const job = await waitForBulkReset(stack.facts, bulkResetId);
    await sendBulkJob(stack.facts, message);
    await eventually(() => isQueueEmpty(stack, 'bulk-reset-jobs'));
    await eventually(() => isQueueEmpty(stack, 'password-resets'));

    expect(job).toMatchObject({ status: 'Succeeded', progress: { succeeded: 3 } });
    expect(persons.map((person) => resetsOf(person).length)).toEqual([1, 1, 1]);
  });
});

function queueOf({ facts }: TestStack, name: string) {
  return QueueServiceClient.fromConnectionString(facts.storageConnectionString).getQueueClient(
    name,
  );
}

async function findPutAside(stack: TestStack, id: string): Promise<object | undefined> {
  const { peekedMessageItems } = await queueOf(stack, 'bulk-reset-jobs-poison').peekMessages({
    numberOfMessages: 32,
  });
  return peekedMessageItems
    .map(({ messageText }) => JSON.parse(Buffer.from(messageText, 'base64').toString()) as object)
    .find((message) => 'bulkResetId' in message && message.bulkResetId === id);
}

async function isQueueEmpty(stack: TestStack, name: string): Promise<true | undefined> {
  const { approximateMessagesCount } = await queueOf(stack, name).getProperties();
  return approximateMessagesCount === 0 ? true : undefined;
}
