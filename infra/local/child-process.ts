import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** Longest output that is kept for an error message or a test; a stack may run for days. */
const maxLines = 10_000;

/** A child has this long to end by itself before it is killed. */
const stopTimeoutMs = 15_000;

export interface SupervisedChild {
  /** What it has printed so far on both streams, oldest first; the latest 10,000 lines. */
  readonly lines: string[];
  /** Its exit code, or null when a signal ended it. */
  readonly exited: Promise<number | null>;
  /** SIGTERM, then SIGKILL after 15 s; resolves when it is gone. */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): void;
}

/** Reads what a child prints and ends it; its stdout and stderr must be pipes. */
export function superviseChild(
  child: ChildProcess,
  onLine?: (line: string) => void,
): SupervisedChild {
  const lines: string[] = [];
  const keep = (line: string) => {
    lines.push(line);
    if (lines.length > maxLines) lines.shift();
    onLine?.(line);
  };
  if (child.stdout !== null) readLines(child.stdout, keep);
  if (child.stderr !== null) readLines(child.stderr, keep);

  const exited = new Promise<number | null>((resolve) => {
    // Not `exit`: that one comes while output is still on its way.
    child.once('close', resolve);
    child.once('error', (error) => {
      keep(error.message);
      resolve(null);
    });
  });
  const kill = () => void child.kill('SIGKILL');

  return {
    lines,
    exited,
    async stop() {
      child.kill('SIGTERM');
      const timer = setTimeout(kill, stopTimeoutMs);
      await exited;
      clearTimeout(timer);
    },
    kill,
  };
}

function readLines(stream: Readable, onLine: (line: string) => void): void {
  createInterface({ input: stream }).on('line', onLine);
}
