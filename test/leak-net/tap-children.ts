import type { ChildProcess } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Tap } from './taps.js';

export interface ChildrenTap {
  readonly onOutput: (chunk: Buffer, child: ChildProcess) => void;
  /** A Functions host serves here. */
  readonly onHost: (origin: string) => void;
}

/** What every Node process prints that this one starts: Functions hosts and the storage emulator. */
export function tapChildren({ onOutput, onHost }: ChildrenTap): Tap {
  const onProcess = (message: unknown) => {
    const { process: child } = message as { process: ChildProcess };
    child.once('spawn', () => {
      if (child.spawnfile !== process.execPath) return;
      child.stdout?.on('data', (chunk: Buffer) => onOutput(chunk, child));
      child.stderr?.on('data', (chunk: Buffer) => onOutput(chunk, child));
    });
    child.on('message', (sent) => {
      if (isReady(sent)) onHost(new URL(sent.url).origin);
    });
  };
  subscribe('child_process', onProcess);
  return () => unsubscribe('child_process', onProcess);
}

function isReady(message: unknown): message is { readonly url: string } {
  return Object(message) === message && (message as { type?: unknown }).type === 'ready';
}
