import { mkdir, rm, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { startStack } from './stack.js';

const factsFile = '.local/stack.json';

const { values } = parseArgs({
  options: { port: { type: 'string', default: '7071' }, data: { type: 'string' } },
});
const apiPort = Number(values.port);
if (!Number.isInteger(apiPort) || apiPort < 0 || apiPort > 65_535) {
  console.error('--port must be a whole number from 0 to 65535');
  process.exit(2);
}

const stack = await startStack({
  app: 'dist',
  ...(apiPort > 0 && { apiPort }),
  ...(values.data !== undefined && { dataDirectory: values.data }),
  onLine: (line) => console.log(line),
});
await mkdir('.local', { recursive: true });
// It holds the callers' keys, so nobody else on the machine may read it.
await writeFile(factsFile, `${JSON.stringify(stack.facts, null, 2)}\n`, { mode: 0o600 });

const { apiUrl, samples, callers } = stack.facts;
console.log(`
The stack is up. ${factsFile} holds every address and key; Ctrl+C ends it.

  API        ${apiUrl}
  Callers    ${callers.map(({ name }) => name).join(', ')}
  A user     ${samples.userPrincipalName} of ${samples.customerDomain}
`);

let stopping: Promise<void> | undefined;
const stop = () => {
  stopping ??= stack.stop().then(() => rm(factsFile, { force: true }));
  return stopping;
};
process.on('SIGINT', () => void stop());
process.on('SIGTERM', () => void stop());
endWithParent();
const code = await stack.host.exited;
await stop();
process.exitCode = code ?? 1;

/** npm starts us through a shell that keeps a signal to itself, so the end of the shell counts as one. */
function endWithParent(): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) void stop();
  }, 250).unref();
}
