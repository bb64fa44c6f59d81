import { untilAborted } from '../platform/deadline.js';
import type { Secret } from '../platform/secret.js';
import { type Audit, type AuditEvent, type Note, settledEvent } from './audit.js';
import type { AttemptPasswordReset } from './attempt-password-reset.js';
import type { Brakes } from './brakes.js';
import type { CheckUser } from './check-user.js';
import { customerNotFound } from './customer-not-found.js';
import type { ClaimIdempotencyKey } from './claim-idempotency-key.js';
import type { CustomerReference, CustomerTenantId, UserReference } from './ids.js';
import { findPasswordFault } from './password.js';
import type { PasswordResetOrder } from './password-reset-order.js';
import type {
  Authorize,
  Customers,
  Grant,
  ReserveResets,
  ResetStore,
  SealedRequest,
  Seals,
  Stored,
  WakeUps,
} from './ports.js';
import { ResetError } from './reset-error.js';
import {
  cancel,
  claim,
  claimableAtMs,
  type ClaimedRow,
  isSettled,
  newResetRow,
  type OpenRow,
  type ResetLimits,
  type ResetRow,
} from './reset-row.js';

export interface AcceptDependencies {
  readonly customers: Customers;
  readonly authorize: Authorize;
  readonly brakes: Pick<Brakes, 'check'>;
  readonly claimIdempotencyKey: ClaimIdempotencyKey;
  readonly reserveResets: ReserveResets;
  readonly checkUser: CheckUser;
  readonly seals: Pick<Seals, 'seal'>;
  readonly resets: Pick<ResetStore, 'create' | 'read' | 'replace'>;
  readonly wakeUps: WakeUps;
  readonly attempt: AttemptPasswordReset;
  readonly audit: Audit;
  readonly note: Note;
  readonly newPassword: () => Secret;
  readonly limits: ResetLimits;
  readonly now: () => number;
  readonly newResetId: () => string;
  readonly newAttemptId: () => string;
  /** The row stays open because of this, and is finished later. */
  readonly onUnfinished?: (resetId: string, error: unknown) => void;
}

/** A request, and what its caller may do beyond it. */
interface GrantedRequest {
  readonly request: SealedRequest;
  readonly grant: Grant;
}

export interface AcceptedReset {
  readonly row: ResetRow;
  /**
   * The password that the row's seal holds, to be shown only if the row is applied. Absent when the
   * reset was accepted before, under the same idempotency key.
   */
  readonly password?: Secret;
}

/**
 * Accepts one reset and carries out its first attempt at once.
 *
 * The row is created claimed, so that accepting and claiming are one write; if this host dies, the
 * sweeper finds the row. It rejects with a {@link ResetError} only while there is no row: from then on the
 * reset may happen, so whatever goes wrong is the row's business.
 */
export function createAcceptPasswordReset(dependencies: AcceptDependencies) {
  const { customers, authorize, brakes, claimIdempotencyKey, reserveResets } = dependencies;
  const { checkUser, seals, resets, wakeUps, attempt, newPassword, limits } = dependencies;
  const { audit, note } = dependencies;
  const { now, newResetId, newAttemptId, onUnfinished } = dependencies;

  return async (order: PasswordResetOrder, signal: AbortSignal): Promise<AcceptedReset> => {
    const { request, grant } = await toRequest(order, signal);
    const stop = await brakes.check(request.customerTenantId, signal);
    if (stop?.reason === 'halted') throw halted();
    const newId = newResetId();
    const resetId = await claimIdempotencyKey(order, newId, signal);
    const before = resetId === newId ? undefined : await resets.read(resetId);
    if (before !== undefined) return { row: before.row };
    await reserveResets({ caller: order.caller, resets: 1 }, signal);
    const accepted = await toRow(resetId, order, request, signal);
    return stop === undefined
      ? startNow(order, accepted, { request, grant }, signal)
      : startLater(order, accepted, request, stop.untilMs);
  };

  async function startNow(
    order: PasswordResetOrder,
    accepted: OpenRow,
    { request, grant }: GrantedRequest,
    signal: AbortSignal,
  ): Promise<AcceptedReset> {
    // Under way while the row is made: reading is safe before there is one.
    const checked = checkUser(request, grant, signal);
    // Its failure is looked at by the attempt; until then it must not count as unhandled.
    checked.catch(() => undefined);

    const { acceptedAtMs: nowMs, resetId } = accepted;
    const row = claim(accepted, { attemptId: newAttemptId(), nowMs }, limits);
    const claimed = await create(row, accepted, order, request);
    if (claimed === 'exists') return acceptedBefore(resetId);

    const { password } = request.passwordProfile;
    const finished = attempt({ claimed, request, checked }, signal).then(async (result) => {
      if (result !== 'superseded') await seeToIt(result);
      return result;
    });
    // Told of even when it happens after the answer.
    finished.catch((error: unknown) => onUnfinished?.(resetId, error));
    try {
      // A caller who waited long enough is answered; what is under way goes on.
      const result = await untilAborted(finished, signal);
      return { row: result === 'superseded' ? row : result, password };
    } catch {
      return { row, password };
    }
  }

  /** A row that cannot be started yet, because nothing may be sent before then. */
  async function startLater(
    order: PasswordResetOrder,
    accepted: OpenRow,
    request: SealedRequest,
    notBeforeMs: number,
  ): Promise<AcceptedReset> {
    const row: OpenRow = { ...accepted, state: 'queued', notBeforeMs };
    const created = await create(row, accepted, order, request);
    if (created === 'exists') return acceptedBefore(row.resetId);
    await seeToIt(row);
    return { row, password: request.passwordProfile.password };
  }

  async function acceptedBefore(resetId: string): Promise<AcceptedReset> {
    const found = await resets.read(resetId);
    if (found === undefined) throw cannotTell();
    return { row: found.row };
  }

  /** Where this fails, the sweeper wakes the row. */
  async function seeToIt(row: ResetRow): Promise<void> {
    if (isSettled(row)) return;
    try {
      await wakeUps.send(row.resetId, Math.max(0, claimableAtMs(row, limits) - now()));
    } catch (error) {
      onUnfinished?.(row.resetId, error);
    }
  }

  async function toRequest(
    order: PasswordResetOrder,
    signal: AbortSignal,
  ): Promise<GrantedRequest> {
    const { caller, user, delivery, recipientKeyId, forceChangePassword, reference } = order;
    const isChosen = order.password !== undefined;
    const asked = {
      caller,
      permission: 'reset',
      isChosen,
      delivery,
      ...(recipientKeyId !== undefined && { recipientKeyId }),
    } as const;
    // Who may not ask must not learn either whether there is such a customer.
    await authorize(asked, signal);
    const customerTenantId = await findCustomer(order.customer, signal);
    const grant = await authorize({ ...asked, customerTenantId }, signal);
    const password = order.password ?? newPassword();
    if (isChosen) requireAllowed(password, user);
    const passwordProfile = { password, forceChangePassword };
    const request = {
      ...asked,
      customerTenantId,
      user,
      passwordProfile,
      ...(reference !== undefined && { reference }),
      acceptedAtMs: now(),
    };
    return { request, grant };
  }

  async function findCustomer(
    reference: CustomerReference,
    signal: AbortSignal,
  ): Promise<CustomerTenantId> {
    if (reference.kind === 'id') return reference.customerTenantId;
    const found = await customers.findByDomain(reference.domain, signal);
    if (found === undefined) throw customerNotFound();
    return found;
  }

  async function toRow(
    resetId: string,
    { caller, delivery, forceChangePassword, reference }: PasswordResetOrder,
    request: SealedRequest,
    signal: AbortSignal,
  ): Promise<OpenRow> {
    const seal = await seals.seal(resetId, request, signal);
    const facts = {
      resetId,
      caller,
      customerTenantId: request.customerTenantId,
      delivery,
      forceChangePassword,
      ...(reference !== undefined && { reference }),
      acceptedAtMs: request.acceptedAtMs,
    };
    return newResetRow(facts, seal);
  }

  /** Nothing is accepted that is not audited; while the user is checked there is time for both. */
  async function create<Row extends OpenRow | ClaimedRow>(
    row: Row,
    accepted: OpenRow,
    order: PasswordResetOrder,
    request: SealedRequest,
  ): Promise<Stored<Row> | 'exists'> {
    await audit([acceptedEvent(accepted, order, request)]);
    try {
      return await resets.create(row);
    } catch (error) {
      // With a key the caller asks again for the same reset, whether there is a row or not.
      if (order.idempotencyKey === undefined) await withdraw(accepted, row);
      throw error;
    }
  }

  /**
   * A row whose creation failed may be there all the same, or still arrive, and would then be carried
   * out behind the caller's back. With a cancelled one in its place it never is.
   */
  async function withdraw(accepted: OpenRow, created: OpenRow): Promise<void> {
    try {
      const withdrawn = cancel(accepted, now());
      const found = await resets.read(accepted.resetId);
      if (found !== undefined && !isAsCreated(found.row, created)) throw cannotTell();
      const stored =
        found === undefined
          ? await resets.create(withdrawn)
          : await resets.replace(withdrawn, found.etag);
      if (typeof stored === 'string') throw cannotTell();
      await note([settledEvent(withdrawn)]);
    } catch (cause) {
      throw cannotTell(cause);
    }
  }
}

function acceptedEvent(
  { resetId, caller, customerTenantId, reference, delivery }: OpenRow,
  { requestId }: PasswordResetOrder,
  { user }: SealedRequest,
): AuditEvent {
  const userId = user.kind === 'id' ? user.userId : undefined;
  const about = { resetId, caller, customerTenantId, userId, reference, delivery };
  return { action: 'reset.accepted', ...about, requestId };
}

/** Nobody else has begun to work on it meanwhile. */
function isAsCreated(found: ResetRow, created: OpenRow): boolean {
  return found.state === created.state && found.attemptId === created.attemptId;
}

function halted(): ResetError {
  return new ResetError(
    'Halted',
    'Cannot reset password: whoever runs this service has stopped it',
  );
}

function cannotTell(cause?: unknown): ResetError {
  return new ResetError(
    'OutcomeUnknown',
    'Cannot tell whether the password reset was accepted: storage does not answer',
    { cause },
  );
}

function requireAllowed(password: Secret, user: UserReference): void {
  const name = user.kind === 'signInName' ? user.userPrincipalName : undefined;
  const fault = findPasswordFault(password, name);
  if (fault === undefined) return;
  throw new ResetError('PasswordNotAllowed', `Cannot reset password: the password ${fault}`, {
    target: 'password',
  });
}
