import { explanationByCode } from '../password-reset/explanations.js';
import type { ReadablePassword } from '../password-reset/read-password-reset.js';
import { ResetError, type ResetErrorCode } from '../password-reset/reset-error.js';
import { isSettled, type ResetRow } from '../password-reset/reset-row.js';
import {
  type JsonResponse,
  toErrorResponse,
  toFinalErrorResponse,
  toSeconds,
} from './error-response.js';

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
export function toPasswordResetView(row: ResetRow, readable: ReadablePassword = { kind: 'none' }) {
  return {
    id: row.resetId,
    status: statusByState[row.state],
    customerTenantId: row.customerTenantId,
    ...(row.userId !== undefined && { userId: row.userId }),
    forceChangePassword: row.forceChangePassword,
    delivery: row.delivery,
    ...toPasswordView(readable),
    ...(row.reference !== undefined && { reference: row.reference }),
    ...('code' in row && { error: toErrorView(row) }),
    createdAt: toTime(row.acceptedAtMs),
    ...('settledAtMs' in row && { completedAt: toTime(row.settledAtMs) }),
    ...('openedAtMs' in row && { openedAt: toTime(row.openedAtMs) }),
    ...('revokedAtMs' in row && { revokedAt: toTime(row.revokedAtMs) }),
  };
}

function toPasswordView(readable: ReadablePassword): {
  readonly password?: string;
  readonly encryptedPassword?: string;
  readonly link?: string;
  readonly linkExpiresAt?: string;
  readonly passwordWithheld?: 'Settling' | 'Superseded';
} {
  switch (readable.kind) {
    case 'password':
      return { password: readable.password.reveal() };
    case 'encrypted':
      return { encryptedPassword: readable.encryptedPassword };
    case 'link':
      return { link: readable.address, linkExpiresAt: toTime(readable.expiresAtMs) };
    case 'settling':
      return { passwordWithheld: 'Settling' };
    case 'superseded':
      return { passwordWithheld: 'Superseded' };
    case 'none':
      return {};
  }
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

export interface AnswerCircumstances {
  readonly links: PasswordResetLinks;
  readonly nowMs: number;
}

/**
 * The answer to a request that asks for a reset: 202 while it is not at its end, then the reset or, if it
 * failed, the error. A 429 or 5xx says that the same request may be sent again, as a new reset.
 */
export function toResetResponse(
  row: ResetRow,
  readable: ReadablePassword,
  circumstances: AnswerCircumstances,
): JsonResponse {
  return respond(row, readable, circumstances, toErrorResponse);
}

/** The answer to whoever waits for the end of a reset: the same, but its failure is final. */
export function toResultResponse(
  row: ResetRow,
  readable: ReadablePassword,
  circumstances: AnswerCircumstances,
): JsonResponse {
  return respond(row, readable, circumstances, toFinalErrorResponse);
}

/**
 * The answer to whoever wants to know no more than that a request was taken: 202 whatever became of the
 * reset, which the body says as far as it is known. What the delivery gives is at the result.
 */
export function toAcceptedResponse(
  row: ResetRow,
  circumstances: AnswerCircumstances,
): JsonResponse {
  return pollLater(row, openForMs(row, circumstances), toPasswordResetView(row), circumstances);
}

function respond(
  row: ResetRow,
  readable: ReadablePassword,
  circumstances: AnswerCircumstances,
  toFailure: (error: ResetError) => JsonResponse,
): JsonResponse {
  return (
    whileOpen(row, readable, circumstances) ??
    withMonitor(row, circumstances, toEnd(row, readable, toFailure))
  );
}

/** Undefined when the reset is at its end, and its password too if there is one to wait for. */
function whileOpen(
  row: ResetRow,
  readable: ReadablePassword,
  circumstances: AnswerCircumstances,
): JsonResponse | undefined {
  if (!isSettled(row)) return toAcceptedResponse(row, circumstances);
  if (readable.kind !== 'settling') return undefined;
  // Applied, but whoever waits for the password has to wait on.
  const view = toPasswordResetView(row, readable);
  const running = { ...view, status: 'Running', completedAt: undefined };
  return pollLater(row, readable.untilMs - circumstances.nowMs, running, circumstances);
}

/** At least so long. */
function openForMs(row: ResetRow, { nowMs }: AnswerCircumstances): number {
  return 'notBeforeMs' in row ? row.notBeforeMs - nowMs : 0;
}

function toEnd(
  row: ResetRow,
  readable: ReadablePassword,
  toFailure: (error: ResetError) => JsonResponse,
): JsonResponse {
  if ('code' in row) return toFailure(toResetError(row.code));
  if (row.state === 'cancelled') return toErrorResponse(toResetError('Cancelled'));
  if (readable.kind === 'superseded') return toErrorResponse(toResetError('Superseded'));
  return { status: 200, jsonBody: toPasswordResetView(row, readable) };
}

function pollLater(
  row: ResetRow,
  waitMs: number,
  jsonBody: unknown,
  circumstances: AnswerCircumstances,
): JsonResponse {
  const { links } = circumstances;
  const headers = { Location: links.result(row.resetId), 'Retry-After': toPollSeconds(waitMs) };
  return withMonitor(row, circumstances, { status: 202, headers, jsonBody });
}

function withMonitor(
  { resetId }: ResetRow,
  { links }: AnswerCircumstances,
  response: JsonResponse,
): JsonResponse {
  const headers = { ...response.headers, 'Operation-Location': links.monitor(resetId) };
  return { ...response, headers };
}

const pollMs = 5_000;
const longestPollMs = 60_000;

/** Within what suits both the caller and us. */
export function toPollSeconds(waitMs: number): string {
  return toSeconds(Math.min(Math.max(waitMs, pollMs), longestPollMs));
}

function toTime(ms: number): string {
  return new Date(ms).toISOString();
}

function toErrorView({ code }: { readonly code: ResetErrorCode }) {
  return { code, message: explanationByCode[code] };
}

function toResetError(code: ResetErrorCode): ResetError {
  return new ResetError(code, explanationByCode[code]);
}
