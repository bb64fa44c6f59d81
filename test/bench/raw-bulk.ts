import { odata, TableClient } from '@azure/data-tables';
import { QueueServiceClient } from '@azure/storage-queue';
import { randomBytes, randomUUID } from 'node:crypto';
import type { BenchUser } from './bench-user.js';
import type { createRawUpstream } from './raw-upstream.js';

const rowsPerSlice = 100;
/** Rows worked on at once, as an instance of ours does. */
const concurrency = 16;
/** So many users of a customer are read one by one before the customer is listed. */
const readsBeforeListing = 20;
/** What a row of ours is filled with for the most part: its seal. */
const sealBytes = 620;

interface Row {
  readonly user: BenchUser;
  readonly partitionKey: string;
  readonly rowKey: string;
}

/**
 * The storage and upstream calls of a bulk job and nothing else. For each hundred rows: one insert, a
 * message sent, taken and deleted, and a query; for each row: the claim, the roles of the user, the
 * entry of the user, the reset, the outcome. The first users of a customer are read, then it is listed.
 */
export async function runRawBulk(
  connectionString: string,
  users: readonly BenchUser[],
  upstream: ReturnType<typeof createRawUpstream>,
): Promise<void> {
  const run = randomUUID();
  const [rows, locks] = await Promise.all(
    ['rawrows', 'rawlocks'].map(async (name) => {
      const table = TableClient.fromConnectionString(connectionString, name, {
        allowInsecureConnection: true,
      });
      await table.createTable();
      return table;
    }),
  );
  if (rows === undefined || locks === undefined) throw new Error('There are no tables');
  const queue = QueueServiceClient.fromConnectionString(connectionString).getQueueClient('raw');
  await queue.createIfNotExists();

  const slices = inSlices(users, run);
  for (const slice of slices) {
    await rows.submitTransaction(slice.map((row) => ['create', entityOf(row, 'queued')]));
    await queue.sendMessage(Buffer.from(randomUUID()).toString('base64'));
  }
  const reads = new Map<string, number>();
  const waiting: { readonly row: Row; readonly etag: string }[] = [];
  let reading: Promise<void> | undefined;
  await Promise.all(Array.from({ length: concurrency }, work));

  async function work(): Promise<void> {
    for (;;) {
      // As soon as there are few left, so that nobody waits for the next slice.
      if (waiting.length < concurrency && slices.length > 0) {
        reading ??= readSlice().finally(() => {
          reading = undefined;
        });
      }
      const next = waiting.shift();
      if (next !== undefined) await reset(next);
      else if (reading !== undefined) await reading;
      else if (slices.length === 0) return;
    }
  }

  async function readSlice(): Promise<void> {
    const slice = slices.shift() ?? [];
    const { receivedMessageItems } = await queue.receiveMessages({ visibilityTimeout: 600 });
    const byKey = new Map(slice.map((row) => [row.rowKey, row]));
    const [first] = slice;
    const filter = odata`PartitionKey eq ${first?.partitionKey ?? ''} and RowKey ge ${first?.rowKey ?? ''} and RowKey le ${slice.at(-1)?.rowKey ?? ''}`;
    for await (const { rowKey = '', etag } of rows?.listEntities({ queryOptions: { filter } }) ??
      []) {
      const row = byKey.get(rowKey);
      if (row !== undefined) waiting.push({ row, etag });
    }
    for (const { messageId, popReceipt } of receivedMessageItems) {
      await queue.deleteMessage(messageId, popReceipt);
    }
  }

  async function reset({ row, etag }: { readonly row: Row; readonly etag: string }): Promise<void> {
    const claimed = await rows?.updateEntity(entityOf(row, 'claimed'), 'Replace', { etag });
    const { customerTenantId, userId } = row.user;
    await locks?.createEntity({ partitionKey: customerTenantId, rowKey: `${run}-${userId}` });
    await send(row.user);
    await rows?.updateEntity(entityOf(row, 'applied'), 'Replace', { etag: claimed?.etag ?? '*' });
  }

  async function send(user: BenchUser): Promise<void> {
    const { customerTenantId } = user;
    const read = reads.get(customerTenantId) ?? 0;
    reads.set(customerTenantId, read + 1);
    if (read < readsBeforeListing) {
      await upstream.resetPassword(user);
      return;
    }
    if (read === readsBeforeListing) await upstream.listUsers(customerTenantId);
    await upstream.resetListed(user);
  }
}

function inSlices(users: readonly BenchUser[], run: string): Row[][] {
  const all = users.map((user, index) => ({
    user,
    partitionKey: `${run}-${Math.floor(index / 1000)}`,
    rowKey: String(index).padStart(7, '0'),
  }));
  return Array.from({ length: Math.ceil(all.length / rowsPerSlice) }, (_, slice) =>
    all.slice(slice * rowsPerSlice, (slice + 1) * rowsPerSlice),
  );
}

function entityOf({ partitionKey, rowKey }: Row, state: string) {
  return {
    partitionKey,
    rowKey,
    seal: randomBytes(sealBytes).toString('base64'),
    state,
    acceptedAt: new Date(),
  };
}
