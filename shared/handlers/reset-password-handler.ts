import type { HttpHandler } from '@azure/functions';
import { requirePermission } from '../callers/authorize.js';
import type { createAcceptPasswordReset } from '../password-reset/accept-password-reset.js';
import type { Authenticate } from './authenticate.js';
import type { HttpDoor } from './http-door.js';
import { type PasswordResetLinks, toResultResponse } from './password-reset-view.js';
import { readJsonBody } from './read-json-body.js';
import { parseRequest, passwordResetBody } from './schemas.js';

export interface ResetPasswordDependencies {
  readonly door: HttpDoor;
  readonly authenticate: Authenticate;
  readonly acceptPasswordReset: ReturnType<typeof createAcceptPasswordReset>;
  readonly links: PasswordResetLinks;
  readonly now: () => number;
}

/** `POST /password-resets`: 200 when it is done within the budget, 202 when the rest happens later. */
export function createResetPasswordHandler(dependencies: ResetPasswordDependencies): HttpHandler {
  const { door, authenticate, acceptPasswordReset, links, now } = dependencies;

  return door(async (request, signal, context) => {
    const caller = await authenticate(request, signal);
    const order = parseRequest(passwordResetBody, await readJsonBody(request));
    if (order.delivery === 'response') requirePermission(caller, 'readPassword');

    const { row, password } = await acceptPasswordReset({ ...order, caller: caller.name }, signal);
    const { resetId, state, customerTenantId, userId } = row;
    const code = 'code' in row ? row.code : undefined;
    context.info('password reset accepted', { resetId, state, code, customerTenantId, userId });
    const shown = row.state === 'applied' && row.delivery === 'response' ? password : undefined;
    return toResultResponse(row, shown, { links, nowMs: now() });
  });
}
