import type { BulkFacts } from './reset-many.js';
import type { SingleFacts } from './reset-one.js';

/** What the demo found, line by line for a person. */
export function describeSingle(facts: SingleFacts): string[] {
  const { status, outcome, reason, milliseconds, newPasswordWorks } = facts;
  return [
    `   user                    ${facts.userPrincipalName}`,
    `   POST /password-resets   ${status}${status === 202 ? ', then its Location until the end' : ''}`,
    `   outcome                 ${outcome} in ${milliseconds} ms`,
    ...(reason === undefined ? [] : [`   reason                  ${reason}`]),
    `   old password before     ${works(facts.oldPasswordWorkedBefore)}`,
    `   new password after      ${newPasswordWorks === undefined ? 'none was handed out' : works(newPasswordWorks)}`,
    `   old password after      ${works(facts.oldPasswordWorks)}`,
  ];
}

export function describeBulk(facts: BulkFacts): string[] {
  const width = Math.max(...facts.outcomes.map(({ outcome }) => outcome.length), 'outcome'.length);
  return [
    `   ${facts.rows} rows in ${facts.seconds} s, ${facts.resetsPerSecond} a second`,
    '',
    `   ${'outcome'.padEnd(width)}  rows  reason`,
    ...facts.outcomes.map(({ outcome, rows, reason = '' }) =>
      `   ${outcome.padEnd(width)}  ${String(rows).padStart(4)}  ${reason}`.trimEnd(),
    ),
    '',
    `   delivered passwords that work: ${facts.workingPasswords} of ${facts.deliveredPasswords}`,
  ];
}

const barWidth = 40;

export function progressBar(done: number, total: number): string {
  const filled = total === 0 ? 0 : Math.round((done / total) * barWidth);
  return `   [${'#'.repeat(filled)}${'.'.repeat(barWidth - filled)}] ${done}/${total}`;
}

function works(isWorking: boolean): string {
  return isWorking ? 'works' : 'is refused';
}
