import type { Secret } from '../platform/secret.js';
import { aboutRow, type Audit } from './audit.js';
import type { IsSuperseded } from './is-superseded.js';
import { openRequest } from './open-seal.js';
import type { RevealLinks } from './delivery-ports.js';
import type { PasswordProfile, ResetStore, Seals, Stored, WithdrawnAt } from './ports.js';
import { ResetError } from './reset-error.js';
import { type AppliedRow, isSettled, shadowEndsAtMs, withoutPassword } from './reset-row.js';

export interface RevealDependencies {
  readonly links: Pick<RevealLinks, 'resetIdIn' | 'isGenuine'>;
  readonly resets: Pick<ResetStore, 'read' | 'replace'>;
  readonly seals: Pick<Seals, 'open'>;
  readonly isSuperseded: IsSuperseded;
  readonly withdrawnAt: WithdrawnAt;
  /** Nothing is shown before it is kept that it will be. */
  readonly audit: Audit;
  readonly settleMs: number;
  /** How long after the reset a link can be opened. */
  readonly linkExpiresMs: number;
  readonly now: () => number;
  readonly newOpeningId: () => string;
}

/** Why a link shows no password. */
export type LinkObstacle =
  /** No link of ours. */
  | { readonly kind: 'unknown' }
  /** The reset is still under way. */
  | { readonly kind: 'notYet' }
  /** The reset came to another end. */
  | { readonly kind: 'failed' }
  /** An attempt with unknown outcome may still arrive: the password works, but not yet for sure. */
  | { readonly kind: 'settling'; readonly untilMs: number }
  /** A newer reset of the user has begun, so this password may not work any more. */
  | { readonly kind: 'superseded' }
  /** Whoever asked for the reset took the password back. */
  | { readonly kind: 'revoked'; readonly atMs: number }
  | { readonly kind: 'opened'; readonly atMs: number }
  | { readonly kind: 'expired' };

export type LinkState =
  LinkObstacle | { readonly kind: 'ready'; readonly resetId: string; readonly expiresAtMs: number };

export type OpenedLink =
  | LinkState
  | {
      readonly kind: 'password';
      readonly resetId: string;
      readonly password: Secret;
      readonly forceChangePassword: boolean;
    };

export interface Opening {
  readonly token: string;
  /** Of the call that opens the link, for the audit. */
  readonly requestId: string;
}

export interface RevealPassword {
  /** How the link stands. Changes nothing, however often it is asked. */
  look(token: string, signal: AbortSignal): Promise<LinkState>;
  /** The password, once; `ready` when somebody got in the way and it is to be opened again. */
  open(opening: Opening, signal: AbortSignal): Promise<OpenedLink>;
}

/** What a link that can be opened leads to. */
interface Ready {
  readonly kind: 'ready';
  readonly stored: Stored<AppliedRow>;
  readonly passwordProfile: PasswordProfile;
}

/**
 * Shows a password once, to whoever has the link. The view is claimed before it is given: the seal is
 * removed by a conditional write, and only who knows that the write was made gets to see what was in it.
 * An answer that is lost on its way loses the password with it; the user is then reset again.
 */
export function createRevealPassword(dependencies: RevealDependencies): RevealPassword {
  const { links, resets, seals, isSuperseded, withdrawnAt, audit } = dependencies;
  const { settleMs, linkExpiresMs, now, newOpeningId } = dependencies;

  return { look, open };

  async function look(token: string, signal: AbortSignal): Promise<LinkState> {
    const found = await find(token, signal);
    if (found.kind !== 'ready') return found;
    const { resetId, settledAtMs } = found.stored.row;
    return { kind: 'ready', resetId, expiresAtMs: settledAtMs + linkExpiresMs };
  }

  async function open({ token, requestId }: Opening, signal: AbortSignal): Promise<OpenedLink> {
    const found = await find(token, signal);
    if (found.kind !== 'ready') return found;
    // Whoever has the link, which may be anybody.
    const by = { caller: undefined, requestId };
    await audit([{ action: 'password.revealed', ...aboutRow(found.stored.row), ...by }]);
    // To keep that may have taken long: the password may have been taken back, or replaced, meanwhile.
    const still = await find(token, signal);
    if (still.kind !== 'ready') return still;
    const { stored, passwordProfile } = still;
    const { resetId } = stored.row;
    if (await claimView(stored)) return { kind: 'password', resetId, ...passwordProfile };
    return look(token, signal);
  }

  async function find(token: string, signal: AbortSignal): Promise<LinkObstacle | Ready> {
    const resetId = links.resetIdIn(token);
    const stored = resetId === undefined ? undefined : await resets.read(resetId);
    if (stored === undefined) return { kind: 'unknown' };
    const { row, etag } = stored;
    // For the reset that the columns tell of: a row may have been copied to where another was.
    if (!(await links.isGenuine(token, row, signal))) return { kind: 'unknown' };
    if (row.delivery !== 'link') return { kind: 'unknown' };
    if (!isSettled(row)) return { kind: 'notYet' };
    if (row.state !== 'applied') return { kind: 'failed' };
    return findApplied({ row, etag }, signal);
  }

  async function findApplied(
    stored: Stored<AppliedRow>,
    signal: AbortSignal,
  ): Promise<LinkObstacle | Ready> {
    const { row } = stored;
    const { resetId, seal, settledAtMs, openedAtMs } = row;
    // Before all else: whoever comes second must learn that there was a first.
    if (openedAtMs !== undefined) return { kind: 'opened', atMs: openedAtMs };
    const revokedAtMs = row.revokedAtMs ?? (await withdrawnAt(resetId));
    if (revokedAtMs !== undefined) return { kind: 'revoked', atMs: revokedAtMs };
    if (seal === undefined || now() >= settledAtMs + linkExpiresMs) return { kind: 'expired' };

    const request = await openRequest(seals, { ...row, seal }, signal);
    if (request === undefined) return { kind: 'unknown' };
    const { passwordProfile } = request;
    const untilMs = shadowEndsAtMs(row, { settleMs });
    if (untilMs > now()) return { kind: 'settling', untilMs };
    if (await isSuperseded(row)) return { kind: 'superseded' };
    return { kind: 'ready', stored, passwordProfile };
  }

  /** True when it is known that this view is the only one there will ever be. */
  async function claimView({ row, etag }: Stored<AppliedRow>): Promise<boolean> {
    const openingId = newOpeningId();
    const opened = { ...withoutPassword(row), openedAtMs: now(), openingId };
    const isOurs = async () => {
      const found = await resets.read(row.resetId);
      return found?.row.state === 'applied' && found.row.openingId === openingId;
    };
    try {
      return (await resets.replace(opened, etag)) !== 'conflict' || (await isOurs());
    } catch (error) {
      // A write that failed may have been made, so the row says whether it was.
      if (!(error instanceof ResetError)) throw error;
      if (await isOurs()) return true;
      throw error;
    }
  }
}
