import { format } from 'node:util';
import type { Log, LogLevel } from './log.js';

const levelByMethod = {
  debug: 'debug',
  log: 'information',
  info: 'information',
  warn: 'warning',
  error: 'error',
} as const satisfies Readonly<Record<string, LogLevel>>;

/** What the app says outside of an invocation becomes a record of the log, as on the platform. */
export function takeConsole(log: Log): void {
  for (const [method, level] of Object.entries(levelByMethod)) {
    Reflect.set(console, method, (...said: unknown[]) => log(level, 'console', format(...said)));
  }
}
