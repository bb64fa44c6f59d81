import { parse, v5 as uuidV5 } from 'uuid';
import { neverAborted } from '../platform/deadline.js';
import { backoffMs, type Random } from '../platform/retry.js';
import type { Secret } from '../platform/secret.js';
import { aboutRow, type Audit, type AuditEvent, type Note, settledEvent } from './audit.js';
import type { Brakes } from './brakes.js';
import type { UserId } from './ids.js';
import type { EncryptForRecipient } from './delivery-ports.js';
import type { CustomerUsers, ResetStore, SealedRequest, Seals, Stored } from './ports.js';
import { ResetError } from './reset-error.js';
import { type ClaimedRow, isSettled, type ResetLimits, type ResetRow } from './reset-row.js';
import { type AttemptOutcome, mayReplacePassword, settle } from './settle-row.js';
import type { TakeUser } from './take-user.js';

export interface AttemptDependencies {
  readonly users: Pick<CustomerUsers, 'resetPassword'>;
  readonly takeUser: TakeUser;
  readonly brakes: Pick<Brakes, 'check' | 'succeeded' | 'failed'>;
  readonly seals: Pick<Seals, 'seal' | 'sealEncrypted'>;
  readonly encryptForRecipient: EncryptForRecipient;
  readonly resets: Pick<ResetStore, 'read' | 'replace'>;
  /** Nothing is sent before it is kept that it will be. */
  readonly audit: Audit;
  readonly note: Note;
  readonly newPassword: () => Secret;
  readonly limits: ResetLimits;
  /** The longest that one send may take; `users` sees to it. */
  readonly sendTimeoutMs: number;
  readonly now: () => number;
  readonly random: Random;
  readonly onAttemptFailed?: (row: ClaimedRow, error: ResetError) => void;
}

export interface Attempt {
  readonly claimed: Stored<ClaimedRow>;
  readonly request: SealedRequest;
  /** The check of the user, already under way. */
  readonly checked: Promise<UserId>;
}

/** What the row says after the attempt, or `superseded` when somebody else holds it by now. */
export type AttemptResult = ResetRow | 'superseded';

export type AttemptPasswordReset = ReturnType<typeof createAttempt>;

/** Clocks of two instances differ by less. */
const clockMarginMs = 15_000;

/**
 * One attempt at a claimed row: send if nothing speaks against it, and record what became of it.
 * The signal ends the checks, never a request to reset.
 */
export function createAttempt(dependencies: AttemptDependencies) {
  const { users, takeUser, brakes, seals, encryptForRecipient, resets, newPassword } = dependencies;
  const { audit, note, limits, sendTimeoutMs, now, random } = dependencies;

  return async (attempt: Attempt, signal: AbortSignal): Promise<AttemptResult> => {
    const { claimed, request } = attempt;
    const outcome = await carryOut(attempt, signal);
    const nowMs = now();
    const next = settle(
      claimed.row,
      outcome,
      {
        nowMs,
        backoffMs: backoffMs(claimed.row.attempts, limits.backoff, random),
        isPatient: request.permission === 'bulkReset',
      },
      limits,
    );
    // The outcome is recorded even when the caller's time is over: it is true all the same.
    const [isRecorded] = await Promise.all([
      record(next, claimed),
      note(outcomeEvents(attempt, outcome, next)),
    ]);
    return isRecorded ? next : 'superseded';
  };

  async function carryOut(
    { claimed: { row }, request, checked }: Attempt,
    signal: AbortSignal,
  ): Promise<AttemptOutcome> {
    const { customerTenantId } = request;
    let userId: UserId | undefined;
    try {
      userId = await checked;
      // What cannot be delivered is not set.
      const seal = await sealForDelivery(row, request, userId, signal);
      const user = await takeUser({ customerTenantId, userId }, row);
      if (user.kind === 'held') return { kind: 'postponed', userId, untilMs: user.untilMs };
      if (user.kind === 'superseded') throw superseded();
      // The checks may have taken long: what was stopped meanwhile is not sent.
      const stop = await brakes.check(customerTenantId, signal);
      if (stop !== undefined) return { kind: 'postponed', userId, untilMs: stop.untilMs };
      await send(row, request, userId);
      brakes.succeeded(customerTenantId);
      return { kind: 'applied', userId, ...(seal !== undefined && { seal }) };
    } catch (thrown) {
      const error = thrown === signal.reason ? tookTooLong() : thrown;
      if (!(error instanceof ResetError)) throw error;
      dependencies.onAttemptFailed?.(row, error);
      await brakes.failed(customerTenantId, error);
      if (userId === undefined) return { kind: 'failed', error };
      return mayTryAnotherPassword(row, request, error)
        ? replacePassword(row, request, userId)
        : { kind: 'failed', error, userId };
    }
  }

  /** What stays once the password is set: it names the user, and for a recipient holds no clear password. */
  async function sealForDelivery(
    { resetId, seal }: ClaimedRow,
    request: SealedRequest,
    userId: UserId,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    if (request.delivery === 'none') return undefined;
    if (request.delivery === 'recipientKey') {
      const encryptedPassword = await encryptForRecipient({ ...request, resetId, userId }, signal);
      const { caller, customerTenantId, reference, acceptedAtMs } = request;
      const asked = { caller, customerTenantId, userId, acceptedAtMs };
      const password = {
        ...asked,
        ...(reference !== undefined && { reference }),
        encryptedPassword,
      };
      return seals.sealEncrypted(resetId, password, signal);
    }
    if (request.user.kind === 'id') return seal;
    return seals.seal(resetId, { ...request, user: { kind: 'id', userId } }, signal);
  }

  async function send(row: ClaimedRow, request: SealedRequest, userId: UserId): Promise<void> {
    const { customerTenantId, passwordProfile } = request;
    const requestId = requestIdOf(row);
    await audit([{ action: 'reset.sent', ...aboutAttempt(row, request), userId, requestId }]);
    requireLease(row);
    const reset = { customerTenantId, userId, passwordProfile, requestId };
    // To give up on a request that is under way only makes its outcome unknown.
    await users.resetPassword(reset, neverAborted);
  }

  /** No request may be under way when the lease ends: whoever claims next relies on it. */
  function requireLease(row: ClaimedRow): void {
    if (row.leaseExpiresAtMs - now() > sendTimeoutMs + clockMarginMs) return;
    throw new ResetError(
      'PartnerCenterUnavailable',
      'Cannot reset password: the checks took so long that the lease is nearly over',
    );
  }

  function mayTryAnotherPassword(
    row: ClaimedRow,
    { isChosen }: SealedRequest,
    { code }: ResetError,
  ): boolean {
    return code === 'PasswordRejected' && !isChosen && mayReplacePassword(row, now(), limits);
  }

  async function replacePassword(
    { resetId }: ClaimedRow,
    request: SealedRequest,
    userId: UserId,
  ): Promise<AttemptOutcome> {
    const passwordProfile = { ...request.passwordProfile, password: newPassword() };
    try {
      const seal = await seals.seal(resetId, { ...request, passwordProfile }, neverAborted);
      return { kind: 'passwordReplaced', userId, seal };
    } catch (error) {
      if (!(error instanceof ResetError)) throw error;
      return { kind: 'failed', error, userId };
    }
  }

  /** A write that failed may have been made, so the row says whether it was; false if it is somebody else's. */
  async function record(next: ResetRow, { row, etag }: Stored<ClaimedRow>): Promise<boolean> {
    try {
      return (await resets.replace(next, etag)) !== 'conflict';
    } catch (error) {
      const found = await resets.read(row.resetId);
      if (found?.row.attemptId !== row.attemptId) return false;
      if (found.row.state !== 'claimed') return true;
      if (!(error instanceof ResetError)) throw error;
      return (await resets.replace(next, found.etag)) !== 'conflict';
    }
  }
}

/** Who asked and for which customer, as the seal has it. */
function aboutAttempt(
  row: ClaimedRow,
  { caller, customerTenantId }: SealedRequest,
): Omit<AuditEvent, 'action'> {
  return { ...aboutRow(row), caller, customerTenantId, attempt: row.attempts };
}

/** None where nothing was tried. */
function outcomeEvents(
  { claimed, request }: Attempt,
  outcome: AttemptOutcome,
  next: ResetRow,
): readonly AuditEvent[] {
  if (outcome.kind === 'postponed') return [];
  const { userId } = outcome;
  const about = { ...aboutAttempt(claimed.row, request), userId };
  const answer =
    outcome.kind === 'failed'
      ? { code: outcome.error.code, correlationId: outcome.error.correlationId }
      : {};
  if (isSettled(next)) return [{ ...settledEvent(next), ...about, ...answer }];
  const code = outcome.kind === 'passwordReplaced' ? 'PasswordRejected' : undefined;
  return [{ action: 'reset.answered', ...about, code, ...answer }];
}

/** The checks were cut short, so nothing was sent. */
function tookTooLong(): ResetError {
  return new ResetError('TimedOut', 'Cannot reset password: the checks took too long');
}

function superseded(): ResetError {
  return new ResetError(
    'Superseded',
    'Cannot reset password: a newer reset of the same user was carried out meanwhile',
  );
}

/**
 * The same after a lost answer, a new one after an answer.
 *
 * @see https://learn.microsoft.com/partner-center/developer/headers
 */
function requestIdOf({ resetId, definiteAnswers }: ClaimedRow): string {
  return uuidV5(`${resetId}/${definiteAnswers}`, requestIdNamespace);
}

const requestIdNamespace = parse('6a3c4b4e-6f0e-4a8e-9b51-0d8c3f1c7c52');
