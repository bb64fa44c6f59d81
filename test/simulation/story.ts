import type { ResetRow } from '../../shared/password-reset/reset-row.js';
import type { Violation } from './invariants.js';
import { askOf } from './check-rows.js';
import type { HistoryEvent } from './history.js';
import { withNamesOfUsers } from './people.js';

/** What led to a violation, in plain sentences with virtual times; what has nothing to do with it is left out. */
export function tellStory(events: readonly HistoryEvent[], violation: Violation): string {
  const startMs = events[0]?.atMs ?? 0;
  const about = aboutOf(events, violation);
  const lines = events
    .filter((event) => event.atMs <= violation.atMs && about(event))
    .map((event) => `${toTime(event.atMs - startMs)}  ${toSentence(event, startMs)}`);
  const end = `${toTime(violation.atMs - startMs)}  Violated: ${violation.invariant} (${violation.details}).`;
  return withNamesOfUsers([...lines, end].join('\n'));
}

/** The events around one user, or around one row while its user is not known. */
function aboutOf(
  events: readonly HistoryEvent[],
  { user, resetId, bulkResetId }: Violation,
): (event: HistoryEvent) => boolean {
  const resets = new Set(resetId === undefined ? [] : [resetId]);
  const users = new Set(user === undefined ? [] : [user]);
  for (const event of events) {
    if (event.kind === 'stored' && event.row.userId !== undefined && users.has(event.row.userId)) {
      resets.add(event.row.resetId);
    }
  }
  const asks = new Set([...resets].map((id) => askOf({ resetId: id })));
  return (event) => {
    if (bulkResetId !== undefined) return JSON.stringify(event).includes(bulkResetId);
    if ('resetId' in event) return resets.has(event.resetId);
    if ('row' in event) return resets.has(event.row.resetId);
    if ('ask' in event) return asks.has(event.ask);
    if ('user' in event) return users.has(event.user);
    if (event.kind === 'fault') return [...resets].some((id) => event.what.includes(id));
    return true;
  };
}

function toSentence(event: HistoryEvent, startMs: number): string {
  const { who } = event;
  switch (event.kind) {
    case 'asked': {
      const { user, idempotencyKey } = event.order;
      const key = idempotencyKey === undefined ? '' : ` under the key “${idempotencyKey}”`;
      const whom = user.kind === 'id' ? user.userId : user.userPrincipalName;
      return `${who} asks for a reset of ${whom}${key} (request ${event.ask}).`;
    }
    case 'stored':
      return `${who} stores ${toName(event.row)} as ${describe(event.row, startMs)}.`;
    case 'job stored':
      return `${who} stores ${event.job.bulkResetId} as ${event.job.state}.`;
    case 'locked':
      return `${who} takes ${event.user} for reset ${event.resetId}.`;
    case 'sent':
      return `${who} sends ${event.password} for reset ${event.resetId} (request ${event.send} to the directory).`;
    case 'applied': {
      const late = event.isLate ? ', after its client gave up' : '';
      return `The directory carries out request ${event.send}${late}: ${event.password} works now.`;
    }
    case 'recognized':
      return `The directory knows request ${event.send} already, and changes nothing.`;
    case 'refused':
      return `The directory refuses request ${event.send}: ${event.code}.`;
    case 'answered':
      return event.code === undefined
        ? `${who} learns that request ${event.send} was carried out.`
        : `${who} learns of request ${event.send}: ${event.code}.`;
    case 'told':
      return `${who} is told that request ${event.ask} is reset ${event.resetId}, ${event.status}.`;
    case 'job told':
      return `${who} is told that ${event.bulkResetId} is ${event.status}.`;
    case 'acknowledged':
      return `${who} has acknowledged ${event.bulkResetId}.`;
    case 'turned away':
      return `${who} is turned away with request ${event.ask}: ${event.code}.`;
    case 'disclosed':
      return `${who} reads the password of reset ${event.resetId}: ${event.password}.`;
    case 'withheld':
      return `${who} sees no password of reset ${event.resetId}: ${event.why}.`;
    case 'changed':
      return `${who} chooses ${event.password}.`;
    case 'fault':
      return `A fault at ${who}: ${event.what}.`;
    case 'crashed':
      return `${who} dies.`;
    case 'operated':
      return `An ${who} ${event.what}.`;
    case 'failed':
      return `Unforeseen: ${event.what} fails with ${event.error}.`;
  }
}

function toName({ resetId }: ResetRow): string {
  return `reset ${resetId}`;
}

function describe(row: ResetRow, startMs: number): string {
  const until = (atMs: number) => toTime(atMs - startMs);
  const unknown =
    row.unknownAtMs === undefined ? '' : `, with an unknown outcome at ${until(row.unknownAtMs)}`;
  switch (row.state) {
    case 'claimed':
      return `claimed until ${until(row.leaseExpiresAtMs)}, attempt ${row.attempts}${unknown}`;
    case 'queued':
    case 'uncertain':
      return `${row.state} until ${until(row.notBeforeMs)}${unknown}`;
    case 'rejected':
    case 'attention':
      return `${row.state} as ${row.code}${unknown}`;
    case 'applied':
    case 'cancelled':
      return `${row.state}${unknown}`;
  }
}

function toTime(ms: number): string {
  // By the clock of a host that is slow.
  if (ms < 0) return `-${toTime(-ms)}`;
  const [hours, minutes] = [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60];
  const seconds = ((ms % 60_000) / 1_000).toFixed(3).padStart(6, '0');
  return `${hours}:${String(minutes).padStart(2, '0')}:${seconds}`;
}
