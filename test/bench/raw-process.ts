import { runRawBulk } from './raw-bulk.js';
import { createRawUpstream, type RawUpstreamOptions, type RawUser } from './raw-upstream.js';

/** What the benchmark asks of the process that makes the raw calls. */
export interface RawTask extends RawUpstreamOptions {
  readonly users: readonly RawUser[];
  /** Where to run the users as a bulk job; without it they are reset one after the other. */
  readonly storageConnectionString?: string;
}

/** Milliseconds of each single reset; empty for a bulk job. */
export type RawResult = readonly number[];

// The yardstick runs in a process of its own, as the app does: neither shares a core with the stand-ins.
process.on('message', (message) => {
  void run(message as RawTask).then((result) => process.send?.(result));
});

async function run({ users, storageConnectionString, ...options }: RawTask): Promise<RawResult> {
  const upstream = createRawUpstream(options);
  if (storageConnectionString !== undefined) {
    await runRawBulk(storageConnectionString, users, upstream);
    return [];
  }
  const timesMs: number[] = [];
  for (const user of users) {
    const startedAt = performance.now();
    await upstream.resetPassword(user);
    timesMs.push(performance.now() - startedAt);
  }
  return timesMs;
}
