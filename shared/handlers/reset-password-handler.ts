import type { HttpHandler } from '@azure/functions';
import { toReader } from '../callers/caller.js';
import { requirePermission } from '../callers/authorize.js';
import type { createAcceptPasswordReset } from '../password-reset/accept-password-reset.js';
import type { ReadPassword } from '../password-reset/read-password-reset.js';
import type { Authenticate } from './authenticate.js';
import type { HttpDoor } from './http-door.js';
import { readIdempotency } from './idempotency-key.js';
import {
  type PasswordResetLinks,
  toResetResponse,
  toResultResponse,
} from './password-reset-view.js';
import { readJsonBody } from './read-json-body.js';
import { parseRequest, passwordResetBody } from './schemas.js';

export interface ResetPasswordDependencies {
  readonly door: HttpDoor;
  readonly authenticate: Authenticate;
  readonly acceptPasswordReset: ReturnType<typeof createAcceptPasswordReset>;
  readonly readPassword: ReadPassword;
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
  const { door, authenticate, acceptPasswordReset, readPassword, links, now } = dependencies;

  return door(async (request, signal, context) => {
    const caller = await authenticate(request, signal);
    const { key: idempotencyKey, headers } = readIdempotency(request);
    const asked = parseRequest(passwordResetBody, await readJsonBody(request));
    if (asked.delivery === 'response') requirePermission(caller, 'readPassword');

    const order = {
      ...asked,
      caller: caller.name,
      ...(idempotencyKey !== undefined && { idempotencyKey }),
    };
    const { row, password } = await acceptPasswordReset(order, signal);
    const { resetId, state, customerTenantId, userId } = row;
    const code = 'code' in row ? row.code : undefined;
    context.info('password reset accepted', { resetId, state, code, customerTenantId, userId });
    const shown = row.delivery === 'response' ? password : undefined;
    const readable =
      shown === undefined
        ? await readPassword(row, toReader(caller), signal)
        : ({ kind: 'password', password: shown } as const);
    const toResponse = idempotencyKey === undefined ? toResetResponse : toResultResponse;
    const response = toResponse(row, readable, { links, nowMs: now() });
    return { ...response, headers: { ...response.headers, ...headers } };
  });
}
