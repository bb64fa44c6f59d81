import type { Program } from './composition.js';

let program: Promise<Program> | undefined;

/**
 * The program behind the functions, loaded at the first invocation: the host's start reads nothing
 * but registrations, and a setting that is wrong can never leave an app without functions.
 */
export function loadProgram(): Promise<Program> {
  program ??= import('./composition.js').then(({ compose }) => compose(process.env));
  return program;
}
