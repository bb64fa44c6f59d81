import type { FairLimit } from '../platform/fair-limit.js';
import type { CustomerTenantId } from './ids.js';
import type { BrakeScope, Control, ControlState } from './ports.js';
import type { ResetError } from './reset-error.js';

export interface BrakesDependencies {
  readonly control: Control;
  /** What is under way at once in this instance. */
  readonly pace: Pick<FairLimit, 'slowDown' | 'speedUp'>;
  readonly now: () => number;
  readonly onBrakeLost: (error: unknown) => void;
}

/** Why nothing may be sent, and when to ask again. */
export interface Stop {
  /** Everything is stopped by hand, or the partner or this customer is asked to slow down. */
  readonly reason: 'halted' | 'partner' | 'customer';
  readonly untilMs: number;
}

export type Brakes = ReturnType<typeof createBrakes>;

/** How soon it is noticed that the stop switch was turned back. */
const haltedWaitMs = 30_000;
const shortestBrakeMs = 5_000;
const longestBrakeMs = 900_000;
/** How soon it is first tried whether whoever runs the service has acted; then less and less often. */
const operatorBrakeMs = 60_000;

/**
 * What one refusal teaches is for every instance. After a 429 nothing is sent to that customer for as
 * long as Partner Center asks, and after another one for twice as long each time; when a second customer
 * is refused before any succeeds, the partner is throttled as a whole. While our own sign-in fails,
 * nothing is sent at all.
 *
 * @see https://learn.microsoft.com/partner-center/developer/api-throttling-guidance
 */
export function createBrakes({ control, pace, now, onBrakeLost }: BrakesDependencies) {
  const brakes = new Map<BrakeScope, { readonly count: number; readonly untilMs: number }>();
  const throttledSinceSuccess = new Set<CustomerTenantId>();

  return {
    /** Undefined when sending is allowed. */
    async check(
      customerTenantId: CustomerTenantId,
      signal: AbortSignal,
    ): Promise<Stop | undefined> {
      return findStop(await control.read(signal), customerTenantId, now());
    },

    succeeded(customerTenantId: CustomerTenantId): void {
      pace.speedUp(customerTenantId);
      throttledSinceSuccess.clear();
      brakes.delete(customerTenantId);
      brakes.delete('partner');
    },

    async failed(customerTenantId: CustomerTenantId, error: ResetError): Promise<void> {
      const { code, recovery, retryAfterMs } = error;
      if (code === 'Throttled') {
        throttledSinceSuccess.add(customerTenantId);
        await brake(customerTenantId, retryAfterMs);
        if (throttledSinceSuccess.size > 1) await brake('partner', retryAfterMs);
      } else if (recovery === 'operator' || code === 'AccessTokenRejected') {
        await brake('partner', operatorBrakeMs);
      } else if (code === 'SignInThrottled' || code === 'SignInUnavailable') {
        await brake('partner', retryAfterMs);
      }
    },
  };

  async function brake(scope: BrakeScope, wishMs = 0): Promise<void> {
    const { count, untilMs: brakedUntilMs } = brakes.get(scope) ?? { count: 0, untilMs: 0 };
    const nowMs = now();
    // What was under way when the brake was set is refused too, and teaches nothing new.
    if (nowMs < brakedUntilMs) return;
    pace.slowDown(scope === 'partner' ? undefined : scope);
    const growingMs = shortestBrakeMs * 2 ** Math.min(count, 10);
    const brakeMs = count === 0 && wishMs > 0 ? wishMs : Math.max(wishMs, growingMs);
    const untilMs = nowMs + Math.min(brakeMs, longestBrakeMs);
    brakes.set(scope, { count: count + 1, untilMs });
    // Where this is lost, the next refusal sets it.
    await control.brake(scope, untilMs).catch(onBrakeLost);
  }
}

export function findStop(
  { isHalted, brakedUntilMs }: ControlState,
  customerTenantId: CustomerTenantId,
  nowMs: number,
): Stop | undefined {
  if (isHalted) return { reason: 'halted', untilMs: nowMs + haltedWaitMs };
  const partnerMs = brakedUntilMs.get('partner') ?? 0;
  const customerMs = brakedUntilMs.get(customerTenantId) ?? 0;
  const untilMs = Math.max(partnerMs, customerMs);
  if (untilMs <= nowMs) return undefined;
  return { reason: partnerMs > nowMs ? 'partner' : 'customer', untilMs };
}
