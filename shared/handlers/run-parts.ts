import type { InvocationContext } from '@azure/functions';
import { errorName, log, type LogFields } from '../platform/log.js';

/** One part of an invocation; resolves with what is worth a log. */
export type Part = () => Promise<LogFields>;

/**
 * Runs parts that must not stop one another: each to its end, and each is logged. Rejects with the first
 * failure after that, so that the host counts the invocation as failed.
 */
export async function runParts(
  parts: Readonly<Record<string, Part>>,
  context: InvocationContext,
): Promise<void> {
  const results = await Promise.allSettled(Object.values(parts).map((run) => run()));
  for (const [index, part] of Object.keys(parts).entries()) {
    const result = results[index];
    if (result?.status === 'fulfilled') log(context, 'info', part, result.value);
    else log(context, 'error', `${part} failed`, { error: errorName(result?.reason) });
  }
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
