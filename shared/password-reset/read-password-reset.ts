import type { Secret } from '../platform/secret.js';
import type { CustomerTenantId } from './ids.js';
import type { IsSuperseded } from './is-superseded.js';
import { openPassword, openRequest } from './open-seal.js';
import { passwordResetNotFound } from './password-reset-not-found.js';
import type { RecipientKeyIdOf, RevealLinks } from './delivery-ports.js';
import type { EncryptedPassword, ResetStore, Seals } from './ports.js';
import { type AppliedRow, type Delivery, type ResetRow, shadowEndsAtMs } from './reset-row.js';

export interface ReadDependencies {
  readonly resets: Pick<ResetStore, 'read'>;
}

/**
 * The row of a reset that this caller asked for.
 *
 * Rejects with `PasswordResetNotFound` for an unknown one and for somebody else's alike.
 */
export function createReadPasswordReset({ resets }: ReadDependencies) {
  return async (resetId: string, caller: string): Promise<ResetRow> => {
    const stored = await resets.read(resetId);
    if (stored?.row.caller !== caller) throw passwordResetNotFound();
    return stored.row;
  };
}

/** Who wants to read a password, and what is allowed now. */
export interface Reader {
  readonly name: string;
  /** Whatever is given to it by this delivery. */
  mayReceive(delivery: Delivery): boolean;
  hasRecipientKey(keyId: string): boolean;
  maySee(customerTenantId: CustomerTenantId): boolean;
}

export interface ReadPasswordDependencies {
  readonly seals: Pick<Seals, 'open' | 'openEncrypted'>;
  readonly isSuperseded: IsSuperseded;
  readonly links: Pick<RevealLinks, 'addressOf'>;
  readonly recipientKeyIdOf: RecipientKeyIdOf;
  readonly settleMs: number;
  /** How long after the reset a link can be opened. */
  readonly linkExpiresMs: number;
  readonly now: () => number;
}

/** How long after the reset a password can be read. */
export const readableForMs = 72 * 3_600_000;

export type ReadPassword = ReturnType<typeof createReadPassword>;

/** The password, or why it is not shown. */
export type ReadablePassword =
  | { readonly kind: 'password'; readonly password: Secret }
  /** Only the recipient can read it. */
  | { readonly kind: 'encrypted'; readonly encryptedPassword: string }
  /** Whoever has the address can read it, once. */
  | { readonly kind: 'link'; readonly address: string; readonly expiresAtMs: number }
  /** There is none to be shown, or not to this reader. */
  | { readonly kind: 'none' }
  /** An attempt with unknown outcome may still arrive: the password works, but not yet for sure. */
  | { readonly kind: 'settling'; readonly untilMs: number }
  /** A newer reset of the user has begun, so this password may not work any more. */
  | { readonly kind: 'superseded' };

const none: ReadablePassword = { kind: 'none' };

/**
 * The password of an applied row as its delivery wants it, for the caller who asked for it and who may
 * still see the customer and be given it that way. Who and which customer that is, is read from the seal,
 * which storage cannot forge.
 */
export function createReadPassword(dependencies: ReadPasswordDependencies) {
  const { seals, isSuperseded, links, recipientKeyIdOf } = dependencies;
  const { settleMs, linkExpiresMs, now } = dependencies;

  return async (row: ResetRow, reader: Reader, signal: AbortSignal): Promise<ReadablePassword> => {
    if (row.state !== 'applied') return none;
    if (now() >= row.settledAtMs + readableForMs) return none;
    const readable = await readAs(reader, row, signal);
    if (readable.kind === 'none') return readable;

    const untilMs = shadowEndsAtMs(row, { settleMs });
    if (untilMs > now()) return { kind: 'settling', untilMs };
    return (await isSuperseded(row)) ? { kind: 'superseded' } : readable;
  };

  /** Whatever the reader may have of it in the end. */
  async function readAs(
    reader: Reader,
    row: AppliedRow,
    signal: AbortSignal,
  ): Promise<ReadablePassword> {
    const { seal } = row;
    if (row.caller !== reader.name || !reader.maySee(row.customerTenantId)) return none;
    if (seal === undefined || !reader.mayReceive(row.delivery)) return none;
    // What was compared above is only known to be true once a seal has said so.
    if (row.delivery === 'recipientKey') {
      const password = await openPassword(seals, { ...row, seal }, signal);
      return password === undefined ? none : readEncrypted(reader, password);
    }
    const request = await openRequest(seals, { ...row, seal }, signal);
    if (request === undefined) return none;
    if (request.delivery === 'link') return readLink(row, signal);
    return request.delivery === 'response'
      ? { kind: 'password', password: request.passwordProfile.password }
      : none;
  }

  /** Whose key was taken off the list shall not get what was encrypted to it before. */
  function readEncrypted(
    reader: Reader,
    { encryptedPassword }: EncryptedPassword,
  ): ReadablePassword {
    const keyId = recipientKeyIdOf(encryptedPassword);
    const isTheirs = keyId !== undefined && reader.hasRecipientKey(keyId);
    return isTheirs ? { kind: 'encrypted', encryptedPassword } : none;
  }

  async function readLink(row: AppliedRow, signal: AbortSignal): Promise<ReadablePassword> {
    const expiresAtMs = row.settledAtMs + linkExpiresMs;
    if (now() >= expiresAtMs) return none;
    return { kind: 'link', address: await links.addressOf(row, signal), expiresAtMs };
  }
}
