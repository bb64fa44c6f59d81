import { createHash, randomUUID } from 'node:crypto';
import { allowEverything, withoutApproval } from '../fakes/allow-everything.js';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { startAzurite } from '../../infra/local/azurite.js';
import { createBlobInbox } from '../../shared/azure/blob-inbox.js';
import { createBlobBulkOrders } from '../../shared/azure/blob-bulk-orders.js';
import { createStorageClients } from '../../shared/azure/storage-clients.js';
import { createTableBulkResetStore } from '../../shared/azure/table-bulk-reset-store.js';
import { createTableResetStore } from '../../shared/azure/table-reset-store.js';
import { createOpenLines } from '../../shared/bulk-reset/bulk-lines.js';
import type { BulkResetOrder } from '../../shared/bulk-reset/bulk-reset.js';
import { createReadBulkRows } from '../../shared/bulk-reset/bulk-rows.js';
import { checkRows } from '../../shared/bulk-reset/check-rows.js';
import { readCsvRows } from '../../shared/bulk-reset/csv-rows.js';
import { createProcessBulkReset } from '../../shared/bulk-reset/process-bulk-reset.js';
import { createSplitRows } from '../../shared/bulk-reset/split-rows.js';
import { createKeepBulkReset } from '../../shared/bulk-reset/submit-bulk-reset.js';
import { createEnvelopes } from '../../shared/delivery/envelopes.js';
import { createSeals } from '../../shared/delivery/seal.js';
import { generatePassword } from '../../shared/password-reset/password.js';
import { aBulkResetOrder } from '../builders/a-bulk-reset.js';
import { customerTenantId } from '../builders/a-reset-row.js';
import { FakeCustomers } from '../fakes/fake-customers.js';
import { FakeRowFaults } from '../fakes/fake-row-faults.js';
import { FakeSealingKeys } from '../fakes/fake-sealing-keys.js';
import { plainFingerprints } from '../fakes/plain-fingerprints.js';
import { noAudit } from '../fakes/fake-audit.js';

// How long a file takes to be checked, and to become the rows of a job in the emulator, and how much memory.
// The engine lets garbage lie while there is room, so the command bounds the heap; what then grows is the job.
const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '100000' },
    'checked-rows': { type: 'string', default: '1000000' },
  },
});
const rows = Number(values.rows);
const checkedRows = Number(values['checked-rows']);

const now = Date.now;
const { signal } = new AbortController();
const readBulkRows = createReadBulkRows({
  customers: new FakeCustomers(),
  authorize: allowEverything,
});

const azurite = await startAzurite();
try {
  const split = await prepare(azurite.connectionString);
  // What is loaded and compiled once, and the room that any work takes, is no matter of the rows.
  await split(10_000);
  const rssBefore = process.memoryUsage.rss();
  let rssMost = rssBefore;
  const watch = setInterval(() => {
    rssMost = Math.max(rssMost, process.memoryUsage.rss());
  }, 50);
  const made = await timed(() => split(rows));
  clearInterval(watch);
  const perSecond = Math.round(rows / (made.wallMs / 1_000));
  const grownMiB = Math.round((rssMost - rssBefore) / 1024 / 1024);
  console.log(`${rows} rows checked and made ${secondsOf(made)}`);
  console.log(`${perSecond} rows a second (target 2000), ${grownMiB} MiB more memory (target 64)`);
} finally {
  await azurite.stop();
}

const checked = await timed(async () => {
  const lines = readCsvRows(csvOf(checkedRows));
  const { counts } = await checkRows(readBulkRows(aBulkResetOrder())(lines, signal));
  if (counts.valid !== checkedRows) throw new Error(`Only ${counts.valid} rows are valid`);
});
console.log(`${checkedRows} rows checked ${secondsOf(checked)}`);

/** A job from its file to its last row, in real tables and blobs, as the app does it. */
async function prepare(connectionString: string): Promise<(rows: number) => Promise<void>> {
  const clients = createStorageClients(
    { kind: 'connectionString', connectionString },
    { getToken: () => Promise.resolve(null) },
  );
  const container = clients.container('bulk-inbox');
  await Promise.all([
    clients.table('passwordresets').createTable(),
    clients.table('bulkresets').createTable(),
    clients.container('bulk-orders').create(),
    container.create(),
  ]);
  const envelopes = createEnvelopes({ keys: new FakeSealingKeys() });
  const bulkResets = createTableBulkResetStore(clients.table('bulkresets'));
  const orders = createBlobBulkOrders({ container: clients.container('bulk-orders'), envelopes });
  const resets = createTableResetStore(clients.table('passwordresets'), {
    onUnreadable: (resetId) => {
      throw new Error(`The row ${resetId} cannot be read`);
    },
  });
  const keep = createKeepBulkReset({
    ...noAudit,
    bulkResets,
    orders,
    fingerprints: plainFingerprints,
    now,
  });
  const processBulkReset = createProcessBulkReset({
    ...noAudit,
    ...withoutApproval,
    bulkResets,
    orders,
    rowFaults: new FakeRowFaults(),
    openLines: createOpenLines({
      inbox: createBlobInbox(container),
      orders,
      bulkResets,
      rows: resets,
    }),
    readBulkRows,
    splitRows: createSplitRows({
      seals: createSeals({ envelopes }),
      resets,
      newPassword: () => generatePassword({ kind: 'random', length: 16 }),
    }),
    wakeSlices: { first: () => Promise.resolve(), next: () => Promise.resolve() },
    now,
  });

  return async (count) => {
    const order = await upload(count);
    await keep(order, signal);
    const { job } = await processBulkReset(order.bulkResetId, signal);
    if (job?.state !== 'split') throw new Error(`The job is ${job?.state ?? 'gone'}`);
  };

  async function upload(count: number): Promise<BulkResetOrder> {
    const name = `${count}.csv`;
    const hash = createHash('sha256');
    const chunks: Uint8Array[] = [];
    for await (const chunk of csvOf(count)) {
      hash.update(chunk);
      chunks.push(chunk);
    }
    await container.getBlockBlobClient(name).uploadData(Buffer.concat(chunks));
    const source = { kind: 'blob', name, sha256: hash.digest('hex') } as const;
    return aBulkResetOrder({ bulkResetId: randomUUID(), source });
  }
}

/** As many different users, a thousand lines at a time. */
async function* csvOf(count: number): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from('customer,user\n'));
  for (let first = 1; first <= count; first += 1_000) {
    const lines = Array.from(
      { length: Math.min(1_000, count - first + 1) },
      (_, index) => `${customerTenantId},user-${first + index}@contoso.com\n`,
    );
    yield Buffer.from(lines.join(''));
  }
}

interface Times {
  readonly wallMs: number;
  /** Of this process, without the emulator: on a machine that others use too, it tells more. */
  readonly cpuMs: number;
}

async function timed(work: () => Promise<void>): Promise<Times> {
  const start = performance.now();
  const cpuBefore = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(cpuBefore);
  return { wallMs: performance.now() - start, cpuMs: (user + system) / 1_000 };
}

function secondsOf({ wallMs, cpuMs }: Times): string {
  return `in ${(wallMs / 1_000).toFixed(1)} s, ${(cpuMs / 1_000).toFixed(1)} s of it at work here`;
}
