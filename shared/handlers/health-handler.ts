import type { HttpHandler } from '@azure/functions';
import { ResetError } from '../password-reset/reset-error.js';
import { type Authenticate, hasCredential } from './authenticate.js';
import type { HttpDoor } from './http-door.js';

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
  return door(async (request, signal) => {
    if (!hasCredential(request)) return { status: 200, jsonBody: { status: 'Healthy' } };
    await authenticate(request, signal);
    const names = Object.keys(checks);
    const results = await Promise.all(
      Object.values(checks).map((check) => resultOf(check, signal)),
    );
    const isHealthy = results.every(({ status }) => status === 'Healthy');
    return {
      status: isHealthy ? 200 : 503,
      jsonBody: {
        status: isHealthy ? 'Healthy' : 'Unhealthy',
        checks: Object.fromEntries(names.map((name, index) => [name, results[index]])),
      },
    };
  });
}

async function resultOf(check: HealthCheck, signal: AbortSignal) {
  try {
    await check(signal);
    return { status: 'Healthy' };
  } catch (error) {
    if (!(error instanceof ResetError)) throw error;
    return { status: 'Unhealthy', code: error.code, message: error.message };
  }
}
