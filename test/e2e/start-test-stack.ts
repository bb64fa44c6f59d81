import { startStack, type Stack, type StackOptions } from '../../infra/local/stack.js';
import { startLosingProxy } from '../integration/losing-proxy.js';

export interface TestStack extends Stack {
  /** Everything that the Functions host has printed. */
  readonly lines: readonly string[];
}

/** The built app on the embedded stack. A lost answer settles within a second. */
export async function startTestStack(options: Partial<StackOptions> = {}): Promise<TestStack> {
  const lines: string[] = [];
  const { settings, ...rest } = options;
  const proxies: { close(): Promise<void> }[] = [];
  const stack = await startStack({
    app: 'dist',
    customers: 4,
    settings: { SETTLE_SECONDS: '1', LOCAL_HOST_ERRORS: 'whole', ...settings },
    onLine: (line) => lines.push(line),
    // Messages are gone as soon as they are worked off, so they are watched on their way.
    interpose: async (connectionString) => {
      const [endpoint = ''] = /(?<=QueueEndpoint=)http:\/\/[^/;]+/.exec(connectionString) ?? [];
      const proxy = await startLosingProxy(endpoint);
      proxies.push(proxy);
      return connectionString.replace(endpoint, proxy.url);
    },
    ...rest,
  });
  return {
    ...stack,
    lines,
    async stop() {
      await stack.stop();
      await Promise.all(proxies.map((proxy) => proxy.close()));
    },
  };
}
