/** For what happens behind an invocation or outside of one; the host takes it for the app's log. */
export function report(severity: 'info' | 'warn' | 'error', what: string, fields: object): void {
  console[severity](what, JSON.stringify(fields));
}

/** An error as far as a log may know it: its code or name, never its text. */
export function errorFields(error: unknown): { readonly error: unknown } {
  const { code, name } = error as { readonly code?: unknown; readonly name?: unknown };
  return { error: code ?? name };
}
