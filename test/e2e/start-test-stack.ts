import { startStack, type Stack, type StackOptions } from '../../infra/local/stack.js';

export interface TestStack extends Stack {
  /** Everything that the Functions host has printed. */
  readonly lines: readonly string[];
}

/** The built app on the embedded stack. A lost answer settles within a second. */
export async function startTestStack(options: Partial<StackOptions> = {}): Promise<TestStack> {
  const lines: string[] = [];
  const { settings, ...rest } = options;
  const stack = await startStack({
    app: 'dist',
    customers: 4,
    settings: { SETTLE_SECONDS: '1', ...settings },
    onLine: (line) => lines.push(line),
    ...rest,
  });
  return { ...stack, lines };
}
