import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { startHost, type FunctionsHost } from './host.js';
import { createLog, describeError } from './log.js';
import { takeConsole } from './take-console.js';
import type { ReadyMessage } from './spawn.js';

const usage = 'usage: functions-host --app <folder> [--port <0-65535>] [--verbose]';

interface CommandLine {
  readonly app: string;
  readonly port: number;
  readonly verbose: boolean;
}

/** @throws Error that says what is wrong with the arguments */
function parseCommandLine(): CommandLine {
  const { values } = parseArgs({
    options: {
      app: { type: 'string' },
      port: { type: 'string', default: '7071' },
      verbose: { type: 'boolean', default: false },
    },
  });
  const { app, port, verbose } = values;
  if (app === undefined) throw new Error('--app must name the function app folder');
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    throw new Error(`--port must be a number from 0 to 65535, not "${port}"`);
  }
  return { app: resolve(app), port: Number(port), verbose };
}

function readCommandLine(): CommandLine {
  try {
    return parseCommandLine();
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
    return process.exit(2);
  }
}

const { app, port, verbose } = readCommandLine();
const log = createLog({ write: (text) => process.stdout.write(text), verbose });
takeConsole(log);
// Whoever read the output may be gone; what runs is to finish all the same.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

const stopAsked = new Promise<string>((resolveAsked) => {
  for (const event of ['SIGTERM', 'SIGINT', 'disconnect'] as const) {
    process.once(event, () => resolveAsked(event));
  }
});
// An app that never finishes loading must not keep the process from ending.
let host: FunctionsHost | undefined;
void stopAsked.then(async (reason) => {
  log('information', 'host', `stopping: ${reason}`);
  await host?.stop();
  process.exit(0);
});

try {
  host = await startHost({ appFolder: app, port, env: process.env, log });
} catch (error) {
  log('error', 'host', `cannot start ${app}: ${describeError(error)}`);
  process.exit(1);
}
const { url, functions } = host;
for (const [name, description] of functions) log('debug', 'host', `${name} [${description}]`);
log('information', 'host', `ready on ${url} with ${functions.size} functions`);
const ready: ReadyMessage = { type: 'ready', url, functions: [...functions.keys()] };
process.send?.(ready);
