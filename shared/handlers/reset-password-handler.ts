import type { HttpHandler, InvocationContext } from '@azure/functions';
import { type Caller, toReader } from '../callers/caller.js';
import type { AcceptedReset } from '../password-reset/accept-password-reset.js';
import { type Audit, revealEvents } from '../password-reset/audit.js';
import type { ReadablePassword, ReadPassword } from '../password-reset/read-password-reset.js';
import { ResetError } from '../password-reset/reset-error.js';
import { untilAborted } from '../platform/deadline.js';
import { log } from '../platform/log.js';
import type { CallerDoor } from './caller-door.js';
import { readIdempotency } from './idempotency-key.js';
import {
  type PasswordResetLinks,
  toResetResponse,
  toResultResponse,
} from './password-reset-view.js';
import { readJsonBody } from './read-json-body.js';
import { parseRequest, passwordResetBody } from './schemas.js';
import type { TakePasswordReset } from './take-password-reset.js';

export interface ResetPasswordDependencies {
  readonly door: CallerDoor;
  readonly takePasswordReset: TakePasswordReset;
  readonly readPassword: ReadPassword;
  /** Nothing is shown before it is kept that it will be. */
  readonly audit: Audit;
  readonly links: PasswordResetLinks;
  readonly now: () => number;
}

/**
 * `POST /password-resets`: 200 when it is done within the budget, 202 when the rest happens later.
 *
 * Under an idempotency key the answer is the one of `/result`: the same request would find the same
 * reset, so that no repeat can mend a failure.
 */
export function createResetPasswordHandler(dependencies: ResetPasswordDependencies): HttpHandler {
  const { door, takePasswordReset, readPassword, audit, links, now } = dependencies;

  return door(async (caller, request, signal, context) => {
    const { key: idempotencyKey, headers } = readIdempotency(request);
    const asked = parseRequest(passwordResetBody, await readJsonBody(request));

    const order = { ...asked, ...(idempotencyKey !== undefined && { idempotencyKey }) };
    const accepted = await takePasswordReset({ caller, order, context }, signal);
    const readable = await readAccepted(accepted, { caller, context }, signal);
    const toResponse = idempotencyKey === undefined ? toResetResponse : toResultResponse;
    const response = toResponse(accepted.row, readable, { links, nowMs: now() });
    return { ...response, headers: { ...response.headers, ...headers } };
  });

  /** What the caller may see of it at once. */
  async function readAccepted(
    { row, password }: AcceptedReset,
    { caller, context }: { readonly caller: Caller; readonly context: InvocationContext },
    signal: AbortSignal,
  ): Promise<ReadablePassword> {
    const isShown = row.state === 'applied' && row.delivery === 'response';
    const by = { caller: caller.name, requestId: context.invocationId };
    try {
      const readable: ReadablePassword =
        isShown && password !== undefined
          ? { kind: 'password', password }
          : await readPassword(row, toReader(caller), signal);
      await untilAborted(audit(revealEvents([{ row, readable }], by)), signal);
      return readable;
    } catch (error) {
      // Whoever asks for it again finds the same reset: the error does no harm.
      if (password === undefined || !isForeseen(error, signal)) throw error;
      log(context, 'warn', 'result not read', { resetId: row.resetId });
      return readLater;
    }
  }
}

/** The user was reset. An error would have the caller ask for another reset, so it is sent to the result. */
const readLater: ReadablePassword = { kind: 'settling', untilMs: 0 };

function isForeseen(error: unknown, signal: AbortSignal): boolean {
  return error instanceof ResetError || error === signal.reason;
}
