import type { ResetErrorCode } from '../password-reset/reset-error.js';

/** What an operator may want to know of our own sign-in. Holds no secret and no foreign text. */
export type SignInEvent =
  | { readonly kind: 'signedIn'; readonly severity: 'info'; readonly lifetimeMs: number }
  | {
      readonly kind: 'signInRepeated';
      readonly severity: 'warn';
      readonly code: ResetErrorCode | undefined;
      /** The one that failed, from 1. */
      readonly attempt: number;
    }
  /** `warn` when it may pass by itself. A token that is held goes on being used meanwhile. */
  | {
      readonly kind: 'signInFailed';
      readonly severity: 'warn' | 'error';
      readonly code: ResetErrorCode | undefined;
    }
  | { readonly kind: 'refreshTokenStored'; readonly severity: 'info' }
  /** Entra gave no new refresh token: the stored one grows older and dies 90 days after its issue. */
  | {
      readonly kind: 'refreshTokenNotReturned';
      readonly severity: 'warn';
      readonly storedAtMs: number;
    }
  /** The stored refresh token still works, and dies 90 days after its issue unless a write succeeds. */
  | {
      readonly kind: 'refreshTokenNotStored';
      readonly severity: 'error';
      readonly code: ResetErrorCode | undefined;
      readonly storedAtMs: number;
    };

export type OnSignInEvent = (event: SignInEvent) => void;
