import type { InvocationContext } from '@azure/functions';

/** One part of an invocation; resolves with what is worth a log. */
export type Part = () => Promise<object>;

/**
 * Runs parts that must not stop one another: each to its end, and each is logged. Rejects with the first
 * failure after that, so that the host counts the invocation as failed.
 */
export async function runParts(
  parts: Readonly<Record<string, Part>>,
  context: InvocationContext,
): Promise<void> {
  const results = await Promise.allSettled(Object.values(parts).map((run) => run()));
  for (const [index, part] of Object.keys(parts).entries()) {
    const result = results[index];
    if (result?.status === 'fulfilled') context.info(part, result.value);
    else context.error(`${part} failed`, { error: codeOf(result?.reason) });
  }
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

/** An error as far as a log may know it: never its text. */
function codeOf(error: unknown): unknown {
  const { code, name } = error as { readonly code?: unknown; readonly name?: unknown };
  return code ?? name;
}
