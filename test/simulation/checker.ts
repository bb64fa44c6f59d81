import { createJobChecks } from './check-jobs.js';
import { createPasswordChecks } from './check-passwords.js';
import { createRowChecks } from './check-rows.js';
import { type HistoryEvent, observe } from './history.js';
import type { EndOfRun, Report, Violation } from './invariants.js';

/** Judges what happened, in the order in which it was seen. */
export function findViolations(events: readonly HistoryEvent[], end: EndOfRun): Violation[] {
  const violations: Violation[] = [];
  const report: Report = (violation) => violations.push(violation);
  const rows = createRowChecks(report);
  const jobs = createJobChecks(report);
  const passwords = createPasswordChecks(end, report);
  for (const event of events) {
    rows.see(event);
    jobs.see(event);
    observe(passwords, event);
  }
  rows.end(end);
  jobs.end();
  return violations;
}
