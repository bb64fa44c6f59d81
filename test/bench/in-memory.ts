import { parseArgs } from 'node:util';
import { fakeEncryptForRecipient } from '../fakes/fake-recipient.js';
import { allowEverything, withoutApproval } from '../fakes/allow-everything.js';
import { randomUUID } from 'node:crypto';
import { createOpenLines } from '../../shared/bulk-reset/bulk-lines.js';
import { createReadBulkRows } from '../../shared/bulk-reset/bulk-rows.js';
import type { SliceWakeUp } from '../../shared/bulk-reset/ports.js';
import { createProcessBulkReset } from '../../shared/bulk-reset/process-bulk-reset.js';
import { createProcessSlice } from '../../shared/bulk-reset/process-slice.js';
import { createSplitRows } from '../../shared/bulk-reset/split-rows.js';
import { createKeepBulkReset } from '../../shared/bulk-reset/submit-bulk-reset.js';
import { createSweepBulkResets } from '../../shared/bulk-reset/sweep-bulk-resets.js';
import { shardCount } from '../../shared/bulk-reset/tally.js';
import { createWakeSlices } from '../../shared/bulk-reset/wake-slices.js';
import { createEnvelopes } from '../../shared/delivery/envelopes.js';
import { createSeals } from '../../shared/delivery/seal.js';
import { createAttempt } from '../../shared/password-reset/attempt-password-reset.js';
import { createBrakes } from '../../shared/password-reset/brakes.js';
import { createCheckUser } from '../../shared/password-reset/check-user.js';
import type { UserId, UserPrincipalName } from '../../shared/password-reset/ids.js';
import { generatePassword } from '../../shared/password-reset/password.js';
import type { CustomerUsers } from '../../shared/password-reset/ports.js';
import { createProcessRow } from '../../shared/password-reset/process-password-reset.js';
import { defaultLimits as limits } from '../../shared/password-reset/reset-row.js';
import { createTakeUser } from '../../shared/password-reset/take-user.js';
import { createFairLimit } from '../../shared/platform/fair-limit.js';
import { customerTenantId } from '../builders/a-reset-row.js';
import { FakeBulkOrders } from '../fakes/fake-bulk-orders.js';
import { FakeBulkResetStore } from '../fakes/fake-bulk-reset-store.js';
import { FakeControl } from '../fakes/fake-control.js';
import { FakeCustomers } from '../fakes/fake-customers.js';
import { FakeInbox } from '../fakes/fake-inbox.js';
import { FakeResetStore } from '../fakes/fake-reset-store.js';
import { FakeRowFaults } from '../fakes/fake-row-faults.js';
import { FakeSealingKeys } from '../fakes/fake-sealing-keys.js';
import { FakeUserLocks } from '../fakes/fake-user-locks.js';
import { plainFingerprints } from '../fakes/plain-fingerprints.js';
import { noAudit } from '../fakes/fake-audit.js';

// Our own code and nothing else: jobs from the file to the last row, over ports that are all in memory.
const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    'rows-per-job': { type: 'string', default: '25000' },
  },
});
const rowsPerJob = Number(values['rows-per-job']);
const jobs = Math.ceil(Number(values.rows) / rowsPerJob);

const now = Date.now;
const { signal } = new AbortController();
const bulkResets = new FakeBulkResetStore();
const orders = new FakeBulkOrders();
const resets = new FakeResetStore();
const locks = new FakeUserLocks();
const inbox = new FakeInbox();
const control = new FakeControl();
const queue: SliceWakeUp[] = [];
let sent = 0;
const users: CustomerUsers = {
  get: ({ userId }) =>
    Promise.resolve({
      userId,
      userPrincipalName: 'somebody@contoso.com' as UserPrincipalName,
      isDeleted: false,
      isFederated: false,
      isSynchronized: false,
    }),
  findBySignInName: () => Promise.reject(new Error('Everybody is named by id')),
  directoryRoles: () => Promise.resolve([]),
  resetPassword: () => {
    sent += 1;
    return Promise.resolve();
  },
};

const authorize = allowEverything;
const newPassword = () => generatePassword({ kind: 'random', length: 16 });
const seals = createSeals({ envelopes: createEnvelopes({ keys: new FakeSealingKeys() }) });
const limit = createFairLimit({ maxConcurrent: 16 });
const onBrakeLost = () => undefined;
const brakes = createBrakes({ control, pace: limit, now, onBrakeLost });
const wakeUps = {
  send: (wakeUp: SliceWakeUp) => Promise.resolve(void queue.push(wakeUp)),
};
const wakeSlices = createWakeSlices({ bulkResets, wakeUps });
const attempt = createAttempt({
  ...noAudit,
  encryptForRecipient: fakeEncryptForRecipient,
  users,
  takeUser: createTakeUser({ locks, resets, settleMs: limits.settleMs, now }),
  brakes,
  seals,
  resets,
  newPassword,
  limits,
  sendTimeoutMs: 30_000,
  now,
  random: Math.random,
});
const processRow = createProcessRow({
  ...noAudit,
  resets,
  seals,
  brakes,
  authorize,
  checkUser: createCheckUser({ users, policy: { resetSynchronizedUsers: false } }),
  attempt,
  limits,
  now,
  newAttemptId: randomUUID,
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
  openLines: createOpenLines({ inbox, orders, bulkResets, rows: resets }),
  readBulkRows: createReadBulkRows({ customers: new FakeCustomers(), authorize }),
  splitRows: createSplitRows({ seals, resets, newPassword }),
  wakeSlices,
  now,
});
const processSlice = createProcessSlice({
  ...noAudit,
  bulkResets,
  rows: resets,
  resets,
  seals,
  processRow,
  limit,
  wakeUps,
  wakeSlices,
  now,
  timeoutMs: 200_000,
  onRowFailed: (_resetId, error) => {
    throw error;
  },
});
const sweep = createSweepBulkResets({
  bulkResets,
  rows: resets,
  control,
  wakeUps: { send: () => Promise.resolve() },
  sliceWakeUps: wakeUps,
  limits,
  now,
});

const startedMs = performance.now();
for (let job = 1; job <= jobs; job += 1) {
  const { name, sha256 } = inbox.put('all.csv', csvOf(rowsPerJob));
  const bulkResetId = randomUUID();
  const source = { kind: 'blob', name, sha256 } as const;
  const options = { delivery: 'none', forceChangePassword: true, onInvalidRows: 'refuse' } as const;
  await keep({ ...options, bulkResetId, caller: 'helpdesk', source }, signal);
  await processBulkReset(bulkResetId, signal);
  await Promise.all(Array.from({ length: 12 }, workOff));
  await sweep(signal);
  const { row } = (await bulkResets.read(bulkResetId)) ?? {};
  if (row?.finishedAtMs === undefined || !('counts' in row)) {
    throw new Error(`Job ${job} did not come to its end: ${JSON.stringify(row)}`);
  }
  for (let shard = 0; shard < shardCount(row.counts); shard += 1) {
    await resets.deleteShard(bulkResetId, shard);
  }
  await bulkResets.delete(bulkResetId);
  await orders.delete(bulkResetId);
  report(job);
}

async function workOff(): Promise<void> {
  for (let wakeUp = queue.shift(); wakeUp !== undefined; wakeUp = queue.shift()) {
    await processSlice(wakeUp, { isRepeated: false }, signal);
  }
}

function report(job: number): void {
  globalThis.gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  const seconds = (performance.now() - startedMs) / 1000;
  const mebibytes = (bytes: number) => Math.round(bytes / 1024 / 1024);
  console.log(
    `${job * rowsPerJob} rows, ${sent} resets in ${seconds.toFixed(0)} s (${Math.round(sent / seconds)} a second); heap ${mebibytes(heapUsed)} MiB, resident ${mebibytes(rss)} MiB`,
  );
}

/** The same users in every job: what is remembered of each is not what is measured. */
function csvOf(rows: number): string {
  const lines = Array.from({ length: rows }, (_, index) => {
    const userId = `00000000-0000-4000-8000-${String(index).padStart(12, '0')}` as UserId;
    return `${customerTenantId},${userId}`;
  });
  return `customer,user\n${lines.join('\n')}\n`;
}
