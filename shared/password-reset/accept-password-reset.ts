import type { Secret } from '../platform/secret.js';
import type { createAttempt } from './attempt-password-reset.js';
import type { CheckUser } from './check-user.js';
import { customerNotFound } from './customer-not-found.js';
import type { CustomerReference, CustomerTenantId, UserReference } from './ids.js';
import { findPasswordFault, generatePassword, type PasswordStyle } from './password.js';
import type { Authorize, Customers, ResetStore, SealedRequest, Seals, WakeUps } from './ports.js';
import { ResetError } from './reset-error.js';
import { claim, type Delivery, newResetRow, type ResetLimits, type ResetRow } from './reset-row.js';

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
  readonly resets: Pick<ResetStore, 'create'>;
  readonly wakeUps: WakeUps;
  readonly attempt: ReturnType<typeof createAttempt>;
  readonly passwordStyle: PasswordStyle;
  readonly limits: ResetLimits;
  readonly now: () => number;
  readonly newResetId: () => string;
  readonly newAttemptId: () => string;
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
 * along finishes the row if this host dies. It rejects with a {@link ResetError} for what is refused
 * before there is a row; a later refusal is in the row.
 */
export function createAcceptPasswordReset(dependencies: AcceptDependencies) {
  const { customers, authorize, checkUser, seals, resets, wakeUps, attempt } = dependencies;
  const { passwordStyle, limits, now, newResetId, newAttemptId } = dependencies;

  return async (order: PasswordResetOrder, signal: AbortSignal): Promise<AcceptedReset> => {
    const request = await toRequest(order, signal);
    const resetId = newResetId();
    const seal = await seals.seal(resetId, request, signal);
    const nowMs = now();
    const { caller, delivery, forceChangePassword, reference } = order;
    const accepted = newResetRow(
      {
        resetId,
        caller,
        customerTenantId: request.customerTenantId,
        delivery,
        forceChangePassword,
        ...(reference !== undefined && { reference }),
        acceptedAtMs: nowMs,
      },
      seal,
    );
    const row = claim(accepted, { attemptId: newAttemptId(), nowMs }, limits);

    const checked = checkUser(request, signal);
    // Its failure is looked at by the attempt; until then it must not count as unhandled.
    checked.catch(() => undefined);
    const [claimed] = await Promise.all([
      resets.create(row),
      wakeUps.send(resetId, limits.leaseMs + limits.settleMs),
    ]);
    const result = await attempt({ claimed, request, checked }, signal);
    return {
      row: result === 'superseded' ? row : result,
      password: request.passwordProfile.password,
    };
  };

  async function toRequest(order: PasswordResetOrder, signal: AbortSignal): Promise<SealedRequest> {
    const { caller, user, delivery, forceChangePassword } = order;
    const customerTenantId = await findCustomer(order.customer, signal);
    const isChosen = order.password !== undefined;
    await authorize({ caller, permission: 'reset', customerTenantId, isChosen }, signal);
    const password = order.password ?? generatePassword(passwordStyle);
    if (isChosen) requireAllowed(password, user);
    const passwordProfile = { password, forceChangePassword };
    return {
      caller,
      permission: 'reset',
      delivery,
      customerTenantId,
      user,
      passwordProfile,
      isChosen,
    };
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
}

function requireAllowed(password: Secret, user: UserReference): void {
  const name = user.kind === 'signInName' ? user.userPrincipalName : undefined;
  const fault = findPasswordFault(password, name);
  if (fault === undefined) return;
  throw new ResetError('PasswordNotAllowed', `Cannot reset password: the password ${fault}`, {
    target: 'password',
  });
}
