import type { HttpHandler } from '@azure/functions';
import { passwordResetNotFound } from '../password-reset/password-reset-not-found.js';
import type { RevokePassword } from '../password-reset/revoke-password.js';
import { log } from '../platform/log.js';
import type { CallerDoor } from './caller-door.js';
import { toPasswordResetView } from './password-reset-view.js';
import { resetIdText } from './schemas.js';

export interface RevokePasswordDependencies {
  readonly door: CallerDoor;
  readonly revokePassword: RevokePassword;
}

/** `POST /password-resets/{id}/revoke`: shows the password to nobody any more; of a row of a job, too. */
export function createRevokePasswordHandler({
  door,
  revokePassword,
}: RevokePasswordDependencies): HttpHandler {
  return door(async (caller, request, _signal, context) => {
    const id = request.params['id'] ?? '';
    if (!resetIdText.test(id)) throw passwordResetNotFound();
    const row = await revokePassword(id, caller.name);
    log(context, 'info', 'password revoked', { resetId: row.resetId, state: row.state });
    return { status: 200, jsonBody: toPasswordResetView(row) };
  });
}
