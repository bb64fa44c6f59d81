import { defaultLimits, isSettled, type ResetRow } from '../../shared/password-reset/reset-row.js';
import type { EndOfRun, Invariant, Report } from './invariants.js';
import { type Happened, type HistoryEvent, observe, type Observer } from './history.js';

/** What holds for rows, and for what is sent on their behalf. */
export function createRowChecks(report: Report) {
  const rows = new Map<string, ResetRow>();
  const sent = new Map<string, Happened<'sent'>[]>();
  const applied = new Set<string>();
  const asked = new Map<number, Happened<'asked'>>();
  const turnedAway = new Map<number, Happened<'turned away'>>();
  const resetByKey = new Map<string, string>();
  let lastMs = 0;

  const observer: Observer = {
    asked: (event) => void asked.set(event.ask, event),
    told: seeTold,
    'turned away': (event) => void turnedAway.set(event.ask, event),
    stored: seeStored,
    sent: seeSent,
    applied: ({ resetId }) => void applied.add(resetId),
    failed: (event) => violated('nothing fails unforeseen', `${event.what}: ${event.error}`, event),
  };

  return { see, end };

  function see(event: HistoryEvent): void {
    lastMs = event.atMs;
    observe(observer, event);
  }

  function end({ isEverythingOver }: EndOfRun): void {
    for (const row of rows.values()) {
      const about = { atMs: lastMs, resetId: row.resetId };
      if (!isSettled(row) && !isEverythingOver) {
        violated('every accepted row is settled in the end', `it is ${row.state}`, about);
      }
      if (row.state === 'rejected' && applied.has(row.resetId)) {
        violated('a rejected row was never applied', 'its request was carried out', about);
      }
      if (row.state === 'cancelled' && sent.has(row.resetId)) {
        violated('a cancelled row was never sent', 'a request went out', about);
      }
      const away = turnedAway.get(askOf(row));
      const isKeyed = asked.get(askOf(row))?.order.idempotencyKey !== undefined;
      if (away === undefined || isKeyed || away.code === 'OutcomeUnknown') continue;
      if (row.state === 'cancelled') continue;
      const details = `the answer was ${away.code}, and the row is ${row.state}`;
      violated('a request that was turned away is never carried out', details, about);
    }
  }

  function seeTold(event: Happened<'told'>): void {
    const key = asked.get(event.ask)?.order.idempotencyKey;
    if (key === undefined) return;
    const known = resetByKey.get(key);
    if (known === undefined) resetByKey.set(key, event.resetId);
    else if (known !== event.resetId) {
      violated('one idempotency key is one reset', `${known} and ${event.resetId}`, event);
    }
  }

  function seeStored({ row, before, atMs }: Happened<'stored'>): void {
    const about = { atMs, resetId: row.resetId };
    rows.set(row.resetId, row);
    if (before !== undefined && isSettled(before) && !isRemovalOfSeal(before, row)) {
      const details = `it was ${before.state} and becomes ${row.state}`;
      violated('a settled row stays as it is', details, about);
    }
    if (row.state === 'claimed' && row.attempts > defaultLimits.maxAttempts) {
      violated('a row has no more attempts than allowed', `attempt ${row.attempts}`, about);
    }
  }

  function seeSent(event: Happened<'sent'>): void {
    const { resetId, attempt, stored, lockedBy, atMs, endsMs, password } = event;
    const isHeld = stored?.state === 'claimed' && stored.attemptId === attempt.attemptId;
    if (!isHeld || stored.leaseExpiresAtMs <= Math.max(atMs, endsMs)) {
      const now = isHeld ? 'its lease ends before' : `the row is ${stored?.state ?? 'gone'}`;
      violated('only who holds the lease sends', now, event);
    }
    if (lockedBy !== resetId) {
      violated('only who holds the user sends', `${lockedBy ?? 'nobody'} holds it`, event);
    }
    const { acceptedAtMs, customerTenantId, refusedPasswords } = attempt;
    for (const other of rows.values()) {
      if (other.state !== 'applied' || other.userId !== event.user) continue;
      if (other.customerTenantId !== customerTenantId || other.acceptedAtMs <= acceptedAtMs)
        continue;
      violated('an older reset is not sent after a newer one was applied', other.resetId, event);
    }
    const earlier = sent.get(resetId) ?? [];
    sent.set(resetId, [...earlier, event]);
    const isOther = earlier.some(
      (one) => one.attempt.refusedPasswords === refusedPasswords && one.password !== password,
    );
    if (isOther) violated('one generation is one password', 'it changed', event);
  }

  function violated(
    invariant: Invariant,
    details: string,
    about: { readonly atMs: number; readonly resetId?: string; readonly user?: string },
  ): void {
    const { atMs, resetId, user } = about;
    report({ invariant, details, atMs, resetId, user });
  }
}

/** Which request a reset came from; resets are named after it. */
export function askOf({ resetId }: Pick<ResetRow, 'resetId'>): number {
  return Number(/-(\d+)\./.exec(resetId)?.[1]);
}

function isRemovalOfSeal(before: ResetRow, after: ResetRow): boolean {
  return before.state === 'applied' && after.state === 'applied';
}
