import type { HttpHandler, HttpRequest } from '@azure/functions';
import { toReader } from '../callers/caller.js';
import type {
  createReadPasswordReset,
  ReadPassword,
} from '../password-reset/read-password-reset.js';
import { ResetError } from '../password-reset/reset-error.js';
import type { Authenticate } from './authenticate.js';
import type { HttpDoor } from './http-door.js';
import {
  type PasswordResetLinks,
  toPasswordResetView,
  toResultResponse,
} from './password-reset-view.js';
import { singleResetId } from './schemas.js';

export interface GetPasswordResetDependencies {
  readonly door: HttpDoor;
  readonly authenticate: Authenticate;
  readonly readPasswordReset: ReturnType<typeof createReadPasswordReset>;
  readonly readPassword: ReadPassword;
  readonly links: PasswordResetLinks;
  readonly now: () => number;
}

/** `GET /password-resets/{id}`: how it stands, always 200 and never with the password. */
export function createGetPasswordResetHandler({
  door,
  authenticate,
  readPasswordReset,
}: GetPasswordResetDependencies): HttpHandler {
  return door(async (request, signal) => {
    const caller = await authenticate(request, signal);
    const row = await readPasswordReset(resetIdOf(request), caller.name);
    return { status: 200, jsonBody: toPasswordResetView(row) };
  });
}

/** `GET /password-resets/{id}/result`: 202 until the end, then what the reset came to. */
export function createGetPasswordResetResultHandler({
  door,
  authenticate,
  readPasswordReset,
  readPassword,
  links,
  now,
}: GetPasswordResetDependencies): HttpHandler {
  return door(async (request, signal) => {
    const caller = await authenticate(request, signal);
    const row = await readPasswordReset(resetIdOf(request), caller.name);
    const readable = await readPassword(row, toReader(caller), signal);
    return toResultResponse(row, readable, { links, nowMs: now() });
  });
}

function resetIdOf({ params }: HttpRequest): string {
  const id = params['id'] ?? '';
  // The rows of a job are read through the job, which may have been acknowledged.
  if (singleResetId.test(id)) return id;
  throw new ResetError('PasswordResetNotFound', 'There is no such password reset');
}
