import type { HttpHandler } from '@azure/functions';
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
  const { door, takePasswordReset, links, now } = dependencies;

  return door(async (caller, request, signal, context) => {
    const { key: idempotencyKey, headers } = readIdempotency(request);
    const asked = parseRequest(passwordResetBody, await readJsonBody(request));

    const order = { ...asked, ...(idempotencyKey !== undefined && { idempotencyKey }) };
    const { row, readable } = await takePasswordReset({ caller, order, context }, signal);
    const toResponse = idempotencyKey === undefined ? toResetResponse : toResultResponse;
    const response = toResponse(row, readable, { links, nowMs: now() });
    return { ...response, headers: { ...response.headers, ...headers } };
  });
}
