import type { HttpHandler, HttpRequest } from '@azure/functions';
import { toReader } from '../callers/caller.js';
import type {
  createReadPassword,
  createReadPasswordReset,
} from '../password-reset/read-password-reset.js';
import { ResetError } from '../password-reset/reset-error.js';
import type { Authenticate } from './authenticate.js';
import type { HttpDoor } from './http-door.js';
import {
  type PasswordResetLinks,
  toPasswordResetView,
  toResultResponse,
} from './password-reset-view.js';
import { resetIdText } from './schemas.js';

export interface GetPasswordResetDependencies {
  readonly door: HttpDoor;
  readonly authenticate: Authenticate;
  readonly readPasswordReset: ReturnType<typeof createReadPasswordReset>;
  readonly readPassword: ReturnType<typeof createReadPassword>;
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

/** Whatever the code: on a 429 or 5xx a flow engine would ask again, and this answer is the last. */
const failedStatus = 422;

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
    const mayRead = caller.permissions.has('readPassword');
    const password = mayRead ? await readPassword(row, toReader(caller), signal) : undefined;
    const response = toResultResponse(row, password, { links, nowMs: now() });
    if (row.state !== 'rejected' && row.state !== 'attention') return response;
    const headers = { ...response.headers };
    delete headers['Retry-After'];
    return { ...response, status: failedStatus, headers };
  });
}

function resetIdOf({ params }: HttpRequest): string {
  const id = params['id'] ?? '';
  if (resetIdText.test(id)) return id;
  throw new ResetError('PasswordResetNotFound', 'There is no such password reset');
}
