import type { Handlers } from './handlers/handlers.js';

let program: Promise<Handlers> | undefined;

/**
 * The program behind the functions, loaded at the first invocation: the host's start reads nothing
 * but registrations, and a setting that is wrong can never leave an app without functions.
 */
export function loadProgram(): Promise<Handlers> {
  program ??= import('./composition.js').then(({ compose }) => compose(process.env));
  return program;
}
