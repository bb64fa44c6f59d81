import { createApiClient, sendBulkJob, uploadCsv } from '../../infra/local/api-client.js';
import { startStack, type Stack } from '../../infra/local/stack.js';
import { type LosingProxy, startLosingProxy } from '../integration/losing-proxy.js';
import { benchUsers, type BenchUser } from './bench-user.js';
import { rounded } from './statistics.js';

/** Requests to storage per reset, by what they are for. */
export type StorageRequests = Readonly<Record<string, number>>;

/** What each request is for, by the method and address it is made with; the first that fits counts. */
const purposes: readonly (readonly [string, RegExp])[] = [
  ['insert rows, 100 a transaction', /^POST .*\/\$batch/],
  ['claim a row, record its outcome', /^(?:PUT|PATCH|MERGE) .*\/passwordresets\(/],
  ["take the user's entry", /\/userlocks/],
  ['list the rows of a slice or count those of a shard', /^GET .*\/passwordresets\(\)/],
  ['read one row', /^GET .*\/passwordresets\(/],
  ['read or change the job', /\/bulkresets/],
  ['read the brakes and the stop switch', /\/control/],
  ['messages', /\/(?:password-resets|bulk-reset-jobs|bulk-reset-slices)/],
  ['add to the audit', /\/audit\//],
  ['bring its heads along', /\/auditheads/],
  ['order and file', /\/(?:bulk-inbox|bulk-orders|bulk-row-faults)/],
];

/**
 * Runs one job with a proxy between the app and its storage that counts. Polls of the host while its
 * queues are empty are left out: they depend on time, not on resets.
 */
export async function countStorageRequests(rows: number): Promise<StorageRequests> {
  const proxies: LosingProxy[] = [];
  const stack = await startStack({
    app: 'dist',
    usersPerCustomer: Math.ceil(rows / 7),
    interpose: async (connectionString) => {
      let result = connectionString;
      for (const service of ['Table', 'Queue', 'Blob']) {
        const endpoint = new RegExp(`(?<=${service}Endpoint=)http://[^/;]+`);
        const proxy = await startLosingProxy(endpoint.exec(connectionString)?.[0] ?? '');
        proxies.push(proxy);
        result = result.replace(endpoint, proxy.url);
      }
      return result;
    },
  });
  try {
    await runJob(stack, benchUsers(stack.directory, rows));
    const requests = proxies.flatMap(({ seen }) => seen).filter((request) => !isPoll(request));
    return Object.fromEntries(
      [...purposes.map(([purpose]) => purpose), 'anything else']
        .map((purpose) => [purpose, requests.filter((one) => purposeOf(one) === purpose).length])
        .map(([purpose, count]) => [purpose, rounded(Number(count) / rows, 3)]),
    ) as StorageRequests;
  } finally {
    await stack.stop();
    for (const proxy of proxies) await proxy.close();
  }
}

function isPoll(request: string): boolean {
  return /^GET .*\/messages\?/.test(request);
}

function purposeOf(request: string): string {
  return purposes.find(([, pattern]) => pattern.test(request))?.[0] ?? 'anything else';
}

async function runJob({ facts }: Stack, users: readonly BenchUser[]): Promise<void> {
  const lines = users.map(({ customerTenantId, userId }) => `${customerTenantId},${userId}`);
  const blob = await uploadCsv(facts, 'bench.csv', `customer,user\n${lines.join('\n')}\n`);
  const id = await sendBulkJob(facts, { delivery: 'response', blob });
  const api = createApiClient(facts, 'bulk-queue');
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const { status, body } = await api.get(`/bulk-resets/${id}`);
    if (status === 200 && (body as { status: string }).status === 'Succeeded') return;
  }
}
