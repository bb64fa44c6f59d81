import type { UserId } from './ids.js';
import type { SealedRequest } from './ports.js';
import type { ResetRow } from './reset-row.js';

/**
 * Encrypts a password to the key that an administrator registered for the caller: a compact JWE around
 * the JSON `{ resetId, customerTenantId, userId, password }`.
 *
 * @throws {@link ResetError} `RecipientKeyNotFound`, or a code of Key Vault
 */
export type EncryptForRecipient = (
  password: {
    readonly resetId: string;
    readonly userId: UserId;
  } & Pick<SealedRequest, 'caller' | 'recipientKeyId' | 'customerTenantId' | 'passwordProfile'>,
  signal: AbortSignal,
) => Promise<string>;

/**
 * Tells one text from another without telling anything about it: a plain hash would give a password away
 * to guessing.
 *
 * @throws {@link ResetError} `KeyVaultUnavailable`, `AppMisconfigured`
 */
export interface Fingerprints {
  fingerprint(text: string, signal: AbortSignal): Promise<string>;
  /** True under older versions of the key, too. */
  isFingerprintOf(text: string, fingerprint: string, signal: AbortSignal): Promise<boolean>;
}

/** What a link is made for: under the same id another reset may be accepted later. */
export type LinkedReset = Pick<ResetRow, 'resetId' | 'acceptedAtMs'>;

/** Addresses of the pages that show a password, each ending in a token that nobody else can make. */
export interface RevealLinks {
  /** @throws {@link ResetError} `KeyVaultUnavailable`, `AppMisconfigured` */
  addressOf(reset: LinkedReset, signal: AbortSignal): Promise<string>;
  /** The reset that a token names, whoever made it; undefined for what has another shape. */
  resetIdIn(token: string): string | undefined;
  /**
   * Whether the token was made here, for this reset. To ask costs a look at Key Vault when the token names an unknown
   * version of the key, as anybody may, so ask only of resets that there are.
   *
   * @throws {@link ResetError} `KeyVaultUnavailable`, `AppMisconfigured`
   */
  isGenuine(token: string, reset: LinkedReset, signal: AbortSignal): Promise<boolean>;
}

/** The `kid` of the key to which a password was encrypted; undefined for what is no such thing. */
export type RecipientKeyIdOf = (encryptedPassword: string) => string | undefined;
