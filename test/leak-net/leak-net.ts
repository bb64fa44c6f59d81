import type { ChildProcess } from 'node:child_process';
import { hasSubscribers, subscribe, unsubscribe } from 'node:diagnostics_channel';
import {
  type AnnouncedSecret,
  type AnnouncedStorage,
  secretChannel,
  storageChannel,
} from '../../infra/local/announcements.js';
import { createFindLeaks, type Finding, type Guarded } from './find-leaks.js';
import { toGuarded } from './guard.js';
import { readFolder, readRequest, readStorage, type Seen } from './sinks.js';
import { tapChildren } from './tap-children.js';
import { tapFetch } from './tap-fetch.js';
import { type Tap, tapConsole, tapOutput, tapSecrets } from './taps.js';
import { type Traffic, trafficChannel } from './traffic.js';

/** Where a secret of which kind was found, and written how. Never the secret itself. */
export interface Leak extends Finding {
  readonly sink: string;
}

export interface LeakNet {
  /** Looks for a value that nobody has announced. */
  guard(kind: string, value: string): void;
  /** Looks into a text that nothing else brings here. */
  watch(seen: Seen): void;
  /** Reads what is still to be read, and takes the net in. */
  stop(): Promise<readonly Leak[]>;
}

/**
 * Everything that this process and those it starts put anywhere, and everything that must not be there.
 * Both come by themselves: stand-ins announce what they hand out, storage that it runs, processes are
 * listened to, and so are the API's answers.
 */
export function startLeakNet(): LeakNet {
  const guarded = new Map<string, Guarded>();
  const seen: Seen[] = [];
  const answers: Promise<Seen>[] = [];
  const origins = new Set<string>();
  const output = new Map<ChildProcess | string, (string | Buffer)[]>();

  const guard = (kind: string, value: string) => {
    const found = toGuarded(kind, value);
    if (found !== undefined && !guarded.has(found.value)) guarded.set(found.value, found);
  };
  const hear = (from: ChildProcess | string, text: string | Buffer) => {
    const texts = output.get(from);
    if (texts === undefined) output.set(from, [text]);
    else texts.push(text);
  };

  const watchStorage = ({ connectionString, directory, ...hooks }: AnnouncedStorage) => {
    hooks.beforeStop.push(async () => void seen.push(...(await readStorage(connectionString))));
    if (directory === undefined) return;
    hooks.afterStop.push(async () => void seen.push(...(await readFolder(directory))));
  };

  const taps: Tap[] = [
    listen(secretChannel, (message) => {
      const { kind, value } = message as AnnouncedSecret;
      guard(kind, value);
    }),
    listen(storageChannel, (storage) => watchStorage(storage as AnnouncedStorage)),
    listen(trafficChannel, (traffic) => seen.push(readRequest(traffic as Traffic))),
    tapOutput(hear),
    tapConsole(hear),
    tapSecrets((value) => guard('revealed secret', value)),
    tapChildren({
      onOutput: (chunk, child) => hear(child, chunk),
      onHost: (origin) => origins.add(origin),
    }),
    tapFetch({
      isWatched: (origin) => origins.has(origin),
      onSecret: guard,
      onAnswer: (answer) => answers.push(answer),
    }),
  ];

  return {
    guard,
    watch: (text) => void seen.push(text),
    async stop() {
      for (const tap of taps.toReversed()) tap();
      for (const [from, texts] of output) {
        const sink = typeof from === 'string' ? from : 'log of a host';
        seen.push({ sink, text: texts.join('') });
      }
      // An answer that was cut off was never read by anybody else either.
      for (const answer of await Promise.allSettled(answers)) {
        if (answer.status === 'fulfilled') seen.push(answer.value);
      }
      return leaksIn(seen, guarded.values());
    },
  };
}

function listen(channel: string, onMessage: (message: unknown) => void): Tap {
  // Node forgets a channel that nobody listens to some time later, and then its successor of the same name with it:
  // the net of a later file would be blind. So in each process somebody always listens.
  if (!hasSubscribers(channel)) subscribe(channel, () => undefined);
  subscribe(channel, onMessage);
  return () => unsubscribe(channel, onMessage);
}

function leaksIn(seen: readonly Seen[], guarded: Iterable<Guarded>): Leak[] {
  const findLeaks = createFindLeaks(guarded);
  const leaks = new Map<string, Leak>();
  for (const { sink, text, allowed = [] } of seen) {
    for (const finding of findLeaks(text)) {
      if (allowed.includes(finding.kind)) continue;
      leaks.set(`${sink} ${finding.kind} ${finding.encoding}`, { sink, ...finding });
    }
  }
  return [...leaks.values()];
}
