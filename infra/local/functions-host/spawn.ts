import { fork } from 'node:child_process';
import { resolve } from 'node:path';
import { superviseChild, type SupervisedChild } from '../child-process.js';

export interface FunctionsHostOptions {
  /** The function app folder. */
  readonly app: string;
  /** The app's whole environment: beyond it the host gets `PATH` and `HOME` only. */
  readonly env: Readonly<Record<string, string>>;
  /** @default a free one */
  readonly port?: number;
  /** Stops the host. */
  readonly signal?: AbortSignal;
  readonly onLine?: (line: string) => void;
  /** The bundled host. @default build/functions-host.mjs in the working directory */
  readonly script?: string;
}

export interface RunningFunctionsHost extends SupervisedChild {
  readonly url: string;
  /** Names of what the app registered. */
  readonly functions: readonly string[];
  readonly pid: number;
}

/** What the host tells the process that forked it, once it serves. */
export interface ReadyMessage {
  readonly type: 'ready';
  readonly url: string;
  readonly functions: readonly string[];
}

/**
 * Runs the local Functions host in a process of its own, which ends when this one does.
 * Rejects with what the host printed when it ends before it is ready.
 */
export async function startFunctionsHost(
  options: FunctionsHostOptions,
): Promise<RunningFunctionsHost> {
  const {
    app,
    env,
    port = 0,
    signal,
    onLine,
    script = resolve('build/functions-host.mjs'),
  } = options;
  signal?.throwIfAborted();
  const { PATH = '', HOME = '' } = process.env;
  const child = fork(script, ['--app', app, '--port', String(port)], {
    env: { PATH, HOME, ...env },
    // The parent's own flags (a test runner's, say) are not the app's.
    execArgv: ['--enable-source-maps'],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const supervised = superviseChild(child, onLine);
  signal?.addEventListener('abort', () => void supervised.stop(), { once: true });

  const ready = new Promise<ReadyMessage>((resolveReady) => {
    child.on('message', (message) => {
      if (isReadyMessage(message)) resolveReady(message);
    });
  });
  const first = await Promise.race([ready, supervised.exited.then(() => undefined)]);
  if (first === undefined || child.pid === undefined) {
    throw new Error(
      `The Functions host ended before it was ready:\n${supervised.lines.join('\n')}`,
    );
  }
  return { ...supervised, url: first.url, functions: first.functions, pid: child.pid };
}

function isReadyMessage(message: unknown): message is ReadyMessage {
  return (
    typeof message === 'object' && message !== null && 'type' in message && message.type === 'ready'
  );
}
