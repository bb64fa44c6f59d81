import type { HttpHandler, HttpRequest } from '@azure/functions';
import { toReader } from '../callers/caller.js';
import { type Audit, revealEvents } from '../password-reset/audit.js';
import { passwordResetNotFound } from '../password-reset/password-reset-not-found.js';
import type {
  createReadPasswordReset,
  ReadPassword,
} from '../password-reset/read-password-reset.js';
import { untilAborted } from '../platform/deadline.js';
import type { CallerDoor } from './caller-door.js';
import {
  type PasswordResetLinks,
  toPasswordResetView,
  toResultResponse,
} from './password-reset-view.js';
import { singleResetId } from './schemas.js';

export interface GetPasswordResetDependencies {
  readonly door: CallerDoor;
  readonly readPasswordReset: ReturnType<typeof createReadPasswordReset>;
  readonly readPassword: ReadPassword;
  /** Nothing is shown before it is kept that it will be. */
  readonly audit: Audit;
  readonly links: PasswordResetLinks;
  readonly now: () => number;
}

/** `GET /password-resets/{id}`: how it stands, always 200 and never with the password. */
export function createGetPasswordResetHandler({
  door,
  readPasswordReset,
}: GetPasswordResetDependencies): HttpHandler {
  return door(async (caller, request) => {
    const row = await readPasswordReset(resetIdOf(request), caller.name);
    return { status: 200, jsonBody: toPasswordResetView(row) };
  });
}

/** `GET /password-resets/{id}/result`: 202 until the end, then what the reset came to. */
export function createGetPasswordResetResultHandler({
  door,
  readPasswordReset,
  readPassword,
  audit,
  links,
  now,
}: GetPasswordResetDependencies): HttpHandler {
  return door(async (caller, request, signal, { invocationId: requestId }) => {
    const row = await readPasswordReset(resetIdOf(request), caller.name);
    const readable = await readPassword(row, toReader(caller), signal);
    const by = { caller: caller.name, requestId };
    await untilAborted(audit(revealEvents([{ row, readable }], by)), signal);
    return toResultResponse(row, readable, { links, nowMs: now() });
  });
}

function resetIdOf({ params }: HttpRequest): string {
  const id = params['id'] ?? '';
  // The rows of a job are read through the job, which may have been acknowledged.
  if (singleResetId.test(id)) return id;
  throw passwordResetNotFound();
}
