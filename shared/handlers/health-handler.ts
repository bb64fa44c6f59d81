import type { HttpHandler, InvocationContext } from '@azure/functions';
import { ResetError, type ResetErrorCode } from '../password-reset/reset-error.js';
import { errorName, log } from '../platform/log.js';
import { type Authenticate, hasCredential } from './authenticate.js';
import type { HttpDoor } from './http-door.js';
import { identify } from './identify.js';

/** Resolves when what it looks at can be used. */
export type HealthCheck = (signal: AbortSignal) => Promise<unknown>;

export interface HealthDependencies {
  readonly door: HttpDoor;
  readonly authenticate: Authenticate;
  readonly checks: Readonly<Record<string, HealthCheck>>;
}

/** `GET /health`: alive for anybody; for a caller, whether everything that a reset needs is usable. */
export function createHealthHandler({
  door,
  authenticate,
  checks,
}: HealthDependencies): HttpHandler {
  return door(async (request, signal, context) => {
    if (!hasCredential(request)) return { status: 200, jsonBody: { status: 'Healthy' } };
    await identify(() => authenticate(request, signal), context);
    const results = await Promise.all(
      Object.entries(checks).map(
        async ([name, check]) => [name, await resultOf(name, check, signal, context)] as const,
      ),
    );
    const isHealthy = results.every(([, { status }]) => status === 'Healthy');
    return {
      status: isHealthy ? 200 : 503,
      jsonBody: {
        status: isHealthy ? 'Healthy' : 'Unhealthy',
        checks: Object.fromEntries(results),
      },
    };
  });
}

interface Result {
  readonly status: 'Healthy' | 'Unhealthy';
  readonly code?: ResetErrorCode | 'Unexpected';
  readonly message?: string;
}

/** What was not foreseen may say anything, so only its name is passed on, and to the log alone. */
async function resultOf(
  name: string,
  check: HealthCheck,
  signal: AbortSignal,
  context: InvocationContext,
): Promise<Result> {
  try {
    await check(signal);
    return { status: 'Healthy' };
  } catch (error) {
    if (error instanceof ResetError) {
      return { status: 'Unhealthy', code: error.code, message: error.message };
    }
    log(context, 'error', 'health check failed', { check: name, error: errorName(error) });
    return { status: 'Unhealthy', code: 'Unexpected' };
  }
}
