import { inspect } from 'node:util';

/**
 * An error with everything that hangs on it: causes, what is not enumerable, what it would rather not
 * print. For those who look for secrets in it.
 */
export function textOf(error: unknown): string {
  return inspect(error, {
    depth: 8,
    showHidden: true,
    customInspect: false,
    maxArrayLength: null,
    maxStringLength: null,
  });
}
