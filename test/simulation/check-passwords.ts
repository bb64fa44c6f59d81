import type { ResetRow } from '../../shared/password-reset/reset-row.js';
import type { EndOfRun, Invariant, Report } from './invariants.js';
import type { Happened, Observer } from './history.js';

interface Password {
  readonly password: string;
  readonly sinceMs: number;
  /** Undefined for one that the user chose. */
  readonly resetId: string | undefined;
}

interface User {
  /** Every password that ever worked, the one that works now last. */
  readonly passwords: Password[];
  /** The reset that has begun last. */
  newest?: { readonly resetId: string; readonly sinceMs: number };
}

/** A request of which the client knows nothing, or does not know yet. */
interface UnknownSend {
  readonly who: string;
  readonly resetId: string;
  /** From when on the client waited no longer. */
  givenUpMs?: number;
}

/** What holds for passwords: those that work, and those that somebody was told. */
export function createPasswordChecks(
  { travelsMs }: Pick<EndOfRun, 'travelsMs'>,
  report: Report,
): Observer {
  const users = new Map<string, User>();
  const userByReset = new Map<string, string>();
  const disclosed = new Map<string, string>();
  const unknown = new Map<number, UnknownSend>();
  const rows = new Map<string, ResetRow>();

  return {
    stored: ({ row }) => void rows.set(row.resetId, row),
    locked({ user, resetId, atMs }) {
      userOf(user).newest = { resetId, sinceMs: atMs };
    },
    sent({ resetId, user, send, who }) {
      userByReset.set(resetId, user);
      unknown.set(send, { who, resetId });
    },
    answered: seeAnswered,
    crashed: seeCrashed,
    applied: seeApplied,
    changed: ({ user, password, atMs }) =>
      begin(user, { password, sinceMs: atMs, resetId: undefined }),
    disclosed: seeDisclosed,
    withheld: seeWithheld,
  };

  function seeAnswered({ send, code, atMs }: Happened<'answered'>): void {
    if (code !== 'OutcomeUnknown') unknown.delete(send);
    else giveUp(unknown.get(send), atMs);
  }

  function seeCrashed({ who, atMs }: Happened<'crashed'>): void {
    for (const send of unknown.values()) if (send.who === who) giveUp(send, atMs);
  }

  function seeApplied(event: Happened<'applied'>): void {
    const { password, resetId, atMs, isLate } = event;
    const { passwords, newest } = userOf(event.user);
    const current = passwords.at(-1);
    if (current?.password === password) return;
    begin(event.user, { password, sinceMs: atMs, resetId });
    const isNewest = newest?.resetId === resetId;
    // The newest reset may change the password until somebody was told what it is.
    if (current === undefined || (isNewest && !disclosed.has(resetId))) return;
    const when = isLate ? 'late' : 'in time';
    const details = `${when}, ${password} takes the place of ${current.password}`;
    if (current.resetId === undefined) {
      violated('a password that the user chose is not overwritten', details, event);
    } else if (disclosed.get(current.resetId) === current.password) {
      violated('a disclosed password stays valid', details, event);
    } else {
      violated('a late request undoes no newer reset', details, event);
    }
  }

  function seeDisclosed(event: Happened<'disclosed'>): void {
    const { resetId, password, fromMs, atMs } = event;
    const known = disclosed.get(resetId);
    disclosed.set(resetId, password);
    if (known !== undefined && rows.get(resetId)?.delivery === 'link') {
      violated('a link shows its password once', 'it was shown before', event);
    }
    if (known !== undefined && known !== password) {
      const details = `first ${known}, then ${password}`;
      violated('a row discloses one password at most', details, event);
    }
    for (const send of unknown.values()) {
      if (send.resetId !== resetId) continue;
      if (send.givenUpMs !== undefined && atMs >= send.givenUpMs + travelsMs) continue;
      violated('nothing is disclosed inside a shadow', 'a request may still arrive', event);
    }
    const user = userOf(userByReset.get(resetId) ?? '');
    const why = whyItDoesNotWork(user, { resetId, password, fromMs, atMs });
    if (why !== undefined) violated('a disclosed password works', why, event);
  }

  function seeWithheld(event: Happened<'withheld'>): void {
    const row = rows.get(event.resetId);
    if (event.why !== 'none' || row?.state !== 'applied' || row.delivery === 'none') return;
    if (row.openedAtMs !== undefined) return;
    violated('the password of an applied row can be read', 'it is withheld', event);
  }

  function begin(user: string, { password, sinceMs, resetId }: Password): void {
    userOf(user).passwords.push({ password, sinceMs, resetId });
  }

  function userOf(name: string): User {
    let user = users.get(name);
    if (user === undefined) {
      user = { passwords: [] };
      users.set(name, user);
    }
    return user;
  }

  function violated(
    invariant: Invariant,
    details: string,
    about: { readonly atMs: number; readonly resetId: string; readonly user?: string },
  ): void {
    const { atMs, resetId } = about;
    const user = about.user ?? userByReset.get(resetId);
    report({ invariant, details, atMs, resetId, user });
  }
}

function giveUp(send: UnknownSend | undefined, atMs: number): void {
  if (send !== undefined) send.givenUpMs ??= atMs;
}

/** Undefined when it worked while it was read, or when it was clear by then that it would not. */
function whyItDoesNotWork(
  { passwords, newest }: User,
  read: Pick<Happened<'disclosed'>, 'resetId' | 'password' | 'fromMs' | 'atMs'>,
): string | undefined {
  const { resetId, password, fromMs } = read;
  const worked = passwords.findLastIndex((one) => one.password === password);
  if (worked < 0) return 'it never did';
  const next = passwords[worked + 1];
  if (next === undefined || next.sinceMs >= fromMs) return undefined;
  // Whoever reads may not know yet of one that has just begun.
  if (newest?.resetId !== resetId && (newest?.sinceMs ?? 0) >= fromMs) return undefined;
  const isChangedByUser = passwords.slice(worked + 1).some((one) => one.resetId === undefined);
  return isChangedByUser ? undefined : `${next.password} works instead`;
}
