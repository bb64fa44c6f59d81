import type { Secret } from '../platform/secret.js';
import type { CustomerTenantId } from './ids.js';
import type { IsSuperseded } from './is-superseded.js';
import type { ResetStore, RevealLinks, Seals } from './ports.js';
import { ResetError } from './reset-error.js';
import { type AppliedRow, type ResetRow, shadowEndsAtMs } from './reset-row.js';

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
    if (stored?.row.caller !== caller) {
      throw new ResetError('PasswordResetNotFound', 'There is no such password reset');
    }
    return stored.row;
  };
}

/** Who wants to read a password, and of which customers that is allowed now. */
export interface Reader {
  readonly name: string;
  readonly mayReadPasswords: boolean;
  maySee(customerTenantId: CustomerTenantId): boolean;
}

export interface ReadPasswordDependencies {
  readonly seals: Pick<Seals, 'open'>;
  readonly isSuperseded: IsSuperseded;
  readonly links: Pick<RevealLinks, 'addressOf'>;
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

/**
 * The password of an applied row as its delivery wants it, for the caller who asked for it and who may
 * still see the customer. Who and which customer that is, is read from the seal, which storage cannot
 * forge; a row without seal holds nothing that anybody but the recipient can read.
 */
export function createReadPassword(dependencies: ReadPasswordDependencies) {
  const { seals, isSuperseded, links, settleMs, linkExpiresMs, now } = dependencies;

  return async (row: ResetRow, reader: Reader, signal: AbortSignal): Promise<ReadablePassword> => {
    if (row.state !== 'applied') return { kind: 'none' };
    if (now() >= row.settledAtMs + readableForMs) return { kind: 'none' };
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
    const { encryptedPassword, seal } = row;
    if (encryptedPassword !== undefined) {
      const isTheirs = row.caller === reader.name && reader.maySee(row.customerTenantId);
      return isTheirs ? { kind: 'encrypted', encryptedPassword } : { kind: 'none' };
    }
    const request = seal === undefined ? undefined : await seals.open(row.resetId, seal, signal);
    if (request?.caller !== reader.name || !reader.maySee(request.customerTenantId)) {
      return { kind: 'none' };
    }
    if (request.delivery === 'link') return readLink(row, signal);
    const isShown = request.delivery === 'response' && reader.mayReadPasswords;
    return isShown
      ? { kind: 'password', password: request.passwordProfile.password }
      : { kind: 'none' };
  }

  async function readLink(
    { resetId, settledAtMs }: AppliedRow,
    signal: AbortSignal,
  ): Promise<ReadablePassword> {
    const expiresAtMs = settledAtMs + linkExpiresMs;
    if (now() >= expiresAtMs) return { kind: 'none' };
    return { kind: 'link', address: await links.addressOf(resetId, signal), expiresAtMs };
  }
}
