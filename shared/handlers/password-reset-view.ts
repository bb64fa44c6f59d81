import { explanationByCode } from '../password-reset/explanations.js';
import { ResetError, type ResetErrorCode } from '../password-reset/reset-error.js';
import { isSettled, type ResetRow } from '../password-reset/reset-row.js';
import type { Secret } from '../platform/secret.js';
import { type JsonResponse, toErrorResponse, toSeconds } from './error-response.js';

export type Status = 'NotStarted' | 'Running' | 'Succeeded' | 'Failed' | 'Canceled';

const statusByState: Readonly<Record<ResetRow['state'], Status>> = {
  queued: 'NotStarted',
  claimed: 'Running',
  uncertain: 'Running',
  applied: 'Succeeded',
  rejected: 'Failed',
  attention: 'Failed',
  cancelled: 'Canceled',
};

/** A reset as callers see it. The password is there only if it is theirs to see. */
export function toPasswordResetView(row: ResetRow, password?: Secret) {
  return {
    id: row.resetId,
    status: statusByState[row.state],
    customerTenantId: row.customerTenantId,
    ...(row.userId !== undefined && { userId: row.userId }),
    forceChangePassword: row.forceChangePassword,
    delivery: row.delivery,
    ...(password !== undefined && { password: password.reveal() }),
    ...(row.reference !== undefined && { reference: row.reference }),
    ...('code' in row && { error: toErrorView(row) }),
    createdAt: new Date(row.acceptedAtMs).toISOString(),
    ...('settledAtMs' in row && { completedAt: new Date(row.settledAtMs).toISOString() }),
  };
}

/** The addresses of one reset. */
export interface PasswordResetLinks {
  monitor(resetId: string): string;
  result(resetId: string): string;
}

export function createPasswordResetLinks(publicBaseUrl: string): PasswordResetLinks {
  const monitor = (resetId: string) => `${publicBaseUrl}/api/password-resets/${resetId}`;
  return { monitor, result: (resetId) => `${monitor(resetId)}/result` };
}

/**
 * The answer to whoever waits for the end of a reset: 202 until then, and after it the reset or, if
 * it failed, the error object.
 */
export function toResultResponse(
  row: ResetRow,
  password: Secret | undefined,
  { links, nowMs }: { readonly links: PasswordResetLinks; readonly nowMs: number },
): JsonResponse {
  const headers = { 'Operation-Location': links.monitor(row.resetId) };
  if (!isSettled(row)) {
    const waitMs = row.state === 'claimed' ? pollMs : row.notBeforeMs - nowMs;
    const polling = { Location: links.result(row.resetId), 'Retry-After': toPollSeconds(waitMs) };
    return {
      status: 202,
      headers: { ...headers, ...polling },
      jsonBody: toPasswordResetView(row),
    };
  }
  if ('code' in row) {
    const { code, message } = toErrorView(row);
    const response = toErrorResponse(new ResetError(code, message));
    return { ...response, headers: { ...response.headers, ...headers } };
  }
  if (row.state === 'cancelled') {
    return { status: 409, headers, jsonBody: toPasswordResetView(row) };
  }
  return { status: 200, headers, jsonBody: toPasswordResetView(row, password) };
}

const pollMs = 5_000;
const longestPollMs = 60_000;

function toPollSeconds(waitMs: number): string {
  return toSeconds(Math.min(Math.max(waitMs, pollMs), longestPollMs));
}

function toErrorView({ code }: { readonly code: ResetErrorCode }) {
  return { code, message: explanationByCode[code] };
}
