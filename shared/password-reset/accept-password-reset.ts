import { untilAborted } from '../platform/deadline.js';
import type { Secret } from '../platform/secret.js';
import type { createAttempt } from './attempt-password-reset.js';
import type { CheckUser } from './check-user.js';
import { customerNotFound } from './customer-not-found.js';
import type { CustomerReference, CustomerTenantId, UserReference } from './ids.js';
import { findPasswordFault, generatePassword, type PasswordStyle } from './password.js';
import type {
  Authorize,
  Customers,
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
  type ClaimedRow,
  type Delivery,
  newResetRow,
  type OpenRow,
  type ResetLimits,
  type ResetRow,
} from './reset-row.js';

export interface PasswordResetOrder {
  readonly caller: string;
  readonly customer: CustomerReference;
  readonly user: UserReference;
  /** Chosen by the caller; generated when absent. */
  readonly password?: Secret;
  readonly forceChangePassword: boolean;
  readonly delivery: Delivery;
  readonly reference?: string;
}

export interface AcceptDependencies {
  readonly customers: Customers;
  readonly authorize: Authorize;
  readonly checkUser: CheckUser;
  readonly seals: Pick<Seals, 'seal'>;
  readonly resets: Pick<ResetStore, 'create' | 'read' | 'replace'>;
  readonly wakeUps: WakeUps;
  readonly attempt: ReturnType<typeof createAttempt>;
  readonly passwordStyle: PasswordStyle;
  readonly limits: ResetLimits;
  readonly now: () => number;
  readonly newResetId: () => string;
  readonly newAttemptId: () => string;
  /** The row stays open because of this, and is finished later. */
  readonly onUnfinished?: (resetId: string, error: unknown) => void;
}

export interface AcceptedReset {
  readonly row: ResetRow;
  /** The password that the row's seal holds; the door shows it only if the row is applied. */
  readonly password: Secret;
}

/**
 * Accepts one reset and carries out its first attempt at once.
 *
 * The row is created claimed, so that accepting and claiming are one write; a wake-up that is sent
 * along finishes the row if this host dies. It rejects with a {@link ResetError} only while there is
 * no row: from then on the reset may happen, so whatever goes wrong is the row's business.
 */
export function createAcceptPasswordReset(dependencies: AcceptDependencies) {
  const { customers, authorize, checkUser, seals, resets, wakeUps, attempt } = dependencies;
  const { passwordStyle, limits, now, newResetId, newAttemptId, onUnfinished } = dependencies;

  return async (order: PasswordResetOrder, signal: AbortSignal): Promise<AcceptedReset> => {
    const request = await toRequest(order, signal);
    const { password } = request.passwordProfile;
    // Under way while the row is made: reading is safe before there is one.
    const checked = checkUser(request, signal);
    // Its failure is looked at by the attempt; until then it must not count as unhandled.
    checked.catch(() => undefined);

    const accepted = await toRow(order, request, signal);
    const { acceptedAtMs: nowMs, resetId } = accepted;
    const row = claim(accepted, { attemptId: newAttemptId(), nowMs }, limits);
    const [claimed] = await Promise.all([
      create(row, accepted),
      // Only needed if this host dies; the attempt does not wait for what may never matter.
      wakeUps.send(resetId, limits.leaseMs + limits.settleMs).catch((error: unknown) => {
        onUnfinished?.(resetId, error);
      }),
    ]);
    try {
      // A caller who waited long enough is answered; what is under way goes on.
      const result = await untilAborted(attempt({ claimed, request, checked }, signal), signal);
      return { row: result === 'superseded' ? row : result, password };
    } catch (error) {
      onUnfinished?.(resetId, error);
      return { row, password };
    }
  };

  async function toRequest(order: PasswordResetOrder, signal: AbortSignal): Promise<SealedRequest> {
    const { caller, user, delivery, forceChangePassword } = order;
    const isChosen = order.password !== undefined;
    const asked = { caller, permission: 'reset', isChosen } as const;
    // Who may not ask must not learn either whether there is such a customer.
    await authorize(asked, signal);
    const customerTenantId = await findCustomer(order.customer, signal);
    await authorize({ ...asked, customerTenantId }, signal);
    const password = order.password ?? generatePassword(passwordStyle);
    if (isChosen) requireAllowed(password, user);
    const passwordProfile = { password, forceChangePassword };
    return { ...asked, delivery, customerTenantId, user, passwordProfile };
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
    { caller, delivery, forceChangePassword, reference }: PasswordResetOrder,
    request: SealedRequest,
    signal: AbortSignal,
  ): Promise<OpenRow> {
    const resetId = newResetId();
    const seal = await seals.seal(resetId, request, signal);
    const facts = {
      resetId,
      caller,
      customerTenantId: request.customerTenantId,
      delivery,
      forceChangePassword,
      ...(reference !== undefined && { reference }),
      acceptedAtMs: now(),
    };
    return newResetRow(facts, seal);
  }

  async function create(row: ClaimedRow, accepted: OpenRow): Promise<Stored<ClaimedRow>> {
    try {
      return await resets.create(row);
    } catch (error) {
      await withdraw(accepted);
      throw error;
    }
  }

  /**
   * A row whose creation failed may be there all the same, or still arrive, and would then be carried
   * out behind the caller's back. With a cancelled one in its place it never is.
   */
  async function withdraw(accepted: OpenRow): Promise<void> {
    try {
      const withdrawn = cancel(accepted, now());
      const found = await resets.read(accepted.resetId);
      if (found === undefined) await resets.create(withdrawn);
      else if ((await resets.replace(withdrawn, found.etag)) === 'conflict') throw cannotTell();
    } catch (cause) {
      throw cannotTell(cause);
    }
  }
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
