import type { Handlers } from './handlers/handlers.js';

/**
 * The program behind the functions, loaded at the first invocation: the host's start reads nothing
 * but registrations, and a setting that is wrong can never leave an app without functions.
 */
export const loadProgram: () => Promise<Handlers> = loadOnce(async () => {
  const { compose } = await import('./composition.js');
  return compose(process.env);
});

/** Keeps what was loaded; after a failure the next caller tries again. */
export function loadOnce<T>(load: () => Promise<T>): () => Promise<T> {
  let loading: Promise<T> | undefined;
  return () => {
    loading ??= load().catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  };
}
