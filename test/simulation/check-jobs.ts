import { phaseOf } from '../../shared/bulk-reset/bulk-phase.js';
import type { BulkResetRow } from '../../shared/bulk-reset/bulk-reset.js';
import { isSettled, type ResetRow } from '../../shared/password-reset/reset-row.js';
import type { Report } from './checker.js';
import { type HistoryEvent, observe, type Observer } from './history.js';

/** What holds for jobs in the end. */
export function createJobChecks(report: Report) {
  const jobs = new Map<string, BulkResetRow>();
  const rows = new Map<string, ResetRow>();
  let lastMs = 0;

  const observer: Observer = {
    'job stored': ({ job }) => void jobs.set(job.bulkResetId, job),
    stored: ({ row }) => void rows.set(row.resetId, row),
  };

  return { see, end };

  function see(event: HistoryEvent): void {
    lastMs = event.atMs;
    observe(observer, event);
  }

  function end(): void {
    for (const job of jobs.values()) {
      const details = whatIsWrong(job);
      if (details === undefined) continue;
      const about = { atMs: lastMs, bulkResetId: job.bulkResetId };
      report({
        invariant: 'every job comes to its end, and counts what its rows did',
        details,
        ...about,
      });
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
