import { mkdir, rm, writeFile } from 'node:fs/promises';
import { readCommandLine, wholeNumber } from './command-line.js';
import { isPortFree } from './free-port.js';
import { startStack, type Stack } from './stack.js';

const factsFile = '.local/stack.json';

const usage = `Usage: npm start -- [--port N] [--data FOLDER]

  --port N        where the API listens, 0 for any free port (default 7071)
  --data FOLDER   keeps storage and keys in the folder (default: everything is in memory)`;

const { port, data } = readCommandLine(
  usage,
  { port: { type: 'string', default: '7071' }, data: { type: 'string' } },
  ({ port: text, data: folder }) => ({
    port: wholeNumber('--port', text, { from: 0, to: 65_535 }),
    data: folder,
  }),
);
if (port > 0 && !(await isPortFree(port))) {
  console.error(`Port ${port} is taken: end what listens there, or run npm start -- --port 0`);
  process.exit(1);
}

const starting = bringUp();
let stopping: Promise<void> | undefined;
const stop = () => (stopping ??= bringDown());
process.on('SIGINT', () => void stop());
process.on('SIGTERM', () => void stop());
endWithParent();

try {
  const stack = await starting;
  // Who was told to end in the meantime has nothing to say.
  if (stopping === undefined) sayWhatIsUp(stack);
  process.exitCode = (await stack.host.exited) ?? 1;
} catch (error) {
  // Ctrl+C reaches the host before it is ready, too.
  if (stopping === undefined) throw error;
}
await stop();

async function bringUp(): Promise<Stack> {
  const stack = await startStack({
    app: 'dist',
    ...(port > 0 && { apiPort: port }),
    ...(data !== undefined && { dataDirectory: data }),
    onLine: (line) => console.log(line),
  });
  await mkdir('.local', { recursive: true });
  // It holds the callers' keys, so nobody else on the machine may read it.
  await writeFile(factsFile, `${JSON.stringify(stack.facts, null, 2)}\n`, { mode: 0o600 });
  return stack;
}

async function bringDown(): Promise<void> {
  const stack = await starting.catch(() => undefined);
  await stack?.stop();
  await rm(factsFile, { force: true });
}

function sayWhatIsUp({ facts: { apiUrl, samples, callers } }: Stack): void {
  console.log(`
The stack is up. ${factsFile} holds every address and key; Ctrl+C ends it.

  API        ${apiUrl}
  Callers    ${callers.map(({ name }) => name).join(', ')}
  A user     ${samples.userPrincipalName} of ${samples.customerDomain}
`);
}

/** npm starts us through a shell that keeps a signal to itself, so the end of the shell counts as one. */
function endWithParent(): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) void stop();
  }, 250).unref();
}
