import { createApiResets } from './api-resets.js';
import { runRawBulk } from './raw-bulk.js';
import { createRawUpstream } from './raw-upstream.js';
import type { BenchUser } from './bench-user.js';

/** What the benchmark asks of the process that makes the calls. */
export interface ClientTask {
  /** Resets one after the other over our API or raw, or a bulk job raw. */
  readonly kind: 'ours' | 'raw' | 'rawBulk';
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
    case 'raw':
      return timeEach(task.users, createRawUpstream(task).resetPassword);
    case 'rawBulk':
      await runRawBulk(task.storageConnectionString, task.users, createRawUpstream(task));
      return [];
  }
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
