import type { Secret } from '../platform/secret.js';

/** Access tokens for Partner Center. Both calls reject with a ResetError of a sign-in code, also on abort. */
export interface AccessTokenSource {
  /** A token that should be good, as a rule from a cache. */
  get(signal: AbortSignal): Promise<Secret>;

  /** A newer token than the one that Partner Center rejected. */
  renew(rejected: Secret, signal: AbortSignal): Promise<Secret>;
}
