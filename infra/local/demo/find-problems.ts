import type { BulkFacts } from './reset-many.js';
import type { SingleFacts } from './reset-one.js';

export interface DemoFacts {
  readonly single: SingleFacts;
  readonly bulk: BulkFacts;
  /** Whether Partner Center was made to fail: then the one reset may be refused, and the job may not. */
  readonly faults: boolean;
}

/** What did not hold; the demo may fail to get a password, but never hand out one that does not work. */
export function findProblems({ single, bulk, faults }: DemoFacts): string[] {
  const broken = bulk.deliveredPasswords - bulk.workingPasswords;
  return [
    ...(single.oldPasswordWorkedBefore ? [] : ['the old password did not work before the reset']),
    ...(single.newPasswordWorks === undefined
      ? withoutPassword(single, faults)
      : withPassword(single)),
    ...bulk.unexpected,
    ...(broken === 0 ? [] : [`${broken} passwords of the job were handed out and do not work`]),
  ];
}

function withPassword({ newPasswordWorks, oldPasswordWorks }: SingleFacts): string[] {
  return [
    ...(newPasswordWorks === true ? [] : ['a password was handed out and does not work']),
    ...(oldPasswordWorks ? ['the old password works after the reset'] : []),
  ];
}

function withoutPassword({ outcome, oldPasswordWorks }: SingleFacts, faults: boolean): string[] {
  if (!faults || outcome === 'Succeeded') return [`no password was handed out: ${outcome}`];
  // Only this refusal says that the password may have changed all the same.
  if (oldPasswordWorks || outcome === 'OutcomeUnknown') return [];
  return [`${outcome}, and yet the old password does not work`];
}
