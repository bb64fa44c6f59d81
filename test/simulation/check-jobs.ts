import { phaseOf } from '../../shared/bulk-reset/bulk-phase.js';
import type { BulkResetRow } from '../../shared/bulk-reset/bulk-reset.js';
import { isSettled, type ResetRow } from '../../shared/password-reset/reset-row.js';
import type { Report } from './invariants.js';
import { type Happened, type HistoryEvent, observe, type Observer } from './history.js';

/** What holds for jobs in the end. */
export function createJobChecks(report: Report) {
  const jobs = new Map<string, BulkResetRow>();
  const rows = new Map<string, ResetRow>();
  const accepted = new Set<string>();
  const acknowledgedMs = new Map<string, number>();
  let lastMs = 0;

  const observer: Observer = {
    'job stored': seeStored,
    stored: ({ row }) => void rows.set(row.resetId, row),
    'job told': ({ bulkResetId, status }) => {
      if (status !== 'refused') accepted.add(bulkResetId);
    },
    acknowledged: ({ bulkResetId, atMs }) => void acknowledgedMs.set(bulkResetId, atMs),
    disclosed: seeDisclosed,
  };

  return { see, end };

  function see(event: HistoryEvent): void {
    lastMs = event.atMs;
    observe(observer, event);
  }

  function seeStored({ job }: Happened<'job stored'>): void {
    // It was refused, and is taken anew: what was acknowledged had nothing to disclose.
    if (job.state === 'validating') acknowledgedMs.delete(job.bulkResetId);
    jobs.set(job.bulkResetId, job);
  }

  function seeDisclosed({ resetId, fromMs, atMs }: Happened<'disclosed'>): void {
    const bulkResetId = /^(.*)-\d{7}$/.exec(resetId)?.[1];
    if (bulkResetId === undefined || fromMs < (acknowledgedMs.get(bulkResetId) ?? Infinity)) return;
    const invariant = 'an acknowledged job discloses nothing';
    report({ invariant, details: 'somebody read a password', atMs, bulkResetId, resetId });
  }

  function end(): void {
    for (const job of jobs.values()) {
      const { bulkResetId, cancelledAtMs } = job;
      const about = { atMs: lastMs, bulkResetId };
      if (job.state === 'refused' && accepted.has(bulkResetId) && cancelledAtMs === undefined) {
        const invariant = 'a job that was accepted is carried out';
        report({ invariant, details: `it was refused: ${job.message}`, ...about });
      }
      const details = whatIsWrong(job);
      if (details === undefined) continue;
      const invariant = 'every job comes to its end, and counts what its rows did';
      report({ invariant, details, ...about });
    }
  }

  function whatIsWrong(job: BulkResetRow): string | undefined {
    const own = [...rows.values()].filter(({ resetId }) =>
      resetId.startsWith(`${job.bulkResetId}-`),
    );
    if (phaseOf(job) === 'open') return `it is ${job.state}`;
    if (job.state === 'refused') return own.length === 0 ? undefined : 'refused, but it has rows';
    if (job.state === 'split' && own.length !== job.counts.valid) {
      return `${own.length} rows of ${job.counts.valid}`;
    }
    const made = job.tally?.all.made;
    if (made !== own.length) return `it counted ${made} rows of ${own.length}`;
    const settled = own.filter(isSettled);
    const applied = settled.filter(({ state }) => state === 'applied');
    if (job.tally?.all.settled !== settled.length) return 'it counted other settled rows';
    return job.tally.all.succeeded === applied.length ? undefined : 'it counted other applied rows';
  }
}
