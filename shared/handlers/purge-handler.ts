import type { TimerHandler } from '@azure/functions';
import type { LogFields } from '../platform/log.js';
import { runParts } from './run-parts.js';

export interface PurgeHandlerDependencies {
  readonly purgePasswordResets: (signal: AbortSignal) => Promise<LogFields>;
  readonly purgeBulkResets: (signal: AbortSignal) => Promise<LogFields>;
  readonly timeoutMs: number;
}

/** Every hour: removes passwords that can no longer be read, and rows that nobody needs any more. */
export function createPurgeHandler(dependencies: PurgeHandlerDependencies): TimerHandler {
  const { purgePasswordResets, purgeBulkResets, timeoutMs } = dependencies;

  return async (_timer, context) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const parts = {
      'purge of password resets': () => purgePasswordResets(signal),
      'purge of bulk resets': () => purgeBulkResets(signal),
    };
    await runParts(parts, context);
  };
}
