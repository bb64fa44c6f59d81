import { textOf } from './whole-error.js';

/** The levels of the platform, least first. */
const levels = ['trace', 'debug', 'information', 'warning', 'error', 'critical', 'none'] as const;

export type LogLevel = (typeof levels)[number];

/** `category` is the function's name, or `host`. */
export type Log = (level: LogLevel, category: string, message: string) => void;

export interface LogOptions {
  readonly write: (text: string) => void;
  /** Whether trace and debug records are written too. */
  readonly verbose: boolean;
}

/**
 * One record is `<ISO time> <level> [<category>] <message>`; further lines of the same record, such
 * as a stack, are indented, so that no message can pass for a record.
 */
export function createLog({ write, verbose }: LogOptions): Log {
  const least = levels.indexOf(verbose ? 'trace' : 'information');

  return (level, category, message) => {
    if (level === 'none' || levels.indexOf(level) < least) return;
    const text = message.replaceAll(/\r?\n/g, '\n    ');
    write(`${new Date().toISOString()} ${level} [${category}] ${text}\n`);
  };
}

/** Set to `whole`, the log shows all that hangs on an error: for tests that look for secrets in it. */
const errorsSetting = 'LOCAL_HOST_ERRORS';

/** The stack of what was thrown, with its causes' messages; anything may be thrown. */
export function describeError(error: unknown): string {
  const text = stackOf(error);
  return process.env[errorsSetting] === 'whole' ? `${text}\n${textOf(error)}` : text;
}

function stackOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error);
  const { stack, message } = error as { stack?: unknown; message?: unknown };
  const text =
    typeof stack === 'string'
      ? stack
      : typeof message === 'string'
        ? message
        : JSON.stringify(error);
  return 'cause' in error && error.cause !== undefined
    ? `${text}\ncaused by ${stackOf(error.cause)}`
    : text;
}
