import type { Secret } from '../platform/secret.js';
import type { CustomerReference, UserReference } from './ids.js';
import type { Delivery } from './reset-row.js';

/** One reset, as it was asked for. */
export interface PasswordResetOrder {
  readonly caller: string;
  readonly customer: CustomerReference;
  readonly user: UserReference;
  /** Chosen by the caller; generated when absent. */
  readonly password?: Secret;
  readonly forceChangePassword: boolean;
  readonly delivery: Delivery;
  /** Only for delivery `recipientKey`: the `kid` of the key. */
  readonly recipientKeyId?: string;
  readonly reference?: string;
  /** The same key with the same order is the same reset. */
  readonly idempotencyKey?: string;
  /** Of the call that asks; each repetition has its own. */
  readonly requestId?: string;
}
