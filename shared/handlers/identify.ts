import type { InvocationContext } from '@azure/functions';
import { explanationByCode } from '../password-reset/explanations.js';
import { ResetError } from '../password-reset/reset-error.js';
import { log } from '../platform/log.js';

/**
 * Finds out who asks. Who is not known yet is told what is wrong with what was sent, but of what is wrong
 * with the service no more than the code stands for: its own words name secrets and callers, and are for
 * the log.
 */
export async function identify<T>(
  find: () => Promise<T>,
  context: Pick<InvocationContext, 'warn' | 'error'>,
): Promise<T> {
  try {
    return await find();
  } catch (error) {
    if (!(error instanceof ResetError) || error.recovery === 'never') throw error;
    const { code, message, recovery, retryAfterMs, correlationId } = error;
    const severity = recovery === 'operator' ? 'error' : 'warn';
    log(context, severity, 'caller not identified', { code, message });
    throw new ResetError(code, explanationByCode[code], {
      cause: error,
      retryAfterMs,
      correlationId,
    });
  }
}
