import { TableClient } from '@azure/data-tables';
import { type DequeuedMessageItem, QueueServiceClient } from '@azure/storage-queue';
import { randomBytes, randomUUID } from 'node:crypto';
import type { BenchUser } from './bench-user.js';
import type { createRawUpstream } from './raw-upstream.js';

/** As host.json has it: messages taken at a time, and how many are worked on at once. */
const batchSize = 8;
const concurrency = 12;
const rowsPerTransaction = 100;
const concurrentSends = 16;
/** What a row of ours is filled with for the most part: its seal. */
const sealBytes = 560;

/**
 * The storage and upstream calls of a bulk job and nothing else: rows inserted by the hundred, a
 * message for each, and for each message a read, two conditional writes, the reset and a delete.
 */
export async function runRawBulk(
  connectionString: string,
  users: readonly BenchUser[],
  upstream: ReturnType<typeof createRawUpstream>,
): Promise<void> {
  const run = randomUUID();
  const table = TableClient.fromConnectionString(connectionString, 'rawrows', {
    allowInsecureConnection: true,
  });
  const queue = QueueServiceClient.fromConnectionString(connectionString).getQueueClient('raw');
  await Promise.all([table.createTable(), queue.createIfNotExists()]);
  const received: DequeuedMessageItem[] = [];
  let receiving: Promise<void> | undefined;
  let left = users.length;

  await Promise.all([fill(), ...Array.from({ length: concurrency }, work)]);

  async function fill(): Promise<void> {
    for (let first = 0; first < users.length; first += rowsPerTransaction) {
      const rows = users.slice(first, first + rowsPerTransaction).map((_, index) => first + index);
      await table.submitTransaction(rows.map((row) => ['create', entityOf(row)]));
      await Promise.all(Array.from({ length: concurrentSends }, () => send(rows)));
    }
  }

  async function send(rows: number[]): Promise<void> {
    for (let row = rows.shift(); row !== undefined; row = rows.shift()) {
      const text = Buffer.from(JSON.stringify({ resetId: `${run}-${row}`, row }));
      await queue.sendMessage(text.toString('base64'), { messageTimeToLive: -1 });
    }
  }

  async function work(): Promise<void> {
    for (;;) {
      const message = await nextMessage();
      if (message === undefined) return;
      const text = Buffer.from(message.messageText, 'base64').toString();
      await resetRow((JSON.parse(text) as { row: number }).row);
      await queue.deleteMessage(message.messageId, message.popReceipt);
      left -= 1;
    }
  }

  async function nextMessage(): Promise<DequeuedMessageItem | undefined> {
    while (left > 0 && received.length === 0) {
      receiving ??= receive().finally(() => {
        receiving = undefined;
      });
      await receiving;
    }
    return received.shift();
  }

  async function receive(): Promise<void> {
    const { receivedMessageItems } = await queue.receiveMessages({
      numberOfMessages: batchSize,
      visibilityTimeout: 600,
    });
    received.push(...receivedMessageItems);
  }

  async function resetRow(row: number): Promise<void> {
    const user = users[row];
    if (user === undefined) throw new RangeError(`There is no row ${row}`);
    const { etag } = await table.getEntity(partitionOf(row), String(row));
    const claimed = await table.updateEntity(entityOf(row), 'Replace', { etag });
    await upstream.resetPassword(user);
    const etagOfClaim = claimed.etag ?? '*';
    await table.updateEntity(entityOf(row), 'Replace', { etag: etagOfClaim });
  }

  function entityOf(row: number) {
    return {
      partitionKey: partitionOf(row),
      rowKey: String(row),
      seal: randomBytes(sealBytes).toString('base64'),
      state: 'queued',
      acceptedAt: new Date(),
    };
  }

  function partitionOf(row: number): string {
    return `${run}-${Math.floor(row / 1000)}`;
  }
}
