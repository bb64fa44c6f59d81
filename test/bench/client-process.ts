import { createApiCall, createApiResets } from './api-resets.js';
import { createTableWrite } from './table-write.js';
import { runRawBulk } from './raw-bulk.js';
import { createRawUpstream } from './raw-upstream.js';
import type { BenchUser } from './bench-user.js';

/** What the benchmark asks of the process that makes the calls. */
export interface ClientTask {
  /**
   * One call a user, one after the other: a reset over our API, the same upstream calls raw, a call
   * of the API that does nothing, one conditional write to a table. Or a bulk job raw.
   */
  readonly kind: 'ours' | 'raw' | 'nothing' | 'write' | 'rawBulk';
  readonly users: readonly BenchUser[];
  readonly apiUrl: string;
  readonly apiKey: string;
  readonly partnerCenterUrl: string;
  readonly accessToken: string;
  readonly storageConnectionString: string;
}

/** Milliseconds of each single reset; empty for a bulk job. */
export type ClientResult = readonly number[];

// Whatever is timed is called from here, away from the stand-ins and in the same way.
process.on('message', (message) => {
  void run(message as ClientTask).then((result) => process.send?.(result));
});

async function run(task: ClientTask): Promise<ClientResult> {
  switch (task.kind) {
    case 'ours':
      return timeEach(task.users, createApiResets(task));
    case 'nothing':
      return timeEach(task.users, createApiCall(task));
    case 'write':
      return timeEach(task.users, await createTableWrite(task));
    case 'raw':
      return timeEach(task.users, rawResets(task));
    case 'rawBulk':
      await runRawBulk(task.storageConnectionString, task.users, createRawUpstream(task));
      return [];
  }
}

function rawResets(task: ClientTask) {
  const upstream = createRawUpstream(task);
  return (user: BenchUser) => upstream.resetPassword(user);
}

async function timeEach(
  users: readonly BenchUser[],
  resetPassword: (user: BenchUser) => Promise<void>,
): Promise<number[]> {
  const timesMs: number[] = [];
  for (const user of users) {
    const startedAt = performance.now();
    await resetPassword(user);
    timesMs.push(performance.now() - startedAt);
  }
  return timesMs;
}
