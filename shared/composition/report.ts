import { errorName, type LogFields, type Severity, toLogFields } from '../platform/log.js';

/** For what happens behind an invocation or outside of one; the host takes it for the app's log. */
export function report(severity: Severity, what: string, fields: LogFields): void {
  console[severity](what, JSON.stringify(toLogFields(fields)));
}

export function errorFields(error: unknown): Pick<LogFields, 'error'> {
  return { error: errorName(error) };
}
